/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.json of `docker save`: Docker Image Specification 1.2, "Combined Image JSON + Filesystem Changeset Format". */
#include "oci/image.h"
#include "oci/json.h"

static const struct json_field image_fields[] = {
	JSON_ROW("Config", struct docker_archive_image, config, JSON_REQUIRED),
	JSON_ROW("RepoTags", struct docker_archive_image, repo_tags, 0),
	JSON_ROW("Layers", struct docker_archive_image, layers, 0, .limit = OCI_LAYERS_MAX),
};
static const struct json_type image_type = JSON_TYPE(struct docker_archive_image, image_fields);
static const struct json_field document = JSON_ROW_ARRAY(NULL, struct docker_archive, images, count, &image_type, 0);

int docker_archive_parse(const char *json, size_t length, struct arena *arena, struct docker_archive *archive,
			 struct error *err)
{
	struct docker_archive read = { 0 };

	if (json_read(json, length, OCI_DOCUMENT_BYTES_MAX, &document, arena, &read, err) < 0)
		return -1;
	if (read.count == 0)
		return error_set(err, "the archive names no image");
	*archive = read;
	return 0;
}
