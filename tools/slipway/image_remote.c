/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway image remote ...`: a registry, looked at and tidied, without the store. */
#include <inttypes.h>
#include <stdio.h>

#include "tools/slipway/command.h"
#include "tools/slipway/registry_options.h"

struct remote_options {
	struct registry_values registry;
};

static const struct option remote_option_table[] = {
	REGISTRY_OPTION_ROWS(struct remote_options, registry),
	OPTION_TABLE_END,
};

typedef int action(struct registry *registry, const char *name, struct arena *arena, struct error *err);

static int tags(struct registry *registry, const char *name, struct arena *arena, struct error *err)
{
	struct oci_strings found;

	if (registry_tags(registry, name, arena, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < found.count; i++)
		printf("%s\n", found.items[i]);
	return 0;
}

static int show(struct registry *registry, const char *name, struct arena *arena, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	struct digest digest;

	if (registry_look(registry, name, arena, &digest, &text, err) < 0)
		return -1;
	printf("{\"digest\":\"%s\",\"document\":%s}\n", digest.text, buffer_string(&text));
	return 0;
}

static int referrers(struct registry *registry, const char *name, struct arena *arena, struct error *err)
{
	struct oci_index index;

	if (registry_referrers(registry, name, arena, &index, err) < 0)
		return -1;
	for (size_t i = 0; i < index.count; i++)
		printf("%s  %12" PRIu64 "  %s\n", index.manifests[i].digest.text, index.manifests[i].size,
		       index.manifests[i].artifact_type ? index.manifests[i].artifact_type : "-");
	return 0;
}

static int delete(struct registry *registry, const char *name, struct arena *arena, struct error *err)
{
	return registry_delete(registry, name, arena, err);
}

static int run(const struct option_command *command, action *act, int argc, char **argv)
{
	struct remote_options o = { 0 };
	struct option_list operands = { 0 };
	struct transfers *transfers = NULL;
	struct registry *registry = NULL;
	struct arena arena = { 0 };
	struct error err = { 0 };
	int r = option_parse(command, "slipway", argc, argv, &o, &operands, &arena, &err);

	if (r == 0)
		r = registry_options_open(&o.registry, &registry, &transfers, &err);
	if (registry) {
		for (size_t i = 0; i < operands.count && r == 0; i++)
			r = act(registry, operands.items[i], &arena, &err);
		registry_options_close(registry, transfers);
		if (r == 0 && fflush(stdout) < 0)
			r = error_errno(&err, "cannot write to standard output");
	}
	if (r < 0)
		error_print(&err, "slipway");
	arena_release(&arena);
	return r < 0;
}

#define REMOTE_COMMAND(verb, act, what, says, most)                                                                       \
	static int act##_main(int argc, char **argv)                                                                      \
	{                                                                                                                 \
		return run(&command_image_##act, act, argc, argv);                                                        \
	}                                                                                                                 \
	const struct option_command command_image_##act = {                                                               \
		.name = verb, .operands = what, .summary = says, .options = remote_option_table, .operands_min = 1,       \
		.operands_max = most, .run = act##_main,                                                                  \
	}

REMOTE_COMMAND("image tags", tags, "REPOSITORY", "list the tags that a registry has", 1);
REMOTE_COMMAND("image show", show, "NAME", "print digest and document of an image of a registry as JSON", 1);
REMOTE_COMMAND("image referrers", referrers, "NAME", "list what refers to an image of a registry: signatures, SBOMs", 1);
REMOTE_COMMAND("image delete", delete, "NAME...", "delete images, with all their tags, from a registry", 1000);
