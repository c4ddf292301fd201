/* SPDX-License-Identifier: Apache-2.0 */
/* From a reference to the manifest and config of one platform. */
#include "tools/mkimage/source/store.h"

#include <string.h>

#include "base/cleanup.h"
#include "oci/reference.h"
#include "tools/mkimage/source/store_internal.h"

static const char *const index_types[] = { MEDIA_TYPE_INDEX, MEDIA_TYPE_DOCKER_LIST };
static const char *const manifest_types[] = { MEDIA_TYPE_MANIFEST, MEDIA_TYPE_DOCKER_MANIFEST };

static bool is_among(const char *media_type, const char *const *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (media_type && strcmp(types[i], media_type) == 0)
			return true;
	return false;
}

bool store_is_index(const char *media_type)
{
	return is_among(media_type, index_types, ARRAY_SIZE(index_types));
}

bool store_is_manifest(const char *media_type)
{
	return is_among(media_type, manifest_types, ARRAY_SIZE(manifest_types));
}

static int get_document(struct store *store, const struct oci_descriptor *descriptor, struct buffer *text,
			struct error *err)
{
	text->length = 0;
	return store_get(store, descriptor, OCI_DOCUMENT_BYTES_MAX, text, err);
}

/* A blob that no entry of index.json describes says itself what it is. */
static int describe_document(struct store *store, const struct digest *digest, struct arena *arena,
			     struct oci_descriptor *descriptor, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	struct oci_index index;

	if (store_describe(store, digest, descriptor, err) < 0 ||
	    get_document(store, descriptor, &text, err) < 0)
		return -1;
	descriptor->media_type = oci_index_parse(buffer_string(&text), text.length, arena, &index, NULL) == 0
					 ? MEDIA_TYPE_INDEX
					 : MEDIA_TYPE_MANIFEST;
	return 0;
}

/*
 * A digest names its bytes wherever they are filed: first the entry of
 * index.json, then the blob itself, which may be one manifest of an index.
 */
static int find_digest(struct store *store, const struct reference *reference, struct arena *arena,
		       struct oci_descriptor *descriptor, struct error *err)
{
	struct oci_index index;

	if (store_list(store, arena, &index, err) < 0)
		return -1;
	for (size_t i = 0; i < index.count; i++) {
		if (digest_equal(&index.manifests[i].digest, &reference->digest)) {
			*descriptor = index.manifests[i];
			return 0;
		}
	}
	if (!store_has(store, &reference->digest))
		return error_set(
			err, "image '%s' is not in the store; bring it in with "
			"'slipway image import FILE', or make it with 'slipway pkg build DIR'",
			reference->name);
	return describe_document(store, &reference->digest, arena, descriptor, err);
}

/* Goes down from an index to a manifest. */
static int follow_index(struct store *store, const char *platform, struct arena *arena,
			struct oci_descriptor *descriptor, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	const struct oci_descriptor *chosen;
	struct oci_index index;

	for (unsigned int depth = 0; store_is_index(descriptor->media_type); depth++) {
		if (depth == STORE_INDEX_DEPTH_MAX)
			return error_set(err, "indexes are nested more than %d deep", STORE_INDEX_DEPTH_MAX);
		if (get_document(store, descriptor, &text, err) < 0)
			return -1;
		if (oci_index_parse(buffer_string(&text), text.length, arena, &index, err) < 0)
			return error_context(err, "index '%s'", descriptor->digest.text);
		if (store_choose_platform(&index, platform, arena, &chosen, err) < 0)
			return -1;
		*descriptor = *chosen;
	}
	if (!store_is_manifest(descriptor->media_type))
		return error_set(err, "'%s' has media type '%.100s', not that of an image",
				 descriptor->digest.text,
				 descriptor->media_type ? descriptor->media_type : "");
	return 0;
}

static int read_image(struct store *store, const struct oci_descriptor *descriptor, const char *platform,
		      struct arena *arena, struct oci_image *image, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (get_document(store, descriptor, &text, err) < 0)
		return -1;
	if (oci_manifest_parse(buffer_string(&text), text.length, arena, &image->manifest, err) < 0)
		return error_context(err, "manifest '%s'", descriptor->digest.text);
	if (get_document(store, &image->manifest.config, &text, err) < 0)
		return -1;
	if (oci_image_config_parse(buffer_string(&text), text.length, arena, &image->config, err) < 0)
		return error_context(err, "config '%s'", image->manifest.config.digest.text);
	if (image->manifest.layers_count != image->config.diff_ids_count)
		return error_set(err, "the manifest has %zu layers, but the config has %zu diff_ids",
				 image->manifest.layers_count, image->config.diff_ids_count);
	image->digest = descriptor->digest;
	return store_check_platform(&image->config, platform, err);
}

int store_image(struct store *store, const char *text, const char *platform, struct arena *arena,
		struct oci_image *out, struct error *err)
{
	struct oci_image image = { 0 };
	struct oci_descriptor descriptor;
	struct reference reference;

	if (reference_parse(text, arena, &reference, err) < 0)
		return -1;
	if ((reference.digest.text[0] ? find_digest(store, &reference, arena, &descriptor, err)
				      : store_find(store, reference.name, arena, &descriptor, err)) < 0)
		return -1;
	image.name = reference.name;
	image.top = descriptor.digest;
	if (follow_index(store, platform, arena, &descriptor, err) < 0 ||
	    read_image(store, &descriptor, platform, arena, &image, err) < 0)
		return error_context(err, "image '%s'", reference.name);
	*out = image;
	return 0;
}
