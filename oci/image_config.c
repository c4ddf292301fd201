/* SPDX-License-Identifier: Apache-2.0 */
/* Image configuration: image-spec 1.1, config.md. */
#include "oci/image.h"
#include "oci/json.h"

#define CONFIG(key, member) JSON_ROW(key, struct oci_image_config, config.member, 0)

static const struct json_field healthcheck_fields[] = {
	JSON_ROW("Test", struct oci_healthcheck, test, 0),
	JSON_ROW("Interval", struct oci_healthcheck, interval, 0),
	JSON_ROW("Timeout", struct oci_healthcheck, timeout, 0),
	JSON_ROW("StartPeriod", struct oci_healthcheck, start_period, 0),
	JSON_ROW("StartInterval", struct oci_healthcheck, start_interval, 0),
	JSON_ROW("Retries", struct oci_healthcheck, retries, 0),
};
static const struct json_type healthcheck_type = JSON_TYPE(struct oci_healthcheck, healthcheck_fields);

static const struct json_field config_fields[] = {
	CONFIG("User", user),
	JSON_ROW_KEYS("ExposedPorts", struct oci_image_config, config.exposed_ports),
	CONFIG("Env", env),
	CONFIG("Entrypoint", entrypoint),
	CONFIG("Cmd", cmd),
	JSON_ROW_KEYS("Volumes", struct oci_image_config, config.volumes),
	CONFIG("WorkingDir", working_dir),
	CONFIG("Labels", labels),
	CONFIG("StopSignal", stop_signal),
	JSON_ROW_POINTER("Healthcheck", struct oci_image_config, config.healthcheck, &healthcheck_type),
};
static const struct json_type config_type = JSON_TYPE(struct oci_image_config, config_fields);

static const char *const rootfs_types[] = { "layers", NULL };
static const struct json_field rootfs_fields[] = {
	JSON_ROW_CONSTANT("type", .words = rootfs_types),
	JSON_ROW_ARRAY("diff_ids", struct oci_image_config, diff_ids, diff_ids_count, &json_type_digest, JSON_ALWAYS,
		       .limit = OCI_LAYERS_MAX),
};
static const struct json_type rootfs_type = JSON_TYPE(struct oci_image_config, rootfs_fields);

static const struct json_field image_fields[] = {
	JSON_ROW("created", struct oci_image_config, created, 0),
	JSON_ROW("architecture", struct oci_image_config, architecture, 0),
	JSON_ROW("os", struct oci_image_config, os, 0),
	JSON_ROW("variant", struct oci_image_config, variant, 0),
	JSON_ROW_INLINE("config", &config_type, 0),
	JSON_ROW_INLINE("rootfs", &rootfs_type, JSON_REQUIRED | JSON_ALWAYS),
};
static const struct json_type image_type = JSON_TYPE(struct oci_image_config, image_fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &image_type };

int oci_image_config_parse(const char *json, size_t length, struct arena *arena,
			   struct oci_image_config *config, struct error *err)
{
	struct oci_image_config read = { 0 };

	if (json_read(json, length, OCI_DOCUMENT_BYTES_MAX, &document, arena, &read, err) < 0)
		return -1;
	*config = read;
	return 0;
}

int oci_image_config_write(const struct oci_image_config *config, struct buffer *out, struct error *err)
{
	return json_write(&document, config, false, out, err);
}
