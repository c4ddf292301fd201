/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/compilation.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "oci/reference.h"
#include "tools/mkimage/manifest/machines.h"
#include "tools/slipway/command.h"
#include "tools/slipway/composes.h"
#include "tools/slipway/policy.h"

const char *compilation_output(const char *manifest_path, struct arena *arena)
{
	const char *base = path_base(manifest_path);
	size_t length = strcspn(base, ".");

	return length ? arena_strndup(arena, base, length) : "slipway";
}

static int read_compose(const struct input *input, struct compilation *c, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (composes_read(input, ".", false, &c->arena, &text, err) < 0)
		return -1;
	return manifest_parse_made(input->manifest_path, composes_shown(input, &c->arena), buffer_string(&text), text.length, &c->arena,
				   &c->manifest, err);
}

static int read_manifest(const struct compilation_options *options, struct input *input, struct compilation *c, struct error *err)
{
	if (!options->machine)
		return manifest_read(options->manifest_path, &c->arena, &c->manifest, err);
	if (manifest_machine_read(options->manifest_path, options->machine, &c->arena, &c->manifest, err) < 0)
		return -1;
	input->manifest_path = c->manifest.path;
	return 0;
}

/*
 * What is made from a Dockerfile or a compose file has Debian's kernel. A format that enters its kernel without firmware cannot boot
 * that, and takes the one of ours that is made for its machine.
 */
static void choose_kernel(const struct image_format *format, struct manifest *manifest)
{
	if (format && format->kernel)
		manifest->kernel.image.value = format->kernel;
}

int compilation_read(const struct compilation_options *options, struct compilation *c, struct error *err)
{
	struct input input;

	input_find(options->manifest_path, &c->arena, &input);
	c->architecture = architecture_of(options->platform, err);
	if (!c->architecture || builder_options_check(&options->builder, err) < 0 ||
	    (input.kind == INPUT_MANIFEST && read_manifest(options, &input, c, err) < 0) ||
	    command_store_open(options->store, &c->store, err) < 0)
		return -1;
	c->finder = (struct images){ .store = c->store, .platform = options->platform, .policy = options->pull,
				     .values = options->registry };
	if (!options->ignore_lock && lock_read(lock_path(input.manifest_path, &c->arena), &c->arena, &c->lock, err) < 0)
		return -1;
	if (input.kind == INPUT_DOCKERFILE && dockerfiles_wrap(options, c, &input, err) < 0)
		return -1;
	if (input.kind == INPUT_COMPOSE && read_compose(&input, c, err) < 0)
		return -1;
	if (input.kind != INPUT_MANIFEST)
		choose_kernel(options->format, &c->manifest);
	if (policy_of_manifest(&c->manifest, &c->arena, &c->finder.trust, err) < 0)
		return -1;
	if (c->manifest.network.dhcp_added && input.kind == INPUT_MANIFEST)
		log_info("%s:%u:%u: '%s' is added as the service '%s', for 'dhcp'", c->manifest.network.dhcp_added->file,
			 c->manifest.network.dhcp_added->line, c->manifest.network.dhcp_added->column, MANIFEST_DHCP_IMAGE,
			 MANIFEST_DHCP_SERVICE);
	return 0;
}

/* The reference as it is asked of the store: pinned where the lock says so. */
static int pin(const struct compilation_options *options, struct compilation *c, const struct manifest_string *image,
	       const char **pinned, const struct lock_entry **entry, struct error *err)
{
	struct reference reference;

	*entry = NULL;
	if (reference_parse(image->value, &c->arena, &reference, err) < 0)
		return -1;
	*pinned = image->value;
	if (reference.digest.text[0])
		return 0;
	*entry = lock_find(&c->lock, reference.name);
	if (*entry)
		*pinned = arena_printf(&c->arena, "%s@%s", reference.name,
				       (*entry)->index.text[0] ? (*entry)->index.text : (*entry)->digest.text);
	else if (options->locked)
		return error_set(err, "'%s' is not in the lock; run 'slipway lock' first", reference.name);
	return 0;
}

/* An index that the lock names leads to one image for each platform; the lock means one of them. */
static int check_pinned(const struct lock_entry *entry, const struct oci_image *image, struct error *err)
{
	if (!entry || digest_equal(&entry->digest, &image->digest) || digest_equal(&entry->digest, &image->top))
		return 0;
	return error_set(err, "'%s' leads to %s, and the lock has %s, for another platform; run 'slipway lock --update'", image->name,
			 image->digest.text, entry->digest.text);
}

