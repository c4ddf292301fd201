/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/log_line.h"

#include "oci/json.h"

static const struct json_field fields[] = {
	JSON_ROW("level", struct oci_log_line, level, JSON_REQUIRED),
	JSON_ROW("msg", struct oci_log_line, message, JSON_REQUIRED),
	JSON_ROW("time", struct oci_log_line, time, JSON_REQUIRED),
};
static const struct json_type type = JSON_TYPE(struct oci_log_line, fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &type };

int oci_log_line_write(const struct oci_log_line *line, struct buffer *out, struct error *err)
{
	if (json_write(&document, line, false, out, err) < 0)
		return -1;
	if (out->length == 0 || out->data[out->length - 1] != '\n')
		buffer_add_string(out, "\n");
	return 0;
}
