/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/source/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* FIPS 180-4 examples. */
static void sha256_of_abc_is_the_published_one(void **state)
{
	struct digest digest;

	(void)state;
	hash_bytes("abc", 3, &digest);
	assert_string_equal(digest.text,
			    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void sha256_of_nothing_is_the_published_one(void **state)
{
	struct digest digest;

	(void)state;
	hash_bytes("", 0, &digest);
	assert_string_equal(digest.text,
			    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void pieces_give_the_digest_of_the_whole(void **state)
{
	struct hash *hash = hash_new("sha512");
	struct digest digest, parsed;

	(void)state;
	hash_add(hash, "a", 1);
	hash_add(hash, "", 0);
	hash_add(hash, "bc", 2);
	hash_finish(hash, &digest);
	assert_string_equal(digest.text,
			    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
	assert_int_equal(digest_parse(digest.text, &parsed, NULL), 0);
	assert_true(digest_equal(&digest, &parsed));
}

static void an_unfinished_hash_is_freed(void **state)
{
	struct hash *hash = hash_new("sha256");

	(void)state;
	hash_add(hash, "x", 1);
	hash_free(hash);
	hash_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_abc_is_the_published_one),
		cmocka_unit_test(sha256_of_nothing_is_the_published_one),
		cmocka_unit_test(pieces_give_the_digest_of_the_whole),
		cmocka_unit_test(an_unfinished_hash_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
