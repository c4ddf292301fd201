/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/layout.h"

#include "oci/json.h"

struct layout {
	const char *version;
};

static const char *const versions[] = { OCI_LAYOUT_VERSION, NULL };

static const struct json_field layout_fields[] = {
	JSON_ROW("imageLayoutVersion", struct layout, version, JSON_REQUIRED, .words = versions),
};
static const struct json_type layout_type = JSON_TYPE(struct layout, layout_fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &layout_type };

int oci_layout_check(const char *json, size_t length, struct error *err)
{
	struct arena arena = { 0 };
	struct layout layout;
	int r = json_read(json, length, OCI_LAYOUT_BYTES_MAX, &document, &arena, &layout, err);

	arena_release(&arena);
	return r < 0 ? error_context(err, "oci-layout") : 0;
}
