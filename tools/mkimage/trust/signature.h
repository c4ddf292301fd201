/* SPDX-License-Identifier: Apache-2.0 */
/* One signature, as bytes from anybody, held against keys and the image it must be about. */
#ifndef MKIMAGE_TRUST_SIGNATURE_H
#define MKIMAGE_TRUST_SIGNATURE_H

#include "tools/mkimage/trust/key.h"

#define SIGNATURE_KEYS_MAX 64		/* that one image is held against */
#define SIGNATURE_DIGESTS_MAX 2

/* Who may have signed, and what: the image's manifest, and the index that leads to it. */
struct signature_wanted {
	const struct key *keys;
	size_t keys_count;
	struct digest digests[SIGNATURE_DIGESTS_MAX];
	size_t digests_count;
};

struct signature_found {
	const struct key *key;		/* of `wanted` */
	struct digest digest;		/* that was signed */
	const char *kind;		/* "simple" or "bundle", static */
	const char *reference;		/* the name the signer gave, which is not compared; NULL */
};

/*
 * A payload of simple signing with its signature in base64, and a bundle. The bytes of a payload are not looked into before the
 * signature over them is found good. `found` is set on success only.
 */
int signature_check_payload(const struct signature_wanted *wanted, const char *payload, size_t length, const char *signature,
			    struct arena *arena, struct signature_found *found, struct error *err);
int signature_check_bundle(const struct signature_wanted *wanted, const char *bundle, size_t length, struct arena *arena,
			   struct signature_found *found, struct error *err);

#endif
