/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/provenance/provenance.h"

#include <string.h>

#include "oci/json.h"

static const struct json_field layer_fields[] = {
	JSON_ROW("mediaType", struct provenance_layer, media_type, 0),
	JSON_ROW("digest", struct provenance_layer, digest, JSON_REQUIRED),
	JSON_ROW("diffID", struct provenance_layer, diff_id, JSON_REQUIRED),
	JSON_ROW("size", struct provenance_layer, size, 0),
};
static const struct json_type layer_type = JSON_TYPE(struct provenance_layer, layer_fields);

static const struct json_field image_fields[] = {
	JSON_ROW("reference", struct provenance_image, reference, JSON_REQUIRED),
	JSON_ROW("name", struct provenance_image, name, JSON_REQUIRED),
	JSON_ROW("digest", struct provenance_image, digest, JSON_REQUIRED),
	JSON_ROW("os", struct provenance_image, os, 0),
	JSON_ROW("architecture", struct provenance_image, architecture, 0),
	JSON_ROW_ARRAY("layers", struct provenance_image, layers, layers_count, &layer_type, JSON_ALWAYS, .limit = OCI_LAYERS_MAX),
};
static const struct json_type image_type = JSON_TYPE(struct provenance_image, image_fields);

static const struct json_field use_fields[] = {
	JSON_ROW("path", struct provenance_use, path, JSON_REQUIRED),
	JSON_ROW("image", struct provenance_use, image, JSON_REQUIRED),
};
static const struct json_type use_type = JSON_TYPE(struct provenance_use, use_fields);

static const struct json_field provenance_fields[] = {
	JSON_ROW_CONSTANT("version", .limit = 1),
	JSON_ROW("slipway", struct provenance, slipway, JSON_REQUIRED),
	JSON_ROW("manifest", struct provenance, manifest, 0),
	JSON_ROW_ARRAY("images", struct provenance, images, images_count, &image_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("uses", struct provenance, uses, uses_count, &use_type, JSON_ALWAYS),
	JSON_ROW("origins", struct provenance, origins, JSON_REQUIRED),
};
static const struct json_type provenance_type = JSON_TYPE(struct provenance, provenance_fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &provenance_type };

int provenance_parse(const char *json, size_t length, struct arena *arena, struct provenance *provenance, struct error *err)
{
	struct provenance read = { 0 };

	if (json_read(json, length, PROVENANCE_BYTES_MAX, &document, arena, &read, err) < 0)
		return -1;
	*provenance = read;
	return 0;
}

int provenance_write(const struct provenance *provenance, struct buffer *out, struct error *err)
{
	return json_write(&document, provenance, false, out, err);
}

bool provenance_layer_of(const struct provenance *provenance, uint16_t origin, const struct provenance_image **image,
		     const struct provenance_layer **layer)
{
	size_t left = origin;

	for (size_t i = 0; left > 0 && i < provenance->images_count; i++) {
		const struct provenance_image *r = &provenance->images[i];

		if (left <= r->layers_count) {
			*image = r;
			*layer = &r->layers[left - 1];
			return true;
		}
		left -= r->layers_count;
	}
	return false;
}

const struct provenance_image *provenance_find_image(const struct provenance *provenance, const char *reference)
{
	for (size_t i = 0; i < provenance->images_count; i++)
		if (strcmp(provenance->images[i].reference, reference) == 0)
			return &provenance->images[i];
	return NULL;
}

const struct provenance_image *provenance_used_at(const struct provenance *provenance, const char *path)
{
	for (size_t i = 0; i < provenance->uses_count; i++)
		if (strcmp(provenance->uses[i].path, path) == 0)
			return provenance_find_image(provenance, provenance->uses[i].image);
	return NULL;
}
