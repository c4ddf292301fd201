/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/builder/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "tools/mkimage/builder/builders.h"
#include "tools/mkimage/builder/context.h"
#include "tools/mkimage/builder/program.h"
#include "tools/mkimage/source/import.h"

/* Changes when the same input is to give another image. */
#define KEY_VERSION "slipway build 1"

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

const char *builder_dockerfile(const struct builder_request *request, struct arena *arena, struct error *err)
{
	static const char *const names[] = { "Containerfile", "Dockerfile" };
	const char *path;

	if (strstr(request->context, "://") || strncmp(request->context, "git@", 4) == 0) {
		(void)error_set(err, "the context '%s' is not on this machine; fetch it, and name the directory",
				request->context);
		return NULL;
	}
	if (!is_directory(request->context)) {
		(void)error_set(err, "the context '%s' is not a directory; name the one that the Dockerfile copies from",
				request->context);
		return NULL;
	}
	if (request->dockerfile) {
		path = *request->dockerfile == '/' ? request->dockerfile :
			       path_join(arena, request->context, request->dockerfile);
		if (!is_file(path))
			(void)error_set(err, "there is no Dockerfile '%s'; its path is relative to the context", path);
		return is_file(path) ? path : NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		path = path_join(arena, request->context, names[i]);
		if (is_file(path))
			return path;
	}
	(void)error_set(err, "'%s' has neither a Dockerfile nor a Containerfile; add one, or name it", request->context);
	return NULL;
}

/* --- what is ignored ----------------------------------------------------------------------------- */

/* The builders agree about the last one, and about the order as far as they know the others. */
static const char *find_ignore_file(const struct builder_request *request, const char *dockerfile, struct arena *arena)
{
	const char *paths[] = {
		arena_printf(arena, "%s.dockerignore", dockerfile),
		path_join(arena, request->context, ".containerignore"),
		path_join(arena, request->context, ".dockerignore"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (is_file(paths[i]))
			return paths[i];
	return NULL;
}

/* The text that a builder is given: the user's, and what we ourselves write into the context. */
static int ignore_text(const struct builder_request *request, const char *dockerfile, struct arena *arena,
		       struct buffer *text, struct error *err)
{
	const char *path = find_ignore_file(request, dockerfile, arena);
	struct ignore own = { 0 };

	if (path && file_read(AT_FDCWD, path, CONTEXT_IGNORE_BYTES_MAX, text, err) < 0)
		return -1;
	if (text->length && text->data[text->length - 1] != '\n')
		buffer_add_string(text, "\n");
	for (size_t i = 0; i < request->outputs_count; i++) {
		const char *inside = context_inside(request->context, request->outputs[i], arena);

		if (inside)
			ignore_path(&own, inside, arena);
	}
	for (size_t i = 0; i < own.count; i++)
		buffer_printf(text, "%s\n", own.patterns[i].text);
	return 0;
}

/* --- the name ------------------------------------------------------------------------------------ */

static void add_word(struct buffer *text, const char *key, const char *value)
{
	buffer_printf(text, "%s %zu:%s\n", key, value ? strlen(value) : 0, value ? value : "");
}

static int add_settings(const struct builder_request *request, const char *dockerfile, struct hash *hash, struct error *err)
{
	autobuffer struct buffer text = { 0 }, contents = { 0 };

	if (file_read(AT_FDCWD, dockerfile, DOCKERFILE_BYTES_MAX, &contents, err) < 0)
		return -1;
	add_word(&text, "version", KEY_VERSION);
	add_word(&text, "dockerfile", buffer_string(&contents));
	add_word(&text, "target", request->target);
	add_word(&text, "platform", request->platform);
	for (size_t i = 0; i < request->args_count; i++)
		add_word(&text, "arg", request->args[i]);
	hash_add(hash, text.data, text.length);
	return 0;
}

int builder_name(const struct builder_request *request, struct arena *arena, const char **name, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	const char *dockerfile = builder_dockerfile(request, arena, err);
	struct ignore ignore = { 0 };
	struct digest digest;
	struct hash *hash;

	if (!dockerfile || ignore_text(request, dockerfile, arena, &text, err) < 0)
		return -1;
	ignore_parse(&ignore, buffer_string(&text), arena);
	hash = hash_new("sha256");
	if (add_settings(request, dockerfile, hash, err) < 0 || context_add(request->context, &ignore, hash, err) < 0) {
		hash_free(hash);
		return -1;
	}
	hash_finish(hash, &digest);
	*name = arena_printf(arena, BUILDER_NAME_PREFIX "%s", digest_hex(&digest));
	return 0;
}

/* --- building ------------------------------------------------------------------------------------ */

static int import_archive(const struct build_job *job, const char *name, struct store *store, struct arena *arena,
			  struct error *err)
{
	const struct import_options import = { .path = job->archive, .name = name, .platform = job->request->platform };
	struct digest digest;
	const char *filed;

	if (import_image(store, &import, arena, &filed, &digest, err) < 0)
		return error_context(err, "the image that was built");
	log_debug("built %s %s", filed, digest.text);
	return 0;
}

static int build_into(const char *directory, const struct builder *builder, struct build_job *job, const char *name,
		      struct store *store, struct arena *arena, struct error *err)
{
	autobuffer struct buffer ignore = { 0 };

	job->archive = path_join(arena, directory, "image.tar");
	job->id_file = path_join(arena, directory, "id");
	job->ignore_file = path_join(arena, directory, "ignore");
	if (ignore_text(job->request, job->dockerfile, arena, &ignore, err) < 0 ||
	    file_write_atomic(AT_FDCWD, job->ignore_file, buffer_string(&ignore), ignore.length, 0600, err) < 0)
		return -1;
	if (ignore.length == 0)
		job->ignore_file = NULL;
	if (program_run(builder_command(builder, false, job, arena), job->options->quiet, err) < 0)
		return -1;
	if (program_run(builder_command(builder, true, job, arena), job->options->quiet, err) < 0)
		return error_context(err, "handing the image over");
	return import_archive(job, name, store, arena, err);
}

int builder_build(const struct builder_request *request, const struct builder_options *options, const char *name,
		  struct store *store, struct arena *arena, struct error *err)
{
	const struct builder *builder = builder_find(options->builder, err);
	struct build_job job = { .request = request, .options = options, .tag = name };
	const char *temporary = getenv("TMPDIR");
	char *directory;
	int r;

	if (!builder)
		return -1;
	if (options->pull && strcmp(options->pull, "never") == 0 && !builder->has_pull_never)
		return error_set(err, "--pull never: '%s' cannot be kept from pulling; use buildah or podman", builder->name);
	job.dockerfile = builder_dockerfile(request, arena, err);
	if (!job.dockerfile)
		return -1;
	/* Images are large, and /tmp may be memory. */
	directory = path_join(arena, temporary && *temporary ? temporary : "/var/tmp", "slipway-build.XXXXXX");
	if (!mkdtemp(directory))
		return error_errno(err, "cannot make a directory '%s'", directory);
	r = build_into(directory, builder, &job, name, store, arena, err);
	(void)file_remove_tree(AT_FDCWD, directory, NULL);
	return r;
}

int builder_options_check(const struct builder_options *options, struct error *err)
{
	return options->builder && !builder_find(options->builder, err) ? -1 : 0;
}
