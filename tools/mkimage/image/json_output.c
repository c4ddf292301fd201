/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "oci/json.h"
#include "tools/mkimage/image/writers.h"

int image_write_json(const struct json_type *type, const void *value, int fd, struct error *err)
{
	const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = type };
	autobuffer struct buffer text = { 0 };

	if (json_write(&document, value, true, &text, err) < 0)
		return -1;
	buffer_add_string(&text, "\n");
	return file_write_all(fd, text.data, text.length, "document", err);
}
