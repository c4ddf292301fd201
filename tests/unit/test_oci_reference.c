/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X255 X50 X50 X50 X50 X50 "xxxxx"
#define T128 X50 X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *text, *registry, *repository, *tag, *digest, *name;
} accepted[] = {
	{ "redis", "docker.io", "library/redis", "latest", "", "docker.io/library/redis:latest" },
	{ "redis:7", "docker.io", "library/redis", "7", "", "docker.io/library/redis:7" },
	{ "docker.io/redis", "docker.io", "library/redis", "latest", "", "docker.io/library/redis:latest" },
	{ "index.docker.io/redis", "docker.io", "library/redis", "latest", "", "docker.io/library/redis:latest" },
	{ "linuxkit/init:v1", "docker.io", "linuxkit/init", "v1", "", "docker.io/linuxkit/init:v1" },
	{ "a/b/c", "docker.io", "a/b/c", "latest", "", "docker.io/a/b/c:latest" },
	{ "localhost/x", "localhost", "x", "latest", "", "localhost/x:latest" },
	{ "localhost:5000/x/y:t", "localhost:5000", "x/y", "t", "", "localhost:5000/x/y:t" },
	/* Without a slash, a colon parts a tag. */
	{ "localhost:5000", "docker.io", "library/localhost", "5000", "", "docker.io/library/localhost:5000" },
	{ "quay.io/x", "quay.io", "x", "latest", "", "quay.io/x:latest" },
	{ "Host/x", "Host", "x", "latest", "", "Host/x:latest" },
	{ "[::1]:5000/x", "[::1]:5000", "x", "latest", "", "[::1]:5000/x:latest" },
	{ "redis@sha256:" HEX, "docker.io", "library/redis", NULL, "sha256:" HEX,
	  "docker.io/library/redis@sha256:" HEX },
	{ "h.io/a:1@sha512:" HEX HEX, "h.io", "a", "1", "sha512:" HEX HEX, "h.io/a:1@sha512:" HEX HEX },
	{ "a.b/c__d/e-f/g--h/i.j/k_l", "a.b", "c__d/e-f/g--h/i.j/k_l", "latest", "",
	  "a.b/c__d/e-f/g--h/i.j/k_l:latest" },
	{ "r:_A.b-C", "docker.io", "library/r", "_A.b-C", "", "docker.io/library/r:_A.b-C" },
	{ "h.io/" X255, "h.io", X255, "latest", "", "h.io/" X255 ":latest" },
	{ "r:" T128, "docker.io", "library/r", T128, "", "docker.io/library/r:" T128 },
	{ "h.io/" HEX, "h.io", HEX, "latest", "", "h.io/" HEX ":latest" },
};

static void short_forms_become_the_whole_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		struct arena arena = { 0 };
		struct reference r;
		struct error err = { 0 };

		if (reference_parse(accepted[i].text, &arena, &r, &err) < 0)
			fail_msg("%s", err.message);
		assert_string_equal(r.registry, accepted[i].registry);
		assert_string_equal(r.repository, accepted[i].repository);
		assert_string_equal(r.tag ? r.tag : "(none)", accepted[i].tag ? accepted[i].tag : "(none)");
		assert_string_equal(r.digest.text, accepted[i].digest);
		assert_string_equal(r.name, accepted[i].name);
		arena_release(&arena);
	}
}

static void the_whole_name_is_read_as_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		struct arena arena = { 0 };
		struct reference once, twice;
		struct error err = { 0 };

		assert_int_equal(reference_parse(accepted[i].text, &arena, &once, &err), 0);
		assert_int_equal(reference_parse(once.name, &arena, &twice, &err), 0);
		assert_string_equal(twice.name, once.name);
		assert_string_equal(twice.registry, once.registry);
		assert_string_equal(twice.repository, once.repository);
		arena_release(&arena);
	}
}

static const struct {
	const char *text, *why;
} refused[] = {
	{ "", "must not be empty" },
	{ "Redis", "'Redis' is not an image reference: the repository must be in lower case" },
	{ "linuxkit/Init:v1", "the repository must be in lower case" },
	{ "https://quay.io/x", "leave out the scheme" },
	{ "docker://redis", "leave out the scheme" },
	{ "a//b", "the repository may only hold" },
	{ "/a", "the repository may only hold" },
	{ "a/", "the repository may only hold" },
	{ "h.io/", "the repository is empty" },
	{ "a___b", "the repository may only hold" },
	{ "a..b/c", "the part in front of the first '/'" },
	{ "x/a..b", "the repository may only hold" },
	{ "x/a.", "the repository may only hold" },
	{ "x/-a", "the repository may only hold" },
	{ "x/../y", "the repository may only hold" },
	{ "../y", "the part in front of the first '/'" },
	{ "a b", "the repository may only hold" },
	{ "a\nb", "'a?b' is not an image reference" },
	{ "caf\xc3\xa9", "the repository may only hold" },
	{ "-h.io/a", "the part in front of the first '/'" },
	{ "h-.io/a", "the part in front of the first '/'" },
	{ "h.io:/a", "the part in front of the first '/'" },
	{ "h.io:x/a", "the part in front of the first '/'" },
	{ "h.io:1:2/a", "the part in front of the first '/'" },
	{ "[::1/a", "the part in front of the first '/'" },
	{ "[::g]:1/a", "the part in front of the first '/'" },
	{ "[]:1/a", "the part in front of the first '/'" },
	{ "r:", "a tag is" },
	{ "r:.t", "a tag is" },
	{ "r:a+b", "a tag is" },
	{ "r:" T128 "x", "a tag is" },
	{ "h.io/x" X255, "longer than 255" },
	{ X255, "longer than 255" },
	{ X255 "/x:" T128 "@sha512:" HEX HEX, "longer than 512" },
	{ X255 X255 "xxx", "longer than 512" },
	{ HEX, "64 hexadecimal digits are the id of an image" },
	{ "r@", "image reference 'r': '' is not a digest" },
	{ "r@sha256:12", "expected 64 lower-case hex digits" },
	{ "r@sha1:0123456789012345678901234567890123456789", "is not a digest" },
	{ "r@sha256:" HEX "@sha256:" HEX, "is not a digest" },
	{ "@sha256:" HEX, "the repository is empty" },
	{ ":t", "the repository is empty" },
};

static void a_refusal_says_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct arena arena = { 0 };
		struct reference r;
		struct error err = { 0 };

		if (reference_parse(refused[i].text, &arena, &r, &err) == 0)
			fail_msg("accepted: %s", refused[i].text);
		if (!strstr(err.message, refused[i].why))
			fail_msg("'%s': %s", refused[i].text, err.message);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_forms_become_the_whole_name),
		cmocka_unit_test(the_whole_name_is_read_as_itself),
		cmocka_unit_test(a_refusal_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
