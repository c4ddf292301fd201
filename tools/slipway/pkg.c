/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway pkg build`: an OCI image from a recipe, without Docker. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/mkimage/package/package.h"
#include "tools/slipway/command.h"

struct pkg_options {
	const char *store, *tag, *cache, *platform;
	bool force;
};

#define AT(member) offsetof(struct pkg_options, member)

static const struct option pkg_option_table[] = {
	{ OPTION_STRING, 't', "tag", "TAG", "tag of the image (default latest)", AT(tag) },
	{ OPTION_STRING, 0, "platform", "OS/ARCH", "platform of the image: linux/amd64 or linux/arm64 (default: this machine's)", AT(platform) },
	{ OPTION_FLAG, 0, "force", NULL, "build even when nothing changed", AT(force) },
	{ OPTION_STRING, 0, "cache", "DIR", "where packages are kept (default $XDG_CACHE_HOME/slipway)", AT(cache) },
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	OPTION_TABLE_END,
};

static int build_one(const struct pkg_options *o, const char *directory, struct store *store, struct arena *arena,
		     struct error *err)
{
	struct package_options options = {
		.directory = directory, .platform = o->platform, .tag = o->tag, .cache = o->cache, .force = o->force,
		.kernel_build = command_beside("kernel-build.sh", arena),
	};
	struct package_result result;

	if (package_build(&options, store, arena, &result, err) < 0)
		return -1;
	printf("%s %s%s\n", result.name, result.digest.text, result.unchanged ? " (unchanged)" : "");
	return 0;
}

static int run(int argc, char **argv)
{
	struct pkg_options o = { 0 };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	struct store *store = NULL;
	struct error err = { 0 };
	int r = option_parse(&command_pkg_build, "slipway", argc, argv, &o, &operands, &arena, &err);

	if (r == 0)
		r = command_store_open(o.store, &store, &err);
	for (size_t i = 0; r == 0 && store && i < operands.count; i++)
		r = build_one(&o, operands.items[i], store, &arena, &err);
	if (r < 0)
		error_print(&err, "slipway");
	store_close(store);
	arena_release(&arena);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct option_command command_pkg_build = {
	.name = "pkg build", .operands = "DIR...", .summary = "build OCI images from DIR/build.yml, without Docker",
	.options = pkg_option_table, .operands_min = 1, .operands_max = 1000, .run = run,
};
