/* SPDX-License-Identifier: Apache-2.0 */
/* `build:` of containers: Dockerfiles become images of the store. */
#include "tools/slipway/compilation.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "oci/reference.h"
#include "tools/mkimage/compose/dockerfile.h"
#include "tools/mkimage/root/files.h"

struct making {
	const struct compilation_options *options;
	struct compilation *c;
	const char *const *outputs;	/* what a build leaves behind */
	size_t outputs_count;
};

/* Its lock pins the image that this input gives: what was built elsewhere from the same files. */
static const struct digest *pinned(const struct making *m, const char *name)
{
	const struct lock_entry *entry = NULL;
	struct reference reference;

	if (reference_parse(name, &m->c->arena, &reference, NULL) == 0)
		entry = lock_find(&m->c->lock, reference.name);
	return entry ? &entry->digest : NULL;
}

static bool is_there(const struct making *m, const char *name, const char *platform)
{
	const struct digest *digest = pinned(m, name);
	struct oci_image image;
	struct error ignored;

	if (digest)
		name = arena_printf(&m->c->arena, "%s@%s", name, digest->text);
	return store_image(m->c->store, name, platform, &m->c->arena, &image, &ignored) == 0;
}

/* A build that is repeated need not give the same bytes; the lock says which are meant. */
static int check_pinned(const struct making *m, const char *name, const char *platform, struct error *err)
{
	const struct digest *digest = pinned(m, name);
	struct oci_image image;

	if (!digest)
		return 0;
	if (store_image(m->c->store, name, platform, &m->c->arena, &image, err) < 0)
		return -1;
	if (digest_equal(&image.digest, digest))
		return 0;
	return error_set(err, "the build gives %s, and the lock has %s: the Dockerfile does not always give the same; bring "
			 "the image of the lock in, or run 'slipway lock --update'", image.digest.text, digest->text);
}

static const char *const *arguments(const struct manifest_pairs *args, struct arena *arena)
{
	const char **list = arena_array(arena, args->count + 1, sizeof(*list));

	for (size_t i = 0; i < args->count; i++)
		list[i] = arena_printf(arena, "%s=%s", args->items[i].key, args->items[i].value);
	return list;
}

