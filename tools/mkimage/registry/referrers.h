/* SPDX-License-Identifier: Apache-2.0 */
/* What refers to a document of a registry. */
#ifndef MKIMAGE_REGISTRY_REFERRERS_H
#define MKIMAGE_REGISTRY_REFERRERS_H

#include "tools/mkimage/registry/internal.h"

/* From the API of one place, or from the tag of the digest where it has none; may be empty. */
int referrers_get(struct registry *registry, const struct place *place, const struct digest *digest, struct arena *arena,
		  struct oci_index *index, struct error *err);

#endif
