/* SPDX-License-Identifier: Apache-2.0 */
/* Image manifest: image-spec 1.1, manifest.md; Docker's schema 2 is its twin. */
#include "oci/descriptor.h"
#include "oci/image.h"

/* A document that could be read as both is refused (CVE-2021-41190). */
static const char *const is_an_index[] = { "belongs in an image index, not in a manifest", NULL };
static const char *const is_schema_1[] = { "belongs in a manifest of schema 1, which is not supported; push the "
					   "image again with a newer tool",
					   NULL };
static const char *const media_types[] = { MEDIA_TYPE_MANIFEST, MEDIA_TYPE_DOCKER_MANIFEST, NULL };

static const struct json_field manifest_fields[] = {
	JSON_ROW_REFUSED("fsLayers", is_schema_1),
	JSON_ROW_CONSTANT("schemaVersion", .limit = 2),
	JSON_ROW("mediaType", struct oci_manifest, media_type, 0, .words = media_types),
	JSON_ROW_REFUSED("manifests", is_an_index),
	JSON_ROW_OBJECT("config", struct oci_manifest, config, &oci_descriptor_type, JSON_REQUIRED),
	JSON_ROW_ARRAY("layers", struct oci_manifest, layers, layers_count, &oci_descriptor_type,
		       JSON_REQUIRED | JSON_ALWAYS, .limit = OCI_LAYERS_MAX),
	JSON_ROW("annotations", struct oci_manifest, annotations, 0),
};
static const struct json_type manifest_type = JSON_TYPE(struct oci_manifest, manifest_fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &manifest_type };

int oci_manifest_parse(const char *json, size_t length, struct arena *arena, struct oci_manifest *manifest,
		       struct error *err)
{
	struct oci_manifest read = { 0 };

	if (json_read(json, length, OCI_DOCUMENT_BYTES_MAX, &document, arena, &read, err) < 0)
		return -1;
	if (!read.media_type)
		read.media_type = MEDIA_TYPE_MANIFEST;
	*manifest = read;
	return 0;
}

int oci_manifest_write(const struct oci_manifest *manifest, struct buffer *out, struct error *err)
{
	struct oci_manifest written = *manifest;

	if (!written.media_type)
		written.media_type = MEDIA_TYPE_MANIFEST;
	return json_write(&document, &written, false, out, err);
}
