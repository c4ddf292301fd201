/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/source/hash.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"

#define CHUNK (64u << 10)

struct hash {
	EVP_MD_CTX *context;
	const char *algorithm; /* static */
};

static const struct algorithm {
	const char *name;
	const EVP_MD *(*method)(void);
} algorithms[] = {
	{ "sha256", EVP_sha256 },
	{ "sha512", EVP_sha512 },
};

static const struct algorithm *find_algorithm(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return &algorithms[i];
	return NULL;
}

/* Hashing memory with an algorithm that is built in fails only when memory is out. */
static void must(int ok)
{
	if (!ok)
		arena_out_of_memory();
}

struct hash *hash_new(const char *name)
{
	const struct algorithm *algorithm = find_algorithm(name);
	struct hash *hash = calloc(1, sizeof(*hash));

	assert(algorithm);
	must(hash != NULL);
	hash->algorithm = algorithm->name;
	hash->context = EVP_MD_CTX_new();
	must(hash->context && EVP_DigestInit_ex(hash->context, algorithm->method(), NULL));
	return hash;
}

void hash_add(struct hash *hash, const void *data, size_t length)
{
	must(EVP_DigestUpdate(hash->context, data, length));
}

int hash_add_file(struct hash *hash, int fd)
{
	char chunk[CHUNK];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, chunk, sizeof(chunk), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		hash_add(hash, chunk, (size_t)n);
		at += n;
	}
	return 0;
}

void hash_finish(struct hash *hash, struct digest *digest)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int length;
	char *p = digest->text;

	must(EVP_DigestFinal_ex(hash->context, bytes, &length));
	*digest = (struct digest){ "" };
	p += snprintf(p, sizeof(digest->text), "%s:", hash->algorithm);
	for (unsigned int i = 0; i < length; i++) {
		*p++ = hex[bytes[i] >> 4];
		*p++ = hex[bytes[i] & 15];
	}
	*p = '\0';
	hash_free(hash);
}

void hash_finish_sum(struct hash *hash, unsigned char sum[HASH_SUM_BYTES])
{
	unsigned int length;

	must(EVP_DigestFinal_ex(hash->context, sum, &length));
	assert(length == HASH_SUM_BYTES);
	hash_free(hash);
}

void hash_free(struct hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	free(hash);
}

void hash_sum(const void *data, size_t length, unsigned char sum[HASH_SUM_BYTES])
{
	must(EVP_Digest(data, length, sum, NULL, EVP_sha256(), NULL));
}

void hash_bytes(const void *data, size_t length, struct digest *digest)
{
	struct hash *hash = hash_new("sha256");

	hash_add(hash, data, length);
	hash_finish(hash, digest);
}
