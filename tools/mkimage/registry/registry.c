/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/registry.h"

#include <stdlib.h>
#include <string.h>

#include "tools/mkimage/registry/certificates.h"
#include "tools/mkimage/registry/internal.h"

int registry_open(const struct registry_options *options, struct registry **out, struct error *err)
{
	struct registry *registry = calloc(1, sizeof(*registry));

	if (!registry)
		arena_out_of_memory();
	registry->options = *options;
	if (!registry->options.timeout)
		registry->options.timeout = REGISTRY_TIMEOUT_SECONDS;
	if (!registry->options.attempts)
		registry->options.attempts = REGISTRY_ATTEMPTS;
	if (!registry->options.parallel)
		registry->options.parallel = REGISTRY_PARALLEL;
	if (places_read(&registry->arena, &registry->places, err) < 0 ||
	    http_open(registry->options.timeout, &registry->http, err) < 0) {
		registry_close(registry);
		return -1;
	}
	*out = registry;
	return 0;
}

void registry_close(struct registry *registry)
{
	if (!registry)
		return;
	http_close(registry->http);
	arena_release(&registry->arena);
	free(registry);
}

void registry_report(struct registry *registry, const struct registry_event *event)
{
	if (registry->options.report)
		registry->options.report(registry->options.context, event);
}

int registry_host(struct registry *registry, const char *name, bool insecure, struct host **out, struct error *err)
{
	struct host *host;

	for (size_t i = 0; i < registry->hosts_count; i++) {
		if (strcmp(registry->hosts[i]->name, name) == 0 && registry->hosts[i]->trust.insecure == insecure) {
			*out = registry->hosts[i];
			return 0;
		}
	}
	host = arena_alloc(&registry->arena, sizeof(*host));
	host->name = arena_strdup(&registry->arena, name);
	host->trust.insecure = insecure;
	if (certificates_find(host->name, registry->options.certificates, &registry->arena, &host->trust, err) < 0)
		return error_context(err, "certificates of '%s'", host->name);
	*(struct host **)arena_push(&registry->arena, &registry->hosts, &registry->hosts_count, sizeof(struct host *)) = host;
	*out = host;
	return 0;
}

const char *registry_origin(const struct host *host, struct arena *arena)
{
	return arena_printf(arena, "%s://%s", host->plain ? "http" : "https", host->name);
}
