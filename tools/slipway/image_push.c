/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway image push|copy`: images to registries. */
#include <stdio.h>
#include <string.h>

#include "oci/reference.h"
#include "tools/slipway/command.h"
#include "tools/slipway/registry_options.h"

struct push_options {
	struct registry_values registry;
	const char *store, *platform;
	bool no_signatures;
};

#define AT(member) offsetof(struct push_options, member)

static const struct option push_option_table[] = {
	{ OPTION_STRING, 0, "platform", "OS/ARCH", "of an index, only this platform", AT(platform) },
	{ OPTION_FLAG, 0, "no-signatures", NULL, "leave signatures where they are (default: they go along)", AT(no_signatures) },
	REGISTRY_OPTION_ROWS(struct push_options, registry),
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	{ OPTION_FLAG, 'q', "quiet", NULL, "no progress", AT(registry.quiet) },
	OPTION_TABLE_END,
};

typedef int action(struct registry *registry, struct store *store, const struct push_options *o,
		   const struct option_list *names, struct arena *arena, struct digest *digest, struct error *err);

static int push(struct registry *registry, struct store *store, const struct push_options *o,
		const struct option_list *names, struct arena *arena, struct digest *digest, struct error *err)
{
	const char *to = names->items[names->count - 1];

	return registry_push(registry, store, names->items[0], to, o->platform, NULL,
			     o->no_signatures ? REGISTRY_SIGNING_NONE : REGISTRY_SIGNING_STORE, arena, digest, err);
}

/* Through the store, where it is filed as by a pull: what came is there for the next time. */
static int copy(struct registry *registry, struct store *store, const struct push_options *o,
		const struct option_list *names, struct arena *arena, struct digest *digest, struct error *err)
{
	struct reference from, to;
	const char *name;

	if (reference_parse(names->items[0], arena, &from, err) < 0 || reference_parse(names->items[1], arena, &to, err) < 0)
		return -1;
	if (registry_pull(registry, store, from.name, o->platform ? o->platform : "all", arena, &name, digest, err) < 0)
		return -1;
	return registry_push(registry, store, from.name, to.name, o->platform,
			     strcmp(from.registry, to.registry) == 0 ? from.repository : NULL,
			     o->no_signatures ? REGISTRY_SIGNING_NONE : REGISTRY_SIGNING_SOURCE, arena, digest, err);
}

static int run(const struct option_command *command, action *act, int argc, char **argv)
{
	struct push_options o = { 0 };
	struct option_list operands = { 0 };
	struct transfers *transfers = NULL;
	struct registry *registry = NULL;
	struct store *store = NULL;
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct digest digest;
	int r = option_parse(command, "slipway", argc, argv, &o, &operands, &arena, &err);

	if (r == 0) {
		r = command_store_open(o.store, &store, &err);
		if (r == 0)
			r = registry_options_open(&o.registry, &registry, &transfers, &err);
		if (r == 0) {
			r = act(registry, store, &o, &operands, &arena, &digest, &err);
			registry_options_close(registry, transfers);
		}
		store_close(store);
		if (r == 0 && (printf("%s %s\n", operands.items[operands.count - 1], digest.text) < 0 || fflush(stdout) < 0))
			r = error_errno(&err, "cannot write to standard output");
	}
	if (r < 0)
		error_print(&err, "slipway");
	arena_release(&arena);
	return r < 0;
}

static int push_main(int argc, char **argv)
{
	return run(&command_image_push, push, argc, argv);
}

static int copy_main(int argc, char **argv)
{
	return run(&command_image_copy, copy, argc, argv);
}

const struct option_command command_image_push = {
	.name = "image push", .operands = "NAME [DESTINATION]", .summary = "send an image of the store to a registry",
	.options = push_option_table, .operands_min = 1, .operands_max = 2, .run = push_main,
};

const struct option_command command_image_copy = {
	.name = "image copy", .operands = "NAME DESTINATION",
	.summary = "copy an image from one registry to another, with all its platforms",
	.options = push_option_table, .operands_min = 2, .operands_max = 2, .run = copy_main,
};
