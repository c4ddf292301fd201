/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/builder/builders.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/option.h"

static void add(struct words *words, const char *word)
{
	*(const char **)arena_push(words->arena, &words->items, &words->count, sizeof(*words->items)) = word;
}

static void add_all(struct words *words, const char *const *list)
{
	for (; *list; list++)
		add(words, *list);
}

static void add_option(struct words *words, const char *option, const char *value)
{
	if (!value)
		return;
	add(words, option);
	add(words, value);
}

static void add_settings(struct words *words, const struct build_job *job)
{
	const struct builder_request *request = job->request;

	add_option(words, "--file", job->dockerfile);
	add_option(words, "--target", request->target);
	add_option(words, "--platform", request->platform);
	for (size_t i = 0; i < request->args_count; i++)
		add_option(words, "--build-arg", request->args[i]);
	if (job->options->rebuild)
		add(words, "--no-cache");
}

/* What they call "true" asks a registry each time whether there is something newer, which fails offline. */
static const char *pull_word(const struct builder_options *options)
{
	static const struct {
		const char *policy, *word;
	} words[] = { { "never", "--pull=never" }, { "always", "--pull=always" }, { "newer", "--pull=true" } };

	for (size_t i = 0; options->pull && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].policy, options->pull) == 0)
			return words[i].word;
	return "--pull=false";
}

/*
 * The format is Docker's, since OCI's has no HEALTHCHECK. Isolation is by chroot unless the environment says otherwise: it
 * needs neither a runtime nor cgroups, so that it works for ordinary users and in containers.
 */
static void add_buildah_options(struct words *words, const struct build_job *job)
{
	static const char *const fixed[] = { "--format", "docker", "--layers", "--timestamp", "0", NULL };

	add_all(words, fixed);
	if (!getenv("BUILDAH_ISOLATION"))
		add_option(words, "--isolation", "chroot");
	add(words, pull_word(job->options));
	add_option(words, "--ignorefile", job->ignore_file);
	add_option(words, "--tag", job->tag);
	add_option(words, "--iidfile", job->id_file);
	add_settings(words, job);
	add(words, job->request->context);
}

static void buildah_build(struct words *words, const struct build_job *job)
{
	static const char *const command[] = { "buildah", "build", NULL };

	add_all(words, command);
	add_buildah_options(words, job);
}

static void buildah_save(struct words *words, const struct build_job *job)
{
	static const char *const command[] = { "buildah", "push", "--quiet", NULL };

	add_all(words, command);
	add(words, job->tag);
	add(words, arena_printf(words->arena, "docker-archive:%s", job->archive));
}

static void podman_build(struct words *words, const struct build_job *job)
{
	static const char *const command[] = { "podman", "build", NULL };

	add_all(words, command);
	add_buildah_options(words, job);
}

static void podman_save(struct words *words, const struct build_job *job)
{
	static const char *const command[] = { "podman", "save", "--quiet", "--format", "docker-archive", "--output", NULL };

	add_all(words, command);
	add(words, job->archive);
	add(words, job->tag);
}

/* Docker's own driver, the default, writes no archives while it builds: the image goes into the daemon, and from there to a file. */
static void docker_build(struct words *words, const struct build_job *job)
{
	static const char *const command[] = { "docker", "buildx", "build", "--progress", "plain", "--provenance=false", "--load", NULL };

	add_all(words, command);
	if (job->options->pull && (strcmp(job->options->pull, "always") == 0 || strcmp(job->options->pull, "newer") == 0))
		add(words, "--pull");
	add_option(words, "--tag", job->tag);
	add_settings(words, job);
	add(words, job->request->context);
}

static void docker_save(struct words *words, const struct build_job *job)
{
	static const char *const command[] = { "docker", "save", "--output", NULL };

	add_all(words, command);
	add(words, job->archive);
	add(words, job->tag);
}

static const struct builder builders[] = {
	{ "buildah", buildah_build, buildah_save, true },
	{ "podman", podman_build, podman_save, true },
	{ "docker", docker_build, docker_save, false },
};

static bool is_installed(const char *program)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	for (path = path ? path : "/usr/bin:/bin"; *path; path += *path == ':') {
		size_t length = strcspn(path, ":");

		(void)snprintf(file, sizeof(file), "%.*s/%s", (int)length, path, program);
		if (length && access(file, X_OK) == 0)
			return true;
		path += length;
	}
	return false;
}

const struct builder *builder_find(const char *name, struct error *err)
{
	const char *names[ARRAY_SIZE(builders) + 1] = { NULL };

	for (size_t i = 0; i < ARRAY_SIZE(builders); i++) {
		names[i] = builders[i].name;
		if (name ? strcmp(name, names[i]) == 0 : is_installed(names[i]))
			return &builders[i];
	}
	if (!name)
		(void)error_set(err, "no program is here that builds images; install buildah, podman or docker with buildx");
	else if (option_nearest(name, names))
		(void)error_set(err, "--builder: unknown builder '%s'; did you mean '%s'?", name, option_nearest(name, names));
	else
		(void)error_set(err, "--builder: unknown builder '%s'; known are buildah, podman and docker", name);
	return NULL;
}

const char *const *builder_command(const struct builder *builder, bool save, const struct build_job *job, struct arena *arena)
{
	struct words words = { .arena = arena };

	(save ? builder->save : builder->build)(&words, job);
	add(&words, NULL);
	return words.items;
}
