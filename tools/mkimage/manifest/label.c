/* SPDX-License-Identifier: Apache-2.0 */
/* The label `org.mobyproject.config` of an image: JSON is YAML, so it is read as the manifest is. */
#include "tools/mkimage/manifest/manifest.h"

#include "base/cleanup.h"
#include "tools/mkimage/manifest/check.h"
#include "tools/mkimage/manifest/schema.h"

int manifest_parse_label(const char *where, const char *json, size_t length, struct arena *arena,
			 struct manifest_container *container, struct error *err)
{
	struct checker checker = { .arena = arena, .err = err };
	struct manifest_container result = { 0 };
	const struct place at = { .file = where };
	struct node *root;

	if (length > MANIFEST_BYTES_MAX)
		return place_error(&at, err, "%zu bytes; a label has at most %u", length, MANIFEST_BYTES_MAX);
	if (node_parse(arena_strdup(arena, where), false, json, length, arena, &root, err) < 0 ||
	    schema_read(&schema_container, root, SCHEMA_PASS_OVER, arena, &result, err) < 0)
		return -1;
	if (result.name.value || result.image.value || result.build.set)
		return place_error(&at, err, "'%s' cannot be set by a label; remove it from the label",
				   result.name.value ? "name" : result.image.value ? "image" : "build");
	if (check_container(&checker, &result, "", CHECK_LABEL) < 0)
		return -1;
	*container = result;
	return 0;
}
