/* SPDX-License-Identifier: Apache-2.0 */
/* Image index: image-spec 1.1, image-index.md; Docker's manifest list is its twin. */
#include "oci/descriptor.h"
#include "oci/image.h"

/* A document that could be read as both is refused (CVE-2021-41190). */
static const char *const is_a_manifest[] = { "belongs in an image manifest, not in an index", NULL };
static const char *const media_types[] = { MEDIA_TYPE_INDEX, MEDIA_TYPE_DOCKER_LIST, NULL };

static const struct json_field index_fields[] = {
	JSON_ROW_CONSTANT("schemaVersion", .limit = 2),
	JSON_ROW("mediaType", struct oci_index, media_type, 0, .words = media_types),
	JSON_ROW_REFUSED("config", is_a_manifest),
	JSON_ROW_REFUSED("layers", is_a_manifest),
	JSON_ROW_REFUSED("fsLayers", is_a_manifest),
	JSON_ROW_ARRAY("manifests", struct oci_index, manifests, count, &oci_descriptor_type,
		       JSON_REQUIRED | JSON_ALWAYS),
};
static const struct json_type index_type = JSON_TYPE(struct oci_index, index_fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &index_type };

int oci_index_parse(const char *json, size_t length, struct arena *arena, struct oci_index *index,
		    struct error *err)
{
	struct oci_index read = { 0 };

	if (json_read(json, length, OCI_DOCUMENT_BYTES_MAX, &document, arena, &read, err) < 0)
		return -1;
	if (!read.media_type)
		read.media_type = MEDIA_TYPE_INDEX;
	*index = read;
	return 0;
}

int oci_index_write(const struct oci_index *index, struct buffer *out, struct error *err)
{
	struct oci_index written = *index;

	written.media_type = MEDIA_TYPE_INDEX;
	return json_write(&document, &written, false, out, err);
}
