/* SPDX-License-Identifier: Apache-2.0 */
/* One signature: what is by a key and about the image is taken, and nothing else. */
#include "tools/mkimage/trust/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/unit/signer.h"

#define IMAGE "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define INDEX "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OTHER "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define HEX(digest) (digest + sizeof("sha256:") - 1)

#define PAYLOAD(digest) \
	"{\"critical\":{\"identity\":{\"docker-reference\":\"registry.example/app\"},\"image\":{\"docker-manifest-digest\":\"" digest \
	"\"},\"type\":\"cosign container image signature\"},\"optional\":null}"
#define STATEMENT(type, subject, predicate) \
	"{\"_type\":\"" type "\",\"subject\":[" subject "],\"predicateType\":\"" predicate "\",\"predicate\":{}}"
#define V1 "https://in-toto.io/Statement/v1"
#define SIGNED "https://sigstore.dev/cosign/sign/v1"

struct fixture {
	EVP_PKEY *signer, *other;
	struct key keys[2];		/* that of other, that of signer */
	struct signature_wanted wanted;
	struct signature_found found;
	struct arena arena;
	struct error err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *pem;

	f->signer = EVP_EC_gen("P-256");
	f->other = EVP_EC_gen("P-256");
	pem = signer_public(f->other, &f->arena);
	assert_int_equal(key_parse("other", pem, strlen(pem), &f->arena, &f->keys[0], &f->err), 0);
	pem = signer_public(f->signer, &f->arena);
	assert_int_equal(key_parse("signer", pem, strlen(pem), &f->arena, &f->keys[1], &f->err), 0);
	f->wanted = (struct signature_wanted){ .keys = f->keys, .keys_count = 2, .digests_count = 2 };
	assert_int_equal(digest_parse(IMAGE, &f->wanted.digests[0], &f->err), 0);
	assert_int_equal(digest_parse(INDEX, &f->wanted.digests[1], &f->err), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	EVP_PKEY_free(f->signer);
	EVP_PKEY_free(f->other);
	arena_release(&f->arena);
	free(f);
	return 0;
}

/* --- keys ------------------------------------------------------------------------------------ */

static void refused_key(struct fixture *f, const char *pem, const char *why)
{
	struct key key;

	assert_int_equal(key_parse("file", pem, strlen(pem), &f->arena, &key, &f->err), -1);
	if (!strstr(f->err.message, why))
		fail_msg("expected '%s' in '%s'", why, f->err.message);
}

static void other_kinds_of_keys_are_named(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY *pkeys[] = { EVP_RSA_gen(2048), EVP_EC_gen("P-384"), EVP_EC_gen("secp256k1"),
			      EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };
	const char *says[] = { "a key of RSA", "curve 'secp384r1'", "curve 'secp256k1'", "a key of ED25519" };

	for (size_t i = 0; i < ARRAY_SIZE(pkeys); i++) {
		refused_key(f, signer_public(pkeys[i], &f->arena), says[i]);
		EVP_PKEY_free(pkeys[i]);
	}
}

static void what_is_no_key_is_refused(void **state)
{
	struct fixture *f = *state;
	const char *good = signer_public(f->signer, &f->arena);
	char *huge = arena_alloc(&f->arena, KEY_BYTES_MAX + 2);

	refused_key(f, "", "is no PEM");
	refused_key(f, "hello\n", "is no PEM");
	refused_key(f, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "holds no key");
	refused_key(f, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is a private key");
	refused_key(f, "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
		    "is a private key");
	refused_key(f, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds 'CERTIFICATE'");
	refused_key(f, arena_printf(&f->arena, "%s%s", good, good), "more than one block");
	memset(huge, '\n', KEY_BYTES_MAX + 1);
	refused_key(f, huge, "more than a key");
}

static void bytes_behind_a_key_are_refused(void **state)
{
	struct fixture *f = *state;
	char *der = arena_alloc(&f->arena, f->keys[1].der_length + 1);

	memcpy(der, f->keys[1].der, f->keys[1].der_length);
	refused_key(f, arena_printf(&f->arena, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
				    base64_encode(der, f->keys[1].der_length + 1, &f->arena)), "holds no key");
}

/* --- simple signing -------------------------------------------------------------------------- */

static int check_payload(struct fixture *f, const char *payload, const char *signature)
{
	f->err = (struct error){ 0 };
	return signature_check_payload(&f->wanted, payload, strlen(payload), signature, &f->arena, &f->found, &f->err);
}

static void refused_payload(struct fixture *f, const char *payload, const char *why)
{
	assert_int_equal(check_payload(f, payload, signer_sign(f->signer, payload, strlen(payload), &f->arena)), -1);
	if (!strstr(f->err.message, why))
		fail_msg("expected '%s' in '%s'", why, f->err.message);
}

static void payload_about_the_image_is_taken_by_the_key_that_signed(void **state)
{
	struct fixture *f = *state;
	const char *image = PAYLOAD(IMAGE), *index = PAYLOAD(INDEX);

	assert_int_equal(check_payload(f, image, signer_sign(f->signer, image, strlen(image), &f->arena)), 0);
	assert_ptr_equal(f->found.key, &f->keys[1]);
	assert_string_equal(f->found.digest.text, IMAGE);
	assert_string_equal(f->found.reference, "registry.example/app");
	assert_int_equal(check_payload(f, index, signer_sign(f->other, index, strlen(index), &f->arena)), 0);
	assert_ptr_equal(f->found.key, &f->keys[0]);
	assert_string_equal(f->found.digest.text, INDEX);
}

static void payload_that_is_signed_must_still_say_the_right_thing(void **state)
{
	struct fixture *f = *state;

	refused_payload(f, PAYLOAD(OTHER), "about another image, '" OTHER "'");
	refused_payload(f, PAYLOAD("sha256:aa"), "payload: critical.image.docker-manifest-digest");
	refused_payload(f, "", "payload");
	refused_payload(f, "[]", "payload");
	refused_payload(f, "{}", "critical: is missing");
	refused_payload(f, "{\"critical\":{\"type\":\"cosign container image signature\",\"identity\":{}}}", "critical.image: is missing");
	refused_payload(f, "{\"critical\":{\"type\":\"cosign container image signature\",\"image\":{\"docker-manifest-digest\":\"" IMAGE
			   "\"}}}", "critical.identity: is missing");
	refused_payload(f, "{\"critical\":{\"type\":\"atomic container signature\",\"identity\":{},\"image\":{\"docker-manifest-digest\":\""
			   IMAGE "\"}}}", "critical.type: expected");
	refused_payload(f, "{\"critical\":{\"type\":\"cosign container image signature\",\"identity\":{},\"image\":{"
			   "\"docker-manifest-digest\":\"" OTHER "\",\"docker-manifest-digest\":\"" IMAGE "\"}}}", "duplicate");
}

/* Each bit of the signature and each byte of the payload counts. */
static void nothing_can_be_changed(void **state)
{
	struct fixture *f = *state;
	const char *signature, *payload = PAYLOAD(IMAGE);
	size_t length, payload_length = strlen(payload);
	char *bytes, *changed = arena_strdup(&f->arena, payload);

	signature = signer_sign(f->signer, payload, payload_length, &f->arena);
	for (size_t i = 0; i < payload_length; i++) {
		changed[i] ^= 1;
		assert_int_equal(signature_check_payload(&f->wanted, changed, payload_length, signature, &f->arena, &f->found, &f->err), -1);
		changed[i] ^= 1;
	}
	assert_int_equal(base64_decode(signature, &f->arena, &bytes, &length), 0);
	for (size_t i = 0; i < length * 8; i++) {
		bytes[i / 8] ^= (char)(1 << i % 8);
		assert_int_equal(check_payload(f, payload, base64_encode(bytes, length, &f->arena)), -1);
		bytes[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t n = 0; n < length; n++)
		assert_int_equal(check_payload(f, payload, base64_encode(bytes, n, &f->arena)), -1);
	assert_int_equal(check_payload(f, payload, base64_encode(bytes, length + 1, &f->arena)), -1);
	assert_int_equal(check_payload(f, payload, "not base64"), -1);
	assert_non_null(strstr(f->err.message, "is not base64"));
	assert_int_equal(check_payload(f, payload, arena_printf(&f->arena, "%0300d", 0)), -1);
	assert_non_null(strstr(f->err.message, "longer than"));
}

static void key_that_is_not_asked_for_counts_for_nothing(void **state)
{
	struct fixture *f = *state;
	const char *payload = PAYLOAD(IMAGE);

	f->wanted.keys_count = 1;
	assert_int_equal(check_payload(f, payload, signer_sign(f->signer, payload, strlen(payload), &f->arena)), -1);
	assert_string_equal(f->err.message, "it is not by 'other', or what was signed has changed since");
	f->wanted.keys_count = 0;
	assert_int_equal(check_payload(f, payload, signer_sign(f->signer, payload, strlen(payload), &f->arena)), -1);
}

/* --- bundles --------------------------------------------------------------------------------- */

static int check_bundle(struct fixture *f, const char *bundle)
{
	f->err = (struct error){ 0 };
	return signature_check_bundle(&f->wanted, bundle, strlen(bundle), &f->arena, &f->found, &f->err);
}

static void refused_statement(struct fixture *f, const char *statement, const char *why)
{
	assert_int_equal(check_bundle(f, signer_bundle(f->signer, statement, &f->arena)), -1);
	if (!strstr(f->err.message, why))
		fail_msg("expected '%s' in '%s'", why, f->err.message);
}

static const char *statement_about(struct fixture *f, const char *hex)
{
	return arena_printf(&f->arena, STATEMENT(V1, "{\"name\":\"x\",\"digest\":{\"sha512\":\"00\",\"sha256\":\"%s\"}}", SIGNED), hex);
}

static void bundle_about_the_image_is_taken(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(check_bundle(f, signer_bundle(f->signer, statement_about(f, HEX(INDEX)), &f->arena)), 0);
	assert_ptr_equal(f->found.key, &f->keys[1]);
	assert_string_equal(f->found.digest.text, INDEX);
	assert_string_equal(f->found.kind, "bundle");
}

static void statement_that_is_signed_must_still_say_the_right_thing(void **state)
{
	struct fixture *f = *state;

	refused_statement(f, statement_about(f, HEX(OTHER)), "about another image");
	refused_statement(f, STATEMENT(V1, "", SIGNED), "about another image");
	refused_statement(f, STATEMENT(V1, "{\"name\":\"x\"}", SIGNED), "statement: subject[0].digest: is missing");
	refused_statement(f, STATEMENT(V1, "{\"digest\":{\"sha256\":1}}", SIGNED), "statement: subject[0].digest");
	refused_statement(f, arena_printf(&f->arena, STATEMENT(V1, "{\"digest\":{\"sha512\":\"%s\"}}", SIGNED), HEX(IMAGE)),
			  "about another image");
	refused_statement(f, arena_printf(&f->arena, STATEMENT(V1, "{\"digest\":{\"sha256\":\"%s\"}}", "https://spdx.dev/Document"),
					  HEX(IMAGE)), "statement: predicateType: expected");
	refused_statement(f, arena_printf(&f->arena, STATEMENT("https://in-toto.io/Statement/v0.1", "{\"digest\":{\"sha256\":\"%s\"}}",
							       SIGNED), HEX(IMAGE)), "statement: _type: expected");
	refused_statement(f, "", "dsseEnvelope.payload: must not be empty");
	refused_statement(f, "[]", "statement");
}

static void bundle_is_taken_only_as_a_whole(void **state)
{
	struct fixture *f = *state;
	const char *good = signer_bundle(f->signer, statement_about(f, HEX(IMAGE)), &f->arena);
	const char *other = statement_about(f, HEX(OTHER));
	const char *from = strstr(good, "\"payload\":\"") + strlen("\"payload\":\"");

	assert_int_equal(check_bundle(f, good), 0);
	for (size_t n = 0; n < strlen(good); n++)
		assert_int_equal(check_bundle(f, arena_strndup(&f->arena, good, n)), -1);
	assert_int_equal(check_bundle(f, arena_printf(&f->arena, "%.*s%s%s", (int)(from - good), good,
						      base64_encode(other, strlen(other), &f->arena), strchr(from, '"'))), -1);
	assert_non_null(strstr(f->err.message, "what was signed has changed"));
}

/* A payload of one kind is no statement of the other, though the same key signed it. */
static void signature_of_one_form_does_not_count_as_another(void **state)
{
	struct fixture *f = *state;
	const char *statement = statement_about(f, HEX(IMAGE));
	const char *bundle = arena_printf(&f->arena, "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
					  "\"verificationMaterial\":{},\"dsseEnvelope\":{\"payload\":\"%s\",\"payloadType\":"
					  "\"application/vnd.in-toto+json\",\"signatures\":[{\"sig\":\"%s\"}]}}",
					  base64_encode(statement, strlen(statement), &f->arena),
					  signer_sign(f->signer, statement, strlen(statement), &f->arena));

	assert_int_equal(check_bundle(f, bundle), -1);
	assert_non_null(strstr(f->err.message, "it is not by"));
}

#define SIGNATURE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIGNATURE_TEST(other_kinds_of_keys_are_named),
		SIGNATURE_TEST(what_is_no_key_is_refused),
		SIGNATURE_TEST(bytes_behind_a_key_are_refused),
		SIGNATURE_TEST(payload_about_the_image_is_taken_by_the_key_that_signed),
		SIGNATURE_TEST(payload_that_is_signed_must_still_say_the_right_thing),
		SIGNATURE_TEST(nothing_can_be_changed),
		SIGNATURE_TEST(key_that_is_not_asked_for_counts_for_nothing),
		SIGNATURE_TEST(bundle_about_the_image_is_taken),
		SIGNATURE_TEST(statement_that_is_signed_must_still_say_the_right_thing),
		SIGNATURE_TEST(bundle_is_taken_only_as_a_whole),
		SIGNATURE_TEST(signature_of_one_form_does_not_count_as_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
