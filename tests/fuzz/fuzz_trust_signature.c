/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures and keys from anybody. What is taken is about the image that was asked for, and nobody has the key any more that
 * signed the two samples of the corpus: anything else that is taken was not signed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/signature.h"
#include "tools/mkimage/trust/signature.h"

#define MUST(promise) ((promise) ? (void)0 : abort())
#define IMAGE "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char pem[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEpI2aptUQ2kJFrWJt0hJlKI6JYzZw\n"
	"6UBHw7QR0JbX7H+YsiOWm2QPdrQyogpThUYxVOS0PvfDLSAVoKVuqSfAEw==\n"
	"-----END PUBLIC KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line with the signature, and the payload behind it. */
static int check_payload(const struct signature_wanted *wanted, const char *data, size_t size, struct arena *arena,
			 struct signature_found *found, struct error *err)
{
	const char *end = memchr(data, '\n', size);

	if (!end)
		return -1;
	return signature_check_payload(wanted, end + 1, size - (size_t)(end + 1 - data),
				       arena_strndup(arena, data, (size_t)(end - data)), arena, found, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct signature_statement statement;
	struct signature_payload payload;
	struct signature_found found;
	struct signature_wanted wanted;
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct key key, other;

	MUST(key_parse("key", pem, sizeof(pem) - 1, &arena, &key, &err) == 0);
	wanted = (struct signature_wanted){ .keys = &key, .keys_count = 1, .digests_count = 1 };
	MUST(digest_parse(IMAGE, &wanted.digests[0], &err) == 0);
	if (check_payload(&wanted, text, size, &arena, &found, &err) == 0)
		MUST(digest_equal(&found.digest, &wanted.digests[0]) && found.key == &key && strcmp(found.kind, "simple") == 0);
	if (signature_check_bundle(&wanted, text, size, &arena, &found, &err) == 0)
		MUST(digest_equal(&found.digest, &wanted.digests[0]) && found.key == &key && strcmp(found.kind, "bundle") == 0);
	else
		MUST(err.message[0]);
	if (signature_payload_parse(text, size, &arena, &payload, &err) == 0)
		MUST(payload.digest.text[0] && payload.type);
	if (signature_statement_parse(text, size, &arena, &statement, &err) == 0)
		MUST(statement.type && statement.predicate_type);
	if (key_parse("other", text, size, &arena, &other, &err) == 0)
		MUST(other.der_length && other.id.text[0]);
	arena_release(&arena);
	return 0;
}
