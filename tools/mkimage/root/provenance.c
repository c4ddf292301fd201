/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/root/provenance.h"

#include <string.h>

#include "base/path.h"
#include "tools/mkimage/provenance/provenance.h"
#include "tools/mkimage/root/root.h"
#include "tools/mkimage/source/hash.h"

uint16_t root_first_origin(const struct compile_image *images, size_t index)
{
	size_t origin = 1;

	for (size_t i = 0; i < index; i++)
		origin += images[i].image.manifest.layers_count;
	/* So many layers have no numbers: what they hold is told to be the build's own. */
	return origin <= PROVENANCE_ORIGIN_MAX ? (uint16_t)origin : 0;
}

static void add_image(struct provenance *provenance, const struct compile_image *from, struct arena *arena)
{
	const struct oci_image *image = &from->image;
	struct provenance_image *to = arena_push(arena, &provenance->images, &provenance->images_count, sizeof(*to));

	*to = (struct provenance_image){
		.reference = from->reference, .name = image->name, .digest = image->digest,
		.os = image->config.os, .architecture = image->config.architecture,
	};
	for (size_t i = 0; i < image->manifest.layers_count; i++) {
		const struct oci_descriptor *d = &image->manifest.layers[i];
		struct provenance_layer *layer = arena_push(arena, &to->layers, &to->layers_count, sizeof(*layer));

		*layer = (struct provenance_layer){
			.media_type = d->media_type, .digest = d->digest, .diff_id = image->config.diff_ids[i], .size = d->size,
		};
	}
}

static void add_use(struct provenance *provenance, const char *path, const struct manifest_string *image, struct arena *arena)
{
	if (image->value && *image->value)
		*(struct provenance_use *)arena_push(arena, &provenance->uses, &provenance->uses_count, sizeof(struct provenance_use)) =
			(struct provenance_use){ path, image->value };
}

static void add_uses(const struct root_input *input, struct provenance *provenance, struct arena *arena)
{
	const struct manifest *manifest = input->manifest;
	const struct compiled *compiled = input->compiled;

	add_use(provenance, PROVENANCE_FOR_KERNEL, &manifest->kernel.image, arena);
	for (size_t i = 0; i < manifest->init.count; i++)
		if (!compile_init_image_replaced(manifest->init.items[i].value))
			add_use(provenance, "/", &manifest->init.items[i], arena);
	for (size_t i = 0; i < compiled->plan.containers_count; i++)
		add_use(provenance, path_join(arena, compiled->plan.containers[i].bundle, "rootfs"),
			&compiled->containers[i].manifest->image, arena);
	for (size_t i = 0; i < manifest->volumes_count; i++)
		add_use(provenance, compile_volume_path(arena, manifest->volumes[i].name.value), &manifest->volumes[i].image, arena);
}

int root_add_provenance(const struct root_input *input, struct tree *root, struct error *err)
{
	static const struct tree_attributes attributes = { .mode = 0644 };
	struct provenance provenance = { .slipway = SLIPWAY_VERSION };
	autobuffer struct buffer text = { 0 };
	struct arena arena = { 0 };
	int r = -1;

	if (input->manifest->text)
		hash_bytes(input->manifest->text, strlen(input->manifest->text), &provenance.manifest);
	for (size_t i = 0; i < input->images_count; i++)
		add_image(&provenance, &input->images[i], &arena);
	add_uses(input, &provenance, &arena);
	/* It is there before its entries are counted: it is one of them. */
	if (tree_add_file(root, PROVENANCE_PATH + 1, "", 0, &attributes, NULL, err) == 0) {
		provenance.origins = provenance_origins(root, &arena);
		if (provenance_write(&provenance, &text, err) == 0)
			r = tree_add_file(root, PROVENANCE_PATH + 1, text.data, text.length, &attributes, NULL, err);
	}
	arena_release(&arena);
	return r;
}
