/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that sign, for tests of what verifies. */
#ifndef TESTS_UNIT_SIGNER_H
#define TESTS_UNIT_SIGNER_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/buffer.h"
#include "tools/mkimage/source/base64.h"

/* The public half as PEM. */
static inline const char *signer_public(EVP_PKEY *pkey, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *pem;
	char *text;
	long length;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
	length = BIO_get_mem_data(bio, &text);
	pem = arena_strndup(arena, text, (size_t)length);
	BIO_free(bio);
	return pem;
}

/* Base64 of the signature over the bytes. */
static inline const char *signer_sign(EVP_PKEY *pkey, const void *data, size_t length, struct arena *arena)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[256];
	size_t n = sizeof(signature);

	assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey), 1);
	assert_int_equal(EVP_DigestSign(context, signature, &n, data, length), 1);
	EVP_MD_CTX_free(context);
	return base64_encode(signature, n, arena);
}

/* A bundle around a statement. */
static inline const char *signer_bundle(EVP_PKEY *pkey, const char *statement, struct arena *arena)
{
	const char *encoded = arena_printf(arena, "DSSEv1 28 application/vnd.in-toto+json %zu %s", strlen(statement), statement);

	return arena_printf(arena,
			    "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"verificationMaterial\":{\"publicKey\":{}},"
			    "\"dsseEnvelope\":{\"payload\":\"%s\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[{\"sig\":\"%s\"}]}}",
			    base64_encode(statement, strlen(statement), arena),
			    signer_sign(pkey, encoded, strlen(encoded), arena));
}

#endif
