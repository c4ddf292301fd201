/* SPDX-License-Identifier: Apache-2.0 */
/* Rules, and what a store must hold for an image to do what they ask for. */
#include "tools/mkimage/trust/trust.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "oci/signature.h"
#include "tests/unit/signer.h"
#include "tools/mkimage/source/store_signatures.h"

#define NAME "registry.example/app:v1"
#define OTHER "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

struct fixture {
	char directory[64];
	struct store *store;
	EVP_PKEY *signer;
	struct key key;
	struct trust_rule rule;
	struct reference reference;
	struct oci_image image;
	struct signature_found found;
	struct arena arena;
	struct error err;
};

static struct oci_descriptor put(struct fixture *f, const char *media_type, const char *text)
{
	struct oci_descriptor d = { .media_type = media_type, .size = strlen(text) };

	assert_int_equal(store_put(f->store, text, strlen(text), &d.digest, &f->err), 0);
	return d;
}

static const char *written(struct fixture *f, const struct oci_descriptor *d, const char *more)
{
	return arena_printf(&f->arena, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu%s}", d->media_type, d->digest.text,
			    (unsigned long long)d->size, more);
}

/* A manifest with the layers, which are JSON, parted by commas. */
static struct oci_descriptor put_manifest(struct fixture *f, const char *layers)
{
	struct oci_descriptor config = put(f, MEDIA_TYPE_CONFIG, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");

	return put(f, MEDIA_TYPE_MANIFEST, arena_printf(&f->arena, "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}",
							written(f, &config, ""), layers));
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct oci_descriptor manifest, index;
	const char *pem;

	strcpy(f->directory, "/tmp/slipway-trust-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	assert_int_equal(store_open(f->directory, &f->store, &f->err), 0);
	f->signer = EVP_EC_gen("P-256");
	pem = signer_public(f->signer, &f->arena);
	assert_int_equal(key_parse("release.pub", pem, strlen(pem), &f->arena, &f->key, &f->err), 0);
	f->rule = (struct trust_rule){ .prefix = "registry.example", .kind = TRUST_KEYS, .keys = &f->key, .keys_count = 1 };
	assert_int_equal(reference_parse(NAME, &f->arena, &f->reference, &f->err), 0);
	manifest = put_manifest(f, "");
	index = put(f, MEDIA_TYPE_INDEX, arena_printf(&f->arena, "{\"schemaVersion\":2,\"manifests\":[%s]}", written(f, &manifest, "")));
	assert_int_equal(store_tag(f->store, NAME, &index, &f->err), 0);
	assert_int_equal(store_image(f->store, NAME, NULL, &f->arena, &f->image, &f->err), 0);
	assert_string_equal(f->image.digest.text, manifest.digest.text);
	assert_string_equal(f->image.top.text, index.digest.text);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	EVP_PKEY_free(f->signer);
	arena_release(&f->arena);
	assert_int_equal(file_remove_tree(AT_FDCWD, f->directory, &f->err), 0);
	free(f);
	return 0;
}

/* A layer with a payload about the digest, signed. */
static const char *simple_layer(struct fixture *f, const char *digest)
{
	const char *payload = arena_printf(&f->arena, "{\"critical\":{\"type\":\"cosign container image signature\",\"identity\":"
					   "{\"docker-reference\":\"signed/as\"},\"image\":{\"docker-manifest-digest\":\"%s\"}}}", digest);
	struct oci_descriptor layer = put(f, MEDIA_TYPE_SIMPLE_SIGNING, payload);

	return written(f, &layer, arena_printf(&f->arena, ",\"annotations\":{\"" ANNOTATION_SIGNATURE "\":\"%s\"}",
					       signer_sign(f->signer, payload, strlen(payload), &f->arena)));
}

static const char *bundle_layer(struct fixture *f, const struct digest *digest)
{
	const char *statement = arena_printf(&f->arena, "{\"_type\":\"" STATEMENT_TYPE "\",\"subject\":[{\"digest\":{\"sha256\":\"%s\"}}],"
					     "\"predicateType\":\"" STATEMENT_PREDICATE_SIGNED "\"}", digest_hex(digest));
	struct oci_descriptor layer = put(f, MEDIA_TYPE_BUNDLE, signer_bundle(f->signer, statement, &f->arena));

	return written(f, &layer, "");
}

/* Files the layers as signatures of a digest. */
static void sign(struct fixture *f, const struct digest *digest, enum signature_form form, const char *layers)
{
	struct oci_descriptor d = put_manifest(f, layers);

	if (form == SIGNATURE_REFERRERS)
		d = put(f, MEDIA_TYPE_INDEX, arena_printf(&f->arena, "{\"schemaVersion\":2,\"manifests\":[%s]}", written(f, &d, "")));
	assert_int_equal(store_tag_signatures(f->store, &f->reference, digest, form, &d, &f->arena, &f->err), 0);
}

static int check(struct fixture *f)
{
	f->err = (struct error){ 0 };
	return trust_check(&f->rule, f->store, &f->image, &f->arena, &f->found, &f->err);
}

static void refused(struct fixture *f, const char *why)
{
	assert_int_equal(check(f), -1);
	if (!strstr(f->err.message, why))
		fail_msg("expected '%s' in '%s'", why, f->err.message);
}

/* --- signatures ------------------------------------------------------------------------------ */

static void image_without_signature_is_refused(void **state)
{
	struct fixture *f = *state;

	refused(f, "image '" NAME "' is not trusted (rule 'registry.example'): it is not signed: the store has no signature of '");
}

static void signature_of_image_or_index_is_enough(void **state)
{
	struct fixture *f = *state;

	sign(f, &f->image.digest, SIGNATURE_TAG, simple_layer(f, f->image.digest.text));
	assert_int_equal(check(f), 0);
	assert_string_equal(f->found.digest.text, f->image.digest.text);
	assert_string_equal(f->found.reference, "signed/as");
	sign(f, &f->image.top, SIGNATURE_REFERRERS, bundle_layer(f, &f->image.top));
	assert_int_equal(check(f), 0);
	assert_string_equal(f->found.digest.text, f->image.top.text);
	assert_string_equal(f->found.kind, "bundle");
}

static void signature_of_another_repository_is_not_looked_at(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(reference_parse("registry.example/other", &f->arena, &f->reference, &f->err), 0);
	sign(f, &f->image.digest, SIGNATURE_TAG, simple_layer(f, f->image.digest.text));
	refused(f, "it is not signed");
}

static void what_is_wrong_with_the_first_is_said(void **state)
{
	struct fixture *f = *state;

	sign(f, &f->image.digest, SIGNATURE_TAG, simple_layer(f, OTHER));
	refused(f, "its signature is not good: sha256:");
	refused(f, "layers[0]: it is about another image, '" OTHER "'");
	sign(f, &f->image.digest, SIGNATURE_REFERRERS, "");
	refused(f, "none of its 2 signatures is good; the first: sha256:");
}

static void bad_ones_hide_no_good_one(void **state)
{
	struct fixture *f = *state;
	const char *bad = simple_layer(f, OTHER);

	sign(f, &f->image.top, SIGNATURE_TAG, arena_printf(&f->arena, "%s,%s,%s", bad, bad, bad));
	sign(f, &f->image.top, SIGNATURE_REFERRERS, "");
	sign(f, &f->image.digest, SIGNATURE_TAG, arena_printf(&f->arena, "%s,%s", bad, simple_layer(f, f->image.digest.text)));
	assert_int_equal(check(f), 0);
}

static void layer_that_cannot_be_one_is_named(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor layer = put(f, MEDIA_TYPE_LAYER, "x");

	sign(f, &f->image.top, SIGNATURE_TAG, written(f, &layer, ""));
	refused(f, "media type '" MEDIA_TYPE_LAYER "' is not that of a signature");
	layer = put(f, MEDIA_TYPE_SIMPLE_SIGNING, "x");
	sign(f, &f->image.top, SIGNATURE_TAG, written(f, &layer, ""));
	refused(f, "has no annotation");
	layer.size = SIGNATURE_PAYLOAD_BYTES_MAX + 1;
	sign(f, &f->image.top, SIGNATURE_TAG, written(f, &layer, ""));
	refused(f, "at most 65536 are allowed");
	layer = (struct oci_descriptor){ .media_type = MEDIA_TYPE_BUNDLE, .size = 1 };
	assert_int_equal(digest_parse(OTHER, &layer.digest, &f->err), 0);
	sign(f, &f->image.top, SIGNATURE_TAG, written(f, &layer, ""));
	refused(f, "is missing from the store");
}

static void gc_keeps_signatures_as_long_as_the_image(void **state)
{
	struct fixture *f = *state;
	struct store_garbage garbage;
	struct oci_index index;

	sign(f, &f->image.top, SIGNATURE_REFERRERS, bundle_layer(f, &f->image.top));
	sign(f, &f->image.digest, SIGNATURE_TAG, simple_layer(f, f->image.digest.text));
	assert_int_equal(store_gc(f->store, &garbage, &f->err), 0);
	assert_int_equal(check(f), 0);
	assert_int_equal(store_list(f->store, &f->arena, &index, &f->err), 0);
	assert_int_equal(index.count, 3);
	assert_int_equal(store_untag(f->store, NAME, &f->err), 0);
	assert_int_equal(store_gc(f->store, &garbage, &f->err), 0);
	assert_int_equal(store_list(f->store, &f->arena, &index, &f->err), 0);
	assert_int_equal(index.count, 0);
	assert_int_equal(garbage.blobs, 8);
}

static void name_of_a_signature_is_no_advice(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor found;

	sign(f, &f->image.top, SIGNATURE_TAG, simple_layer(f, f->image.top.text));
	assert_int_equal(store_untag(f->store, NAME, &f->err), 0);
	assert_int_equal(store_find(f->store, "registry.example/app:v2", &f->arena, &found, &f->err), -1);
	assert_null(strstr(f->err.message, ".sig"));
}

/* --- what was made here ---------------------------------------------------------------------- */

static void what_was_made_here_is_local(void **state)
{
	struct fixture *f = *state;
	struct oci_pair pulled = { ANNOTATION_PULLED, NAME };
	struct oci_descriptor entry;

	f->rule.kind = TRUST_LOCAL;
	assert_int_equal(check(f), 0);
	assert_int_equal(store_find(f->store, NAME, &f->arena, &entry, &f->err), 0);
	entry.annotations = (struct oci_pairs){ &pulled, 1 };
	assert_int_equal(store_tag(f->store, NAME, &entry, &f->err), 0);
	refused(f, "it was pulled from a registry");
}

static void what_a_lock_pins_must_still_be_what_is_here(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor other = put(f, MEDIA_TYPE_INDEX, "{\"schemaVersion\":2,\"manifests\":[]}");

	f->rule.kind = TRUST_LOCAL;
	f->image.name = arena_printf(&f->arena, NAME "@%s", f->image.top.text);
	assert_int_equal(check(f), 0);
	assert_int_equal(store_tag(f->store, NAME, &other, &f->err), 0);
	refused(f, "is not what was made here last");
	assert_int_equal(store_untag(f->store, NAME, &f->err), 0);
	refused(f, "is not in the store");
}

static void insecure_asks_for_nothing(void **state)
{
	struct fixture *f = *state;

	f->rule.kind = TRUST_INSECURE;
	assert_int_equal(check(f), 0);
}

/* --- rules ----------------------------------------------------------------------------------- */

static void longest_prefix_of_whole_components_counts(void **state)
{
	static const struct trust_rule rules[] = {
		{ .prefix = "registry.example" },     { .prefix = "registry.example/app" }, { .prefix = "redis" },
		{ .prefix = "docker.io/library" },    { .prefix = "slipway" },		    { .prefix = "registry.example:5000" },
		{ .prefix = "docker.io/slipway/app" },
	};
	static const struct {
		const char *image, *prefix;	/* NULL: none */
	} cases[] = {
		{ "registry.example/app:v1", "registry.example/app" },
		{ "registry.example/app/sub@" OTHER, "registry.example/app" },
		{ "registry.example/apple", "registry.example" },
		{ "registry.example/ap", "registry.example" },
		{ "registry.example:5000/app", "registry.example:5000" },
		{ "registry.example:500/app", NULL },
		{ "registry.example.org/app", NULL },
		{ "redis:7", "redis" },
		{ "docker.io/library/redis", "redis" },
		{ "postgres", "docker.io/library" },
		{ "redis/redis", "redis" },
		{ "registry2.example/redis", NULL },
		{ "slipway/busybox", "slipway" },
		{ "slipway/app:v2", "docker.io/slipway/app" },
		{ "localhost/slipway/busybox", NULL },
		{ "another/slipway", NULL },
	};
	const struct trust_policy policy = { rules, ARRAY_SIZE(rules) };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct trust_rule *rule = NULL;
		int r = trust_find(&policy, cases[i].image, &f->arena, &rule, &f->err);

		assert_int_equal(r, cases[i].prefix ? 0 : -1);
		if (cases[i].prefix)
			assert_string_equal(rule->prefix, cases[i].prefix);
		else
			assert_non_null(strstr(f->err.message, "has no rule in 'trust'"));
	}
}

static void empty_prefix_is_for_the_rest(void **state)
{
	static const struct trust_rule rules[] = { { .prefix = "" }, { .prefix = "registry.example" } };
	const struct trust_policy policy = { rules, ARRAY_SIZE(rules) };
	const struct trust_rule *rule;
	struct fixture *f = *state;

	assert_int_equal(trust_find(&policy, "registry.example/app", &f->arena, &rule, &f->err), 0);
	assert_ptr_equal(rule, &rules[1]);
	assert_int_equal(trust_find(&policy, "redis", &f->arena, &rule, &f->err), 0);
	assert_ptr_equal(rule, &rules[0]);
}

#define TRUST_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRUST_TEST(image_without_signature_is_refused),
		TRUST_TEST(signature_of_image_or_index_is_enough),
		TRUST_TEST(signature_of_another_repository_is_not_looked_at),
		TRUST_TEST(what_is_wrong_with_the_first_is_said),
		TRUST_TEST(bad_ones_hide_no_good_one),
		TRUST_TEST(layer_that_cannot_be_one_is_named),
		TRUST_TEST(gc_keeps_signatures_as_long_as_the_image),
		TRUST_TEST(name_of_a_signature_is_no_advice),
		TRUST_TEST(what_was_made_here_is_local),
		TRUST_TEST(what_a_lock_pins_must_still_be_what_is_here),
		TRUST_TEST(insecure_asks_for_nothing),
		TRUST_TEST(longest_prefix_of_whole_components_counts),
		TRUST_TEST(empty_prefix_is_for_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
