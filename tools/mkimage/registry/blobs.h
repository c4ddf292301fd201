/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs from a registry into the store, several at once. */
#ifndef MKIMAGE_REGISTRY_BLOBS_H
#define MKIMAGE_REGISTRY_BLOBS_H

#include "tools/mkimage/registry/internal.h"

#define BLOB_BYTES_MAX (64ull << 30)

struct blob {
	const struct oci_descriptor *descriptor;
	const struct digest *diff_id;	/* a layer, to be looked through; NULL: anything */
};

/* Those that the store has are left out. All or none is an error; what came before it stays for the next time. */
int blobs_get(struct registry *registry, struct store *store, const struct place *places, size_t places_count,
	      const struct blob *blobs, size_t count, struct error *err);

#endif
