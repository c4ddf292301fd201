/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/package/kernel_source.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/package/process.h"
#include "tools/mkimage/tree/layer.h"

/* Relative to build.yml, as all that a recipe names. */
static const char *beside(const struct recipe *recipe, const char *path, struct arena *arena)
{
	const char *slash = strrchr(recipe->path, '/');

	if (*path == '/' || !slash)
		return path;
	return path_join(arena, arena_strndup(arena, recipe->path, (size_t)(slash - recipe->path)), path);
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

int kernel_source_build(const struct kernel_source *source, struct arena *arena, const char **tar, struct error *err)
{
	const struct recipe *recipe = source->recipe;
	const struct manifest_strings *fragments = &recipe->kernel_configs, *patches = &recipe->kernel_patches;
	const char **argv = arena_array(arena, fragments->count + 2 * patches->count + 6, sizeof(*argv));
	autobuffer struct buffer output = { 0 };
	struct error cause;
	size_t n = 0;

	argv[n++] = source->script;
	argv[n++] = "--cache";
	argv[n++] = source->cache;
	argv[n++] = "--arch";
	argv[n++] = source->architecture->name;
	if (add_files(recipe, patches, "kernel_patches", "--patch", argv, &n, arena, err) < 0 ||
	    add_files(recipe, fragments, "kernel_configs", NULL, argv, &n, arena, err) < 0)
		return -1;
	if (process_run_shown(argv, "slipway", &output, &cause) < 0)
		return place_error(&fragments->items[0].at, err, "kernel_configs: %s", cause.message);
	*tar = arena_strndup(arena, buffer_string(&output), strcspn(buffer_string(&output), "\n"));
	return **tar ? 0 : error_set(err, "'%s' printed no path of a kernel", source->script);
}

static long read_tar(void *context, void *data, size_t length, struct error *err)
{
	ssize_t n = read(*(const int *)context, data, length);

	return n < 0 ? error_errno(err, "cannot read it") : (long)n;
}

int kernel_source_unpack(const char *tar, struct tree *tree, struct error *err)
{
	autoclose int fd = open(tar, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", tar);
	return layer_apply(tree, read_tar, &fd, NULL, tar, err) < 0 ? error_context(err, "'%s'", tar) : 0;
}
