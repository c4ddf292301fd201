/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that an index and a manifest share: image-spec 1.1, descriptor.md. */
#ifndef OCI_DESCRIPTOR_H
#define OCI_DESCRIPTOR_H

#include "oci/json.h"

extern const struct json_type oci_descriptor_type;	/* struct oci_descriptor */

#endif
