/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of "linux" (config-linux.md) and what config.c shares with them. */
#ifndef OCI_CONFIG_LINUX_H
#define OCI_CONFIG_LINUX_H

#include "oci/json.h"

extern const struct json_type oci_linux_type;		/* struct oci_linux */
extern const struct json_type oci_id_mapping_type;	/* struct oci_id_mapping */

#endif
