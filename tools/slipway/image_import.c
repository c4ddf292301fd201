/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway image import`: an image from a file into the store. */
#include "tools/slipway/command.h"

#include <stdio.h>

#include "tools/mkimage/source/import.h"

struct import_command_options {
	const char *store, *name, *select, *platform, *working_dir, *user;
	struct option_list entrypoint, cmd, env;
};

#define AT(member) offsetof(struct import_command_options, member)

static const struct option import_option_table[] = {
	{ OPTION_STRING, 'n', "name", "NAME", "name to file it under (default: its name in the source)",
	  AT(name) },
	{ OPTION_STRING, 's', "select", "NAME", "which image, where the source holds several", AT(select) },
	{ OPTION_STRING, 0, "platform", "OS/ARCH",
	  "which platform of an index, or that of a root file system", AT(platform) },
	{ OPTION_LIST, 0, "entrypoint", "WORD",
	  "for a root file system: entry point (repeatable, a word each)", AT(entrypoint) },
	{ OPTION_LIST, 0, "cmd", "WORD",
	  "for a root file system: default arguments (repeatable, a word each)", AT(cmd) },
	{ OPTION_LIST, 0, "env", "NAME=VALUE", "for a root file system: environment (repeatable)", AT(env) },
	{ OPTION_STRING, 0, "workdir", "DIR", "for a root file system: working directory", AT(working_dir) },
	{ OPTION_STRING, 0, "user", "USER", "for a root file system: user, or uid:gid", AT(user) },
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	OPTION_TABLE_END,
};

/* The words, ended by NULL; NULL where there are none. */
static const char **words(const struct option_list *list, struct arena *arena)
{
	const char **copy = arena_array(arena, list->count + 1, sizeof(*copy));

	for (size_t i = 0; i < list->count; i++)
		copy[i] = list->items[i];
	return list->count ? copy : NULL;
}

static int import(const char *path, const struct import_command_options *o, struct arena *arena,
		  struct error *err)
{
	struct import_options options = {
		.path = path,
		.name = o->name,
		.select = o->select,
		.platform = o->platform,
		.entrypoint = words(&o->entrypoint, arena),
		.cmd = words(&o->cmd, arena),
		.env = words(&o->env, arena),
		.working_dir = o->working_dir,
		.user = o->user,
	};
	struct digest digest;
	struct store *store;
	const char *name;
	int r;

	if (command_store_open(o->store, &store, err) < 0)
		return -1;
	r = import_image(store, &options, arena, &name, &digest, err);
	store_close(store);
	if (r < 0)
		return -1;
	printf("%s %s\n", name, digest.text);
	return fflush(stdout) < 0 ? error_errno(err, "cannot write to standard output") : 0;
}

static int import_main(int argc, char **argv)
{
	struct import_command_options o = { 0 };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	struct error err;
	int r = option_parse(&command_image_import, "slipway", argc, argv, &o, &operands, &arena, &err);

	if (r == 0)
		r = import(operands.items[0], &o, &arena, &err);
	if (r < 0)
		error_print(&err, "slipway");
	arena_release(&arena);
	return r < 0;
}

const struct option_command command_image_import = {
	.name = "image import",
	.operands = "FILE|DIR|-",
	.summary = "bring in an OCI layout, OCI archive, docker-archive or the tar of a root file system",
	.options = import_option_table,
	.operands_min = 1,
	.operands_max = 1,
	.run = import_main,
};
