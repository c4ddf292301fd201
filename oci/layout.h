/* SPDX-License-Identifier: Apache-2.0 */
/* The `oci-layout` file (image-spec, image-layout.md, "oci-layout file"). */
#ifndef OCI_LAYOUT_H
#define OCI_LAYOUT_H

#include <stddef.h>

#include "base/error.h"

#define OCI_LAYOUT_VERSION "1.0.0"
#define OCI_LAYOUT_TEXT "{\"imageLayoutVersion\":\"" OCI_LAYOUT_VERSION "\"}" /* as we write it */
#define OCI_LAYOUT_BYTES_MAX 65536u

/* Refuses bytes that are not such a file, and any version but ours. */
int oci_layout_check(const char *json, size_t length, struct error *err);

#endif
