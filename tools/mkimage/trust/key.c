/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/trust/key.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "tools/mkimage/source/hash.h"

#define CURVE "prime256v1"		/* libcrypto's name of P-256 */

struct block {
	char *name, *header;		/* these three are libcrypto's */
	unsigned char *data;
	long length;
};

static void block_release(struct block *block)
{
	OPENSSL_free(block->name);
	OPENSSL_free(block->header);
	OPENSSL_free(block->data);
	*block = (struct block){ 0 };
}

static bool block_read(BIO *bio, struct block *block)
{
	bool there = PEM_read_bio(bio, &block->name, &block->header, &block->data, &block->length) == 1;

	ERR_clear_error();
	return there;
}

static int check_block(const struct block *block, struct error *err)
{
	if (strstr(block->name, "PRIVATE KEY"))
		return error_set(err, "is a private key, which has no place here; give the public one (PEM, 'PUBLIC KEY')");
	if (strcmp(block->name, PEM_STRING_PUBLIC) != 0)
		return error_set(err, "holds '%.40s', expected 'PUBLIC KEY' (PEM of a SubjectPublicKeyInfo)", block->name);
	return 0;
}

static int check_kind(EVP_PKEY *pkey, struct error *err)
{
	char curve[40] = "";

	if (!EVP_PKEY_is_a(pkey, "EC"))
		return error_set(err, "is a key of %.40s; only ECDSA on P-256 is supported, as 'cosign generate-key-pair' makes it",
				 EVP_PKEY_get0_type_name(pkey) ? EVP_PKEY_get0_type_name(pkey) : "an unknown kind");
	if (!EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), NULL) || strcmp(curve, CURVE) != 0)
		return error_set(err, "is a key on the curve '%.40s'; only P-256 (%s) is supported", *curve ? curve : "unknown", CURVE);
	return 0;
}

static EVP_PKEY *decode(const unsigned char *der, size_t length)
{
	const unsigned char *at = der;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)length);

	ERR_clear_error();
	if (pkey && at == der + length)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

static int take(const struct block *block, const char *name, struct arena *arena, struct key *key, struct error *err)
{
	size_t length = (size_t)block->length;
	EVP_PKEY *pkey = decode(block->data, length);
	unsigned char *der;
	struct hash *hash;
	int r;

	if (!pkey)
		return error_set(err, "holds no key that can be read");
	r = check_kind(pkey, err);
	EVP_PKEY_free(pkey);
	if (r < 0)
		return -1;
	der = arena_alloc(arena, length);
	memcpy(der, block->data, length);
	*key = (struct key){ .name = name, .der = der, .der_length = length };
	hash = hash_new("sha256");
	hash_add(hash, der, length);
	hash_finish(hash, &key->id);
	return 0;
}

/* The first block must be the key, and the only one. */
static int take_only(BIO *bio, const char *name, struct arena *arena, struct key *key, struct error *err)
{
	struct block block = { 0 }, other = { 0 };
	int r = -1;

	if (!block_read(bio, &block))
		return error_set(err, "is no PEM; expected '-----BEGIN PUBLIC KEY-----'");
	if (check_block(&block, err) == 0) {
		if (block_read(bio, &other))
			(void)error_set(err, "holds more than one block; give each key a file of its own");
		else
			r = take(&block, name, arena, key, err);
	}
	block_release(&block);
	block_release(&other);
	return r;
}

int key_parse(const char *name, const char *pem, size_t length, struct arena *arena, struct key *key, struct error *err)
{
	BIO *bio;
	int r;

	if (length > KEY_BYTES_MAX)
		return error_set(err, "key '%s': has %zu bytes, more than a key", name, length);
	bio = BIO_new_mem_buf(pem, (int)length);
	if (!bio)
		arena_out_of_memory();
	r = take_only(bio, name, arena, key, err);
	BIO_free(bio);
	return r < 0 ? error_context(err, "key '%s'", name) : 0;
}

int key_read(const char *name, const char *path, struct arena *arena, struct key *key, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (file_read(AT_FDCWD, path, KEY_BYTES_MAX, &text, err) < 0)
		return error_context(err, "key '%s'", name);
	return key_parse(name, buffer_string(&text), text.length, arena, key, err);
}

bool key_verify(const struct key *key, const void *data, size_t length, const void *signature, size_t signature_length)
{
	EVP_PKEY *pkey = decode(key->der, key->der_length);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good;

	if (!pkey || !context)
		arena_out_of_memory(); /* the key was read before */
	good = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, pkey) == 1 &&
	       EVP_DigestVerify(context, signature, signature_length, data, length) == 1;
	ERR_clear_error();
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}
