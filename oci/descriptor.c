/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/descriptor.h"

#include "oci/image.h"

static const struct json_field platform_fields[] = {
	JSON_ROW("architecture", struct oci_platform, architecture, 0),
	JSON_ROW("os", struct oci_platform, os, 0),
	JSON_ROW("variant", struct oci_platform, variant, 0),
};
static const struct json_type platform_type = JSON_TYPE(struct oci_platform, platform_fields);

static const struct json_field descriptor_fields[] = {
	JSON_ROW("mediaType", struct oci_descriptor, media_type, JSON_REQUIRED),
	JSON_ROW("digest", struct oci_descriptor, digest, JSON_REQUIRED),
	JSON_ROW("size", struct oci_descriptor, size, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("annotations", struct oci_descriptor, annotations, 0),
	JSON_ROW("artifactType", struct oci_descriptor, artifact_type, 0),
	JSON_ROW_OBJECT("platform", struct oci_descriptor, platform, &platform_type, 0),
};

/* descriptor.md: `size` is an int64. */
static int check_descriptor(const void *value, const struct json_place *place, struct error *err)
{
	const struct oci_descriptor *descriptor = value;

	if (descriptor->size > INT64_MAX)
		return json_error(place, "size", err, "expected a size in bytes below 2^63, got %llu",
				  (unsigned long long)descriptor->size);
	return 0;
}

const struct json_type oci_descriptor_type =
	JSON_TYPE(struct oci_descriptor, descriptor_fields, .check = check_descriptor);
