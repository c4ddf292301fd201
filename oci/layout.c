/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/layout.h"

#include <jansson.h>
#include <string.h>

int oci_layout_check(const char *json, size_t length, struct error *err)
{
	json_error_t at;
	json_t *root = json_loadb(json, length, JSON_REJECT_DUPLICATES, &at);
	const char *version = json_string_value(json_object_get(root, "imageLayoutVersion"));
	int r = 0;

	if (!root)
		r = error_set(err, "oci-layout: line %d, column %d: %s", at.line, at.column, at.text);
	else if (!version)
		r = error_set(err, "oci-layout: 'imageLayoutVersion' is missing or not a string");
	else if (strcmp(version, OCI_LAYOUT_VERSION) != 0)
		r = error_set(err, "oci-layout: unknown version '%.40s', expected '%s'", version, OCI_LAYOUT_VERSION);
	json_decref(root);
	return r;
}
