/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures beside the images of a store, filed as cosign and the distribution-spec file them in a repository: a manifest under
 * the tag "sha256-HEX.sig", and an index of referrers under "sha256-HEX" ("Referrers Tag Schema"). HEX is the digest of
 * what they are about.
 */
#ifndef MKIMAGE_SOURCE_STORE_SIGNATURES_H
#define MKIMAGE_SOURCE_STORE_SIGNATURES_H

#include "oci/reference.h"
#include "tools/mkimage/source/store.h"

enum signature_form { SIGNATURE_TAG, SIGNATURE_REFERRERS };

/* The tag alone, and the name in the store. In the arena. */
const char *store_signature_tag(const struct digest *digest, enum signature_form form, struct arena *arena);
const char *store_signature_name(const struct reference *of, const struct digest *digest, enum signature_form form,
				 struct arena *arena);

/* Files a manifest or index of signatures that is in the store. */
int store_tag_signatures(struct store *store, const struct reference *of, const struct digest *digest,
			 enum signature_form form, const struct oci_descriptor *descriptor, struct arena *arena, struct error *err);

/* The manifests of both forms, in this order; there may be none. */
int store_signatures(struct store *store, const struct reference *of, const struct digest *digest, struct arena *arena,
		     struct oci_index *manifests, struct error *err);

#endif
