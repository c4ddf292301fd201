/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys: ECDSA on P-256 over SHA-256 (what cosign makes), as PEM of a SubjectPublicKeyInfo (RFC 5280, 4.1), through libcrypto. */
#ifndef MKIMAGE_TRUST_KEY_H
#define MKIMAGE_TRUST_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"

#define KEY_BYTES_MAX (64u << 10)

struct key {
	const char *name;		/* the file, in the user's words */
	const unsigned char *der;
	size_t der_length;
	struct digest id;		/* of the DER */
};

/* Exactly one key, and no other block; what else it is, is said. `name` is borrowed, the rest in the arena. */
int key_parse(const char *name, const char *pem, size_t length, struct arena *arena, struct key *key, struct error *err);
int key_read(const char *name, const char *path, struct arena *arena, struct key *key, struct error *err);

/* Whether the signature (ASN.1, RFC 3279, 2.2.3) over the data is by this key. */
bool key_verify(const struct key *key, const void *data, size_t length, const void *signature, size_t signature_length);

#endif
