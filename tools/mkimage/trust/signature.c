/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/trust/signature.h"

#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "oci/signature.h"
#include "tools/mkimage/source/base64.h"

#define SIGNATURE_TEXT_MAX 256u		/* base64 of two numbers of P-256 takes 96 */

static const char *names_of(const struct signature_wanted *wanted, struct arena *arena)
{
	const char *names = "";

	for (size_t i = 0; i < wanted->keys_count; i++)
		names = arena_printf(arena, "%s%s'%s'", names, i ? ", " : "", wanted->keys[i].name);
	return names;
}

static int find_key(const struct signature_wanted *wanted, const void *data, size_t length, const char *text,
		    struct arena *arena, const struct key **key, struct error *err)
{
	size_t signature_length;
	char *signature;

	if (strlen(text) > SIGNATURE_TEXT_MAX)
		return error_set(err, "the signature is longer than one of P-256");
	if (base64_decode(text, arena, &signature, &signature_length) < 0)
		return error_set(err, "the signature is not base64");
	for (size_t i = 0; i < wanted->keys_count; i++) {
		if (key_verify(&wanted->keys[i], data, length, signature, signature_length)) {
			*key = &wanted->keys[i];
			return 0;
		}
	}
	return error_set(err, "it is not by %s, or what was signed has changed since", names_of(wanted, arena));
}

static const struct digest *find_digest(const struct signature_wanted *wanted, const char *algorithm, const char *hex)
{
	for (size_t i = 0; i < wanted->digests_count; i++)
		if (strcmp(digest_algorithm(&wanted->digests[i]), algorithm) == 0 &&
		    strcmp(digest_hex(&wanted->digests[i]), hex) == 0)
			return &wanted->digests[i];
	return NULL;
}

int signature_check_payload(const struct signature_wanted *wanted, const char *payload, size_t length, const char *signature,
			    struct arena *arena, struct signature_found *found, struct error *err)
{
	struct signature_payload is;
	const struct key *key;

	if (find_key(wanted, payload, length, signature, arena, &key, err) < 0)
		return -1;
	if (signature_payload_parse(payload, length, arena, &is, err) < 0)
		return error_context(err, "payload");
	if (!find_digest(wanted, digest_algorithm(&is.digest), digest_hex(&is.digest)))
		return error_set(err, "it is about another image, '%s'", is.digest.text);
	*found = (struct signature_found){ .key = key, .digest = is.digest, .kind = "simple", .reference = is.reference };
	return 0;
}

/* DSSE v1, "Pre-Authentication Encoding": what is signed has the lengths of both parts in it. */
static void encode(const char *type, const char *payload, size_t length, struct buffer *out)
{
	buffer_printf(out, "DSSEv1 %zu %s %zu ", strlen(type), type, length);
	buffer_add(out, payload, length);
}

static const struct digest *find_subject(const struct signature_wanted *wanted, const struct signature_statement *statement)
{
	const struct digest *digest = NULL;

	for (size_t i = 0; i < statement->subjects_count && !digest; i++) {
		const struct oci_pairs *digests = &statement->subjects[i].digests;

		for (size_t j = 0; j < digests->count && !digest; j++)
			digest = find_digest(wanted, digests->items[j].key, digests->items[j].value);
	}
	return digest;
}

int signature_check_bundle(const struct signature_wanted *wanted, const char *json, size_t length, struct arena *arena,
			   struct signature_found *found, struct error *err)
{
	autobuffer struct buffer encoded = { 0 };
	struct signature_statement statement;
	struct signature_bundle bundle;
	const struct digest *digest;
	const struct key *key;
	size_t payload_length;
	char *payload;

	if (signature_bundle_parse(json, length, arena, &bundle, err) < 0)
		return error_context(err, "bundle");
	if (base64_decode(bundle.payload, arena, &payload, &payload_length) < 0)
		return error_set(err, "bundle: dsseEnvelope.payload: is not base64");
	encode(bundle.payload_type, payload, payload_length, &encoded);
	if (find_key(wanted, encoded.data, encoded.length, bundle.signature, arena, &key, err) < 0)
		return -1;
	if (signature_statement_parse(payload, payload_length, arena, &statement, err) < 0)
		return error_context(err, "statement");
	digest = find_subject(wanted, &statement);
	if (!digest)
		return error_set(err, "it is about another image");
	*found = (struct signature_found){ .key = key, .digest = *digest, .kind = "bundle" };
	return 0;
}
