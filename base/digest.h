/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content digests as the OCI image-spec writes them (descriptor.md, "Digests"):
 * `algorithm:encoded`. Only the text; the hashing itself is the library's, in
 * tools/mkimage/source/hash.h.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>

#include "base/error.h"

#define DIGEST_TEXT_MAX (sizeof("sha512:") + 128)

struct digest {
	char text[DIGEST_TEXT_MAX];	/* "sha256:" and 64 lower-case hex digits, or sha512 and 128; "" is none */
};

/* Refuses unknown algorithms, wrong lengths and anything but lower-case hex. */
int digest_parse(const char *text, struct digest *digest, struct error *err);

bool digest_equal(const struct digest *a, const struct digest *b);

/* The name of the algorithm ("sha256") in a static string, and the hex behind the colon (borrowed). */
const char *digest_algorithm(const struct digest *digest);
const char *digest_hex(const struct digest *digest);

#endif
