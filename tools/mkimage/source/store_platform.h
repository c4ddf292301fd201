/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of documents, and which of an index is meant: image-index.md, "platform". */
#ifndef MKIMAGE_SOURCE_STORE_PLATFORM_H
#define MKIMAGE_SOURCE_STORE_PLATFORM_H

#include <stdbool.h>

#include "oci/image.h"

bool store_is_index(const char *media_type);
bool store_is_manifest(const char *media_type);

/* "linux/amd64" for this machine, in a static string. */
const char *store_machine_platform(void);

/*
 * The descriptor of `index` for `platform` (NULL is this machine's). Entries for
 * "unknown/unknown" (attestations) are passed over; an entry without a platform is
 * taken where it is the only one. An error lists the platforms there are.
 */
int store_choose_platform(const struct oci_index *index, const char *platform, struct arena *arena,
			  const struct oci_descriptor **chosen, struct error *err);

/* Refuses a config of another os or architecture than `platform` (NULL is this machine's). */
int store_check_platform(const struct oci_image_config *config, const char *platform, struct error *err);

#endif
