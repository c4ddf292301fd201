/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/package/built.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/package/process.h"
#include "tools/mkimage/tree/layer.h"

/* Relative to build.yml, as all that a recipe names. There is a slash in it, so that no program of PATH is meant. */
static const char *beside(const struct recipe *recipe, const char *path, struct arena *arena)
{
	const char *slash = strrchr(recipe->path, '/');

	if (*path == '/')
		return path;
	return path_join(arena, slash ? arena_strndup(arena, recipe->path, (size_t)(slash - recipe->path)) : ".", path);
}

/* What every such program is told first. */
#define COMMON_ARGUMENTS 5

static size_t add_common(const struct built_request *request, const char *program, const char **argv)
{
	size_t n = 0;

	argv[n++] = program;
	argv[n++] = "--cache";
	argv[n++] = request->cache;
	argv[n++] = "--arch";
	argv[n++] = request->architecture->name;
	return n;
}

/* Runs a program, which `package` has, and reads the path that it prints. */
static int run(const char *const argv[], const char *package, struct arena *arena, const char **tar, struct error *err)
{
	autobuffer struct buffer output = { 0 };

	if (process_run_shown(argv, package, &output, err) < 0)
		return -1;
	*tar = arena_strndup(arena, buffer_string(&output), strcspn(buffer_string(&output), "\n"));
	return **tar == '/' ? 0 : error_set(err, "'%s' printed no absolute path of a tar", argv[0]);
}

/* Files of the recipe as arguments, each behind `option` where there is one. */
static int add_files(const struct recipe *recipe, const struct manifest_strings *files, const char *key, const char *option, const char **argv,
		     size_t *n, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *path = beside(recipe, files->items[i].value, arena);

		if (access(path, R_OK) < 0)
			return place_error(&files->items[i].at, err, "%s: cannot read '%s'", key, path);
		if (option)
			argv[(*n)++] = option;
		argv[(*n)++] = path;
	}
	return 0;
}

static int make_kernel(const struct built_request *request, struct arena *arena, const char **tar, struct error *err)
{
	const struct recipe *recipe = request->recipe;
	const struct manifest_strings *fragments = &recipe->kernel_configs, *patches = &recipe->kernel_patches;
	const char **argv = arena_array(arena, COMMON_ARGUMENTS + fragments->count + 2 * patches->count + 1, sizeof(*argv));
	size_t n = add_common(request, request->kernel_build, argv);
	struct error cause;

	if (add_files(recipe, patches, "kernel_patches", "--patch", argv, &n, arena, err) < 0 ||
	    add_files(recipe, fragments, "kernel_configs", NULL, argv, &n, arena, err) < 0)
		return -1;
	if (run(argv, "slipway", arena, tar, &cause) < 0)
		return place_error(&fragments->items[0].at, err, "kernel_configs: %s", cause.message);
	return 0;
}

static int make(const struct built_request *request, struct arena *arena, const char **tar, struct error *err)
{
	const struct manifest_string *build = &request->recipe->build;
	const char *program = beside(request->recipe, build->value, arena), *argv[COMMON_ARGUMENTS + 1] = { 0 };
	struct error cause;

	if (access(program, X_OK) < 0)
		return place_error(&build->at, err, "build: there is no program '%s' that can be run", program);
	(void)add_common(request, program, argv);
	if (run(argv, NULL, arena, tar, &cause) < 0)
		return place_error(&build->at, err, "build: %s", cause.message);
	return 0;
}

int built_make(const struct built_request *request, struct arena *arena, const char **tar, struct error *err)
{
	*tar = NULL;
	if (request->recipe->kernel_configs.count)
		return make_kernel(request, arena, tar, err);
	return request->recipe->build.value ? make(request, arena, tar, err) : 0;
}

static long read_tar(void *context, void *data, size_t length, struct error *err)
{
	ssize_t n = read(*(const int *)context, data, length);

	return n < 0 ? error_errno(err, "cannot read it") : (long)n;
}

int built_unpack(const char *tar, struct tree *tree, struct error *err)
{
	autoclose int fd = open(tar, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", tar);
	return layer_apply(tree, read_tar, &fd, NULL, tar, err) < 0 ? error_context(err, "'%s'", tar) : 0;
}
