/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void both_algorithms_are_read(void **state)
{
	struct digest a, b;
	struct error err;

	(void)state;
	assert_int_equal(digest_parse("sha256:" HEX64, &a, &err), 0);
	assert_string_equal(a.text, "sha256:" HEX64);
	assert_string_equal(digest_algorithm(&a), "sha256");
	assert_string_equal(digest_hex(&a), HEX64);
	assert_int_equal(digest_parse("sha512:" HEX64 HEX64, &b, &err), 0);
	assert_string_equal(digest_algorithm(&b), "sha512");
	assert_string_equal(digest_hex(&b), HEX64 HEX64);
	assert_false(digest_equal(&a, &b));
	assert_true(digest_equal(&a, &a));
}

static void no_digest_has_neither_part(void **state)
{
	struct digest none = { "" };

	(void)state;
	assert_string_equal(digest_algorithm(&none), "");
	assert_string_equal(digest_hex(&none), "");
}

static void anything_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"",		      "sha256",		    "sha256:",		   HEX64,
		"md5:" HEX64,	      "sha2560:" HEX64,	    "SHA256:" HEX64,	   "sha256:" HEX64 "0",
		"sha256:" HEX64 "\n", "sha512:" HEX64,	    " sha256:" HEX64,	   "sha256::" HEX64,
		"sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
		"sha256:../../../../../../../../../../../../../../../../../../../../etc/",
		"sha512:" HEX64 HEX64 HEX64 HEX64,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct digest digest = { "as before" };
		struct error err = { 0 };

		if (digest_parse(bad[i], &digest, &err) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(strstr(err.message, "is not a digest"));
		assert_string_equal(digest.text, "as before");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_algorithms_are_read),
		cmocka_unit_test(no_digest_has_neither_part),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