/* What was built here is in no registry. */
static int find(struct compilation *c, const struct compilation_options *options, const char *name, const char *pinned,
		struct oci_image *image, struct error *err)
{
	if (strncmp(name, BUILDER_NAME_PREFIX, strlen(BUILDER_NAME_PREFIX)) != 0)
		return images_find(&c->finder, pinned, &c->arena, image, err);
	if (store_image(c->store, pinned, options->platform, &c->arena, image, err) < 0)
		return -1;
	return images_check(&c->finder, image, &c->arena, err);
}

static int resolve(const struct compilation_options *options, struct compilation *c, const struct manifest_string *image,
		   struct error *err)
{
	struct compile_image *resolved;
	struct error cause = { 0 };
	struct oci_image found;
	const struct lock_entry *entry;
	const char *pinned;

	if (!image->value || !*image->value)
		return 0;
	for (size_t i = 0; i < c->images_count; i++)
		if (strcmp(c->images[i].reference, image->value) == 0)
			return 0;
	if (pin(options, c, image, &pinned, &entry, &cause) < 0 ||
	    find(c, options, image->value, pinned, &found, &cause) < 0 || check_pinned(entry, &found, &cause) < 0)
		return place_error(&image->at, err, "%s", cause.message);
	resolved = arena_push(&c->arena, &c->images, &c->images_count, sizeof(*resolved));
	*resolved = (struct compile_image){ .reference = image->value, .image = found };
	return 0;
}

static int resolve_stage(const struct compilation_options *options, struct compilation *c,
			 const struct manifest_containers *stage, struct error *err)
{
	for (size_t i = 0; i < stage->count; i++)
		if (resolve(options, c, &stage->items[i].image, err) < 0)
			return -1;
	return 0;
}

int compilation_resolve_kernel(const struct compilation_options *options, struct compilation *c, struct error *err)
{
	const struct manifest_kernel *kernel = &c->manifest.kernel;

	return kernel->image.value ? resolve(options, c, &kernel->image, err) : 0;
}

int compilation_read_kernel(struct compilation *c, struct error *err)
{
	const struct manifest_kernel *kernel = &c->manifest.kernel;

	return kernel->image.value ? root_read_kernel(kernel, c->store, &c->images[0].image, &c->kernel, err) : 0;
}

/* `from:` of a volume is the image of that container, known once Dockerfiles are built. */
static void name_fillings(struct manifest *m)
{
	const struct manifest_containers *stages[] = { &m->onboot, &m->services, &m->onshutdown };

	for (size_t v = 0; v < m->volumes_count; v++)
		for (size_t s = 0; m->volumes[v].from.value && s < ARRAY_SIZE(stages); s++)
			for (size_t i = 0; i < stages[s]->count; i++)
				if (strcmp(stages[s]->items[i].name.value, m->volumes[v].from.value) == 0)
					m->volumes[v].image = stages[s]->items[i].image;
}

int compilation_resolve(const struct compilation_options *options, struct compilation *c, struct error *err)
{
	struct manifest *m = &c->manifest;

	if (dockerfiles_build(options, c, err) < 0)
		return -1;
	name_fillings(m);
	/* The kernel first: compilation_read_kernel() counts on its being the first image. */
	if (compilation_resolve_kernel(options, c, err) < 0)
		return -1;
	for (size_t i = 0; i < m->init.count; i++) {
		if (compile_init_image_replaced(m->init.items[i].value))
			log_info("'%s' is not needed: Slipway's own init does its work", m->init.items[i].value);
		else if (resolve(options, c, &m->init.items[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < m->volumes_count; i++)
		if (resolve(options, c, &m->volumes[i].image, err) < 0)
			return -1;
	if (resolve_stage(options, c, &m->onboot, err) < 0 || resolve_stage(options, c, &m->services, err) < 0)
		return -1;
	if (resolve_stage(options, c, &m->onshutdown, err) < 0)
		return -1;
	return resolve_stage(options, c, &m->emergency, err);
}

int64_t compilation_newest_time(void)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	int64_t time = text ? strtoll(text, NULL, 10) : 0;

	return time < 0 ? 0 : time > UINT32_MAX ? UINT32_MAX : time;
}

int compilation_compile(const struct image_format *format, struct compilation *c, struct error *err)
{
	struct compile_input input = {
		.manifest = &c->manifest, .images = c->images, .images_count = c->images_count,
		.kernel = c->kernel.lists, .architecture = c->architecture, .root_type = format->root_type, .root_source = format->root_source,
		.machine = format->machine,
		.built = (uint32_t)compilation_newest_time(),
	};

	if (!input.kernel.modules_dep)
		input.kernel.modules_dep = "";
	if (!input.kernel.modules_builtin)
		input.kernel.modules_builtin = "";
	return compile(&input, &c->arena, &c->compiled, err);
}

void compilation_release(struct compilation *c)
{
	root_kernel_release(&c->kernel);
	images_close(&c->finder);
	store_close(c->store);
	arena_release(&c->arena);
	*c = (struct compilation){ 0 };
}