static void add_outputs(const char *prefix, struct arena *arena, const char ***list, size_t *count)
{
	static const char *const others[] = { "-ports", ".lock" };

	for (size_t f = 0; image_formats[f]; f++)
		for (size_t i = 0; image_formats[f]->suffixes[i]; i++)
			*(const char **)arena_push(arena, list, count, sizeof(**list)) =
				arena_printf(arena, "%s%s", prefix, image_formats[f]->suffixes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		*(const char **)arena_push(arena, list, count, sizeof(**list)) = arena_printf(arena, "%s%s", prefix, others[i]);
}

/* Nothing that a build leaves behind may change the next one: here, or beside the manifest, where its lock is. */
static struct making begin(const struct compilation_options *options, struct compilation *c, const char *manifest_path)
{
	const char *prefix = options->output ? options->output : compilation_output(manifest_path, &c->arena);
	const char *lock = lock_path(manifest_path, &c->arena), **list = NULL;
	struct making m = { .options = options, .c = c };

	add_outputs(prefix, &c->arena, &list, &m.outputs_count);
	add_outputs(arena_strndup(&c->arena, lock, strlen(lock) - strlen(".lock")), &c->arena, &list, &m.outputs_count);
	m.outputs = list;
	return m;
}

/* The path of a Dockerfile stands for its directory. */
static void split(struct builder_request *request, struct arena *arena)
{
	struct stat st;

	if (request->dockerfile || stat(request->context, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	request->dockerfile = path_base(request->context);
	request->context = path_directory(arena, request->context);
}

/* The context is relative to the file `from`; "" is the current directory. */
static struct builder_request describe(const struct making *m, const struct manifest_build *stated, const char *from)
{
	struct arena *arena = &m->c->arena;
	const struct manifest_file file = { .source = stated->context };
	struct builder_request request = {
		.context = files_source_path(&file, from, arena), .dockerfile = stated->dockerfile.value,
		.target = stated->target.value, .args = arguments(&stated->args, arena), .args_count = stated->args.count,
		.platform = stated->platform.value ? stated->platform.value : m->options->platform,
		.outputs = m->outputs, .outputs_count = m->outputs_count,
	};

	split(&request, arena);
	return request;
}

/* Builds what is not built yet, and gives the name it has in the store. `what` is for who watches. */
static int make(const struct making *m, const struct builder_request *request, const char *what, const char **name,
		struct error *err)
{
	const struct builder_options *options = &m->options->builder;
	struct arena *arena = &m->c->arena;
	bool always = options->rebuild || m->options->pull == PULL_ALWAYS || m->options->pull == PULL_NEWER;

	if (builder_name(request, arena, name, err) < 0)
		return -1;
	if (m->options->locked && !pinned(m, *name))
		return error_set(err, "what would be built from '%s' as it is now is not in the lock; run 'slipway lock' first",
				 request->context);
	if (!always && is_there(m, *name, request->platform)) {
		if (!options->quiet)
			log_info("'%s' is built already: nothing in %s has changed", what, request->context);
		return 0;
	}
	if (!options->quiet)
		log_info("building '%s' from %s", what, request->context);
	if (builder_build(request, options, *name, m->c->store, arena, err) < 0)
		return -1;
	return check_pinned(m, *name, request->platform, err);
}

/* Asked before, and not after, a builder has brought in and run what nobody looked at. */
static int check_trust(const struct making *m, struct error *err)
{
	const struct trust_policy *policy = m->c->finder.trust;
	const struct trust_rule *rule;

	if (!policy)
		return 0;
	if (trust_find(policy, BUILDER_NAME_PREFIX "0", &m->c->arena, &rule, NULL) == 0 && rule->kind != TRUST_KEYS)
		return 0;
	return error_set(err, "what a Dockerfile brings in is not looked at by 'trust'; where the builder's own policy is enough "
			 "(containers-policy.json(5)), add '- {prefix: %s, local: true}'", BUILDER_REPOSITORY);
}

static int make_container(const struct making *m, struct manifest_container *container, struct error *err)
{
	struct builder_request request = describe(m, &container->build, m->c->manifest.path);

	if (check_trust(m, err) < 0)
		return -1;
	container->image.at = container->build.at;
	return make(m, &request, container->name.value, &container->image.value, err);
}

static int make_all(const struct making *m, struct manifest_containers *stage, const char *key, struct error *err)
{
	for (size_t i = 0; i < stage->count; i++) {
		struct manifest_container *container = &stage->items[i];
		struct error cause = { 0 };

		if (container->build.set && make_container(m, container, &cause) < 0)
			return place_error(&container->build.at, err, "%s[%zu].build: %s", key, i, cause.message);
	}
	return 0;
}

bool dockerfiles_wanted(const struct manifest *manifest)
{
	const struct manifest_containers *stages[] = { &manifest->onboot, &manifest->services, &manifest->onshutdown,
						       &manifest->emergency };

	for (size_t s = 0; s < ARRAY_SIZE(stages); s++)
		for (size_t i = 0; i < stages[s]->count; i++)
			if (stages[s]->items[i].build.set)
				return true;
	return false;
}

int dockerfiles_build(const struct compilation_options *options, struct compilation *c, struct error *err)
{
	const struct making m = begin(options, c, c->manifest.path);

	if (make_all(&m, &c->manifest.onboot, "onboot", err) < 0 ||
	    make_all(&m, &c->manifest.services, "services", err) < 0 ||
	    make_all(&m, &c->manifest.onshutdown, "onshutdown", err) < 0)
		return -1;
	return make_all(&m, &c->manifest.emergency, "emergency", err);
}

int dockerfiles_wrap(const struct compilation_options *options, struct compilation *c, const struct input *input,
		     struct error *err)
{
	const struct making m = begin(options, c, input->manifest_path);
	const struct manifest_build stated = { .context = { .value = input->path } };
	const char *shown = arena_printf(&c->arena, "%s (as a manifest)", input->path);
	struct dockerfile_machine machine = { .name = input->name, .comment = shown };
	autobuffer struct buffer text = { 0 };
	struct builder_request request = describe(&m, &stated, "");
	struct oci_image image;

	if (make(&m, &request, input->name, &machine.image, err) < 0)
		return error_context(err, "%s", input->path);
	if (store_image(c->store, machine.image, request.platform, &c->arena, &image, err) < 0)
		return -1;
	machine.config = &image.config;
	dockerfile_manifest(&machine, &c->arena, &text);
	return manifest_parse_made(input->manifest_path, shown, buffer_string(&text), text.length, &c->arena, &c->manifest, err);
}
