/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway image pull`: an image from a registry into the store. */
#include <stdio.h>

#include "tools/slipway/command.h"
#include "tools/slipway/registry_options.h"

struct pull_options {
	struct registry_values registry;
	const char *store, *platform;
};

#define AT(member) offsetof(struct pull_options, member)

static const struct option pull_option_table[] = {
	{ OPTION_STRING, 0, "platform", "OS/ARCH", "which platform of an index, or 'all' (default: this machine's)",
	  AT(platform) },
	REGISTRY_OPTION_ROWS(struct pull_options, registry),
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	{ OPTION_FLAG, 'q', "quiet", NULL, "no progress", AT(registry.quiet) },
	OPTION_TABLE_END,
};

static int pull(const struct pull_options *o, const struct option_list *names, struct arena *arena, struct error *err)
{
	struct transfers *transfers;
	struct registry *registry;
	struct store *store;
	int r = 0;

	if (command_store_open(o->store, &store, err) < 0)
		return -1;
	if (registry_options_open(&o->registry, &registry, &transfers, err) < 0) {
		store_close(store);
		return -1;
	}
	for (size_t i = 0; i < names->count && r == 0; i++) {
		struct digest digest;
		const char *name;

		r = registry_pull(registry, store, names->items[i], o->platform, arena, &name, &digest, err);
		if (r == 0)
			printf("%s %s\n", name, digest.text);
	}
	registry_options_close(registry, transfers);
	store_close(store);
	if (r == 0 && fflush(stdout) < 0)
		r = error_errno(err, "cannot write to standard output");
	return r;
}

static int pull_main(int argc, char **argv)
{
	struct pull_options o = { 0 };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };
	int r = option_parse(&command_image_pull, "slipway", argc, argv, &o, &operands, &arena, &err);

	if (r == 0)
		r = pull(&o, &operands, &arena, &err);
	if (r < 0)
		error_print(&err, "slipway");
	arena_release(&arena);
	return r < 0;
}

const struct option_command command_image_pull = {
	.name = "image pull",
	.operands = "NAME...",
	.summary = "bring in images from registries",
	.options = pull_option_table,
	.operands_min = 1,
	.operands_max = 1000,
	.run = pull_main,
};
