/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry and its configuration say, as text. */
#include "tools/mkimage/registry/challenge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tools/mkimage/registry/header.h"
#include "tools/mkimage/registry/places.h"
#include "tools/mkimage/registry/toml.h"
#include "tools/mkimage/source/base64.h"

static struct arena arena;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* --- WWW-Authenticate --- */

static struct challenge challenge(const char *value)
{
	struct challenge c;
	struct error err = { 0 };

	if (challenge_parse(value, &arena, &c, &err) < 0)
		fail_msg("'%s': %s", value, err.message);
	return c;
}

static void a_bearer_has_realm_service_and_scope(void **state)
{
	struct challenge c = challenge("Bearer realm=\"https://auth.example.com/token\",service=\"registry.example.com\","
				       "scope=\"repository:a/b:pull,push\"");

	(void)state;
	assert_int_equal(c.kind, CHALLENGE_BEARER);
	assert_string_equal(c.realm, "https://auth.example.com/token");
	assert_string_equal(c.service, "registry.example.com");
	assert_string_equal(c.scope, "repository:a/b:pull,push");
	c = challenge("bEARER REALM=\"a \\\"quoted\\\" one\" , service=plain");
	assert_string_equal(c.realm, "a \"quoted\" one");
	assert_string_equal(c.service, "plain");
}

static void the_best_of_several_challenges_is_taken(void **state)
{
	(void)state;
	assert_int_equal(challenge("Basic realm=\"x\"").kind, CHALLENGE_BASIC);
	assert_int_equal(challenge("Basic").kind, CHALLENGE_BASIC);
	assert_int_equal(challenge("Basic realm=\"x\", Bearer realm=\"y\"").kind, CHALLENGE_BEARER);
	assert_int_equal(challenge("Bearer realm=\"y\", Basic realm=\"x\"").kind, CHALLENGE_BEARER);
	assert_string_equal(challenge("Bearer realm=\"y\", Basic realm=\"x\"").realm, "y");
	assert_int_equal(challenge("Negotiate, NTLM, Basic realm=\"x\"").kind, CHALLENGE_BASIC);
	assert_int_equal(challenge("Bearer service=\"without a realm\"").kind, CHALLENGE_NONE);
	assert_int_equal(challenge("").kind, CHALLENGE_NONE);
	assert_int_equal(challenge("Digest realm=\"x\", nonce=\"y\"").kind, CHALLENGE_NONE);
}

static void a_broken_challenge_is_an_error(void **state)
{
	static const char *const wrong[] = {
		"Bearer realm=\"does not end", "Bearer realm=\"ends in a backslash\\", "Bearer realm=", "Bearer =x", "\"Bearer\"",
		"Bearer realm=\"line\nbreak\"", "Bearer realm=\"x\" \"y\"", "Basic realm=\"x\";",
		"a b c d e f g h i j k l m n o p q r s t",
	};
	struct challenge c = { .service = "untouched" };
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (challenge_parse(wrong[i], &arena, &c, &err) == 0)
			fail_msg("'%s' was taken", wrong[i]);
	assert_string_equal(c.service, "untouched");
}

/* --- Content-Range, Link --- */

static void only_the_part_that_was_asked_for_is_taken(void **state)
{
	static const char *const wrong[] = {
		NULL, "", "bytes", "bytes 100-199/201", "bytes 99-199/200", "bytes 101-199/200", "bytes 100-198/200", "bytes 100-200/200",
		"bytes */200", "bytes 100-/200", "bytes 100-199", "bytes 100-199/200 ", "bytes 100-199/200x", "bytes -1-199/200",
		"bytes +100-199/200", "items 100-199/200", "bytes 18446744073709551716-199/200", "bytes 100-199/",
		"bytes 100-18446744073709551615/200",
	};

	(void)state;
	assert_int_equal(header_check_range("bytes 100-199/200", 100, 200, NULL), 0);
	assert_int_equal(header_check_range("Bytes 100-199/*", 100, 200, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (header_check_range(wrong[i], 100, 200, NULL) == 0)
			fail_msg("'%s' was taken", wrong[i]);
	/* Nobody asked for a part. */
	assert_int_equal(header_check_range("bytes 0-199/200", 0, 200, NULL), -1);
}

static void the_next_page_is_found(void **state)
{
	(void)state;
	assert_string_equal(header_next_link("</v2/a/tags/list?last=x&n=2>; rel=\"next\"", &arena), "/v2/a/tags/list?last=x&n=2");
	assert_string_equal(header_next_link("<a>; rel=\"prev\", <b>; title=x; rel=next", &arena), "b");
	assert_null(header_next_link("<a>; rel=\"prev\"", &arena));
	assert_null(header_next_link("<a", &arena));
	assert_null(header_next_link("", &arena));
	assert_null(header_next_link(NULL, &arena));
}

/* --- registries.conf --- */

static const char *places(const char *conf, const char *image, const char *insecure)
{
	const struct places *read;
	struct reference reference;
	struct place *found;
	struct error err = { 0 };
	const char *text = "";
	size_t count;

	if (places_parse(conf, strlen(conf), &arena, &read, &err) < 0 || reference_parse(image, &arena, &reference, &err) < 0 ||
	    places_find(read, &reference, &insecure, insecure ? 1 : 0, &arena, &found, &count, &err) < 0)
		return arena_printf(&arena, "error: %s", err.message);
	for (size_t i = 0; i < count; i++)
		text = arena_printf(&arena, "%s%s%s/%s%s%s", text, i ? " " : "", found[i].host, found[i].repository,
				    found[i].insecure ? "!" : "", found[i].mirror ? "m" : "");
	return text;
}

static void without_configuration_a_name_says_where(void **state)
{
	(void)state;
	assert_string_equal(places("", "redis", NULL), "registry-1.docker.io/library/redis");
	assert_string_equal(places("# nothing\n", "ghcr.io/a/b:v1", NULL), "ghcr.io/a/b");
	assert_string_equal(places("", "localhost:5000/a", "localhost:5000"), "localhost:5000/a!");
	assert_string_equal(places("", "localhost:5000/a", "localhost"), "localhost:5000/a");
	assert_string_equal(places("unqualified-search-registries = [\"a\",\n  'b', ] # x\n[aliases]\n\"x\" = \"y\"\n", "a.b/c", NULL),
			    "a.b/c");
}

static void mirrors_come_first(void **state)
{
	static const char conf[] = "[[registry]]\nprefix = \"docker.io\"\nlocation = \"docker.io\"\n"
				   "[[registry.mirror]]\nlocation = \"mirror:5000/hub\"\ninsecure = true\n"
				   "[[registry.mirror]]\nlocation = 'other'\npull-from-mirror = \"digest-only\"\n";
	static const char by_digest[] = "redis@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

	(void)state;
	assert_string_equal(places(conf, "redis", NULL), "mirror:5000/hub/library/redis!m registry-1.docker.io/library/redis");
	assert_string_equal(places(conf, by_digest, NULL),
			    "mirror:5000/hub/library/redis!m other/library/redism registry-1.docker.io/library/redis");
	assert_string_equal(places(conf, "quay.io/a/b", NULL), "quay.io/a/b");
}

static void the_longest_prefix_counts(void **state)
{
	static const char conf[] = "[[registry]]\nlocation = \"a.io\"\ninsecure = true\n"
				   "[[registry]]\nprefix = \"a.io/x\"\nlocation = \"b.io/y\"\n"
				   "[[registry]]\nprefix = \"*.corp\"\nblocked = true\n";

	(void)state;
	assert_string_equal(places(conf, "a.io/w", NULL), "a.io/w!");
	assert_string_equal(places(conf, "a.io/x", NULL), "b.io/y");
	assert_string_equal(places(conf, "a.io/x/z", NULL), "b.io/y/z");
	assert_string_equal(places(conf, "a.io/xx", NULL), "a.io/xx!");
	assert_string_equal(places(conf, "a.io:5000/x", NULL), "a.io:5000/x");
	assert_string_equal(places(conf, "r.corp/x", NULL), "error: registries.conf blocks '*.corp'");
}

static void a_configuration_that_cannot_be_read_names_its_line(void **state)
{
	static const struct {
		const char *conf, *error;
	} wrong[] = {
		{ "[[registry]]\nlocatoin = \"a\"\n", "error: line 2: unknown key 'locatoin' in '[[registry]]'" },
		{ "\n[[registry]]\ninsecure = \"yes\"\n", "error: line 3: insecure: expected true or false" },
		{ "[registry]\nlocation = \"a\"\n", "error: line 2: 'registry' is an array: write '[[registry]]'" },
		{ "[[registry.mirror]]\n", "error: line 1: '[[registry.mirror]]' stands before any '[[registry]]'" },
		{ "[[registry]]\n", "error: a registry has no location" },
		{ "a = \"x\n", "error: line 1: the string does not end" },
		{ "a = [1]\n", "error: line 1: expected an array of strings" },
		{ "a = \"\"\"x\"\"\"\n", "error: line 1: strings of several lines are not known here" },
		{ "a = x\n", "error: line 1: expected a string, true, false, a number or an array of strings" },
		{ "a = 1 b = 2\n", "error: line 1: expected the end of the line" },
		{ "[a\n", "error: line 1: expected ']'" },
		{ "= 1\n", "error: line 1: expected a key" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_string_equal(places(wrong[i].conf, "redis", NULL), wrong[i].error);
}

/* --- base64 --- */

static void base64_is_whole_or_an_error(void **state)
{
	static const char *const wrong[] = { "YQ", "YQ=", "Y===", "====", "YWJj\n", " YWJj", "YQ==YQ==", "Y-Jj", "YWJjZ" };
	size_t length;
	char *data;

	(void)state;
	assert_string_equal(base64_encode("user:pass", 9, &arena), "dXNlcjpwYXNz");
	assert_int_equal(base64_decode("dXNlcjpwYXNzMQ==", &arena, &data, &length), 0);
	assert_int_equal(length, 10);
	assert_string_equal(data, "user:pass1");
	assert_int_equal(base64_decode("", &arena, &data, &length), 0);
	assert_int_equal(length, 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (base64_decode(wrong[i], &arena, &data, &length) == 0)
			fail_msg("'%s' was taken", wrong[i]);
}

static void an_upload_says_how_far_it_came(void **state)
{
	static const char *const untold[] = { "", "0-0", "1-5", "0-", "-5", "0-5x", "0-99999999999999999999", "0-9223372036854775807", "bytes 0-5" };

	(void)state;
	assert_int_equal(header_uploaded("0-1023"), 1024);
	assert_int_equal(header_uploaded("bytes=0-9"), 10);
	assert_int_equal(header_uploaded(NULL), -1);
	for (size_t i = 0; i < ARRAY_SIZE(untold); i++)
		if (header_uploaded(untold[i]) != -1)
			fail_msg("'%s' was taken", untold[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_bearer_has_realm_service_and_scope, release),
		cmocka_unit_test_teardown(the_best_of_several_challenges_is_taken, release),
		cmocka_unit_test_teardown(a_broken_challenge_is_an_error, release),
		cmocka_unit_test_teardown(only_the_part_that_was_asked_for_is_taken, release),
		cmocka_unit_test_teardown(the_next_page_is_found, release),
		cmocka_unit_test_teardown(an_upload_says_how_far_it_came, release),
		cmocka_unit_test_teardown(without_configuration_a_name_says_where, release),
		cmocka_unit_test_teardown(mirrors_come_first, release),
		cmocka_unit_test_teardown(the_longest_prefix_counts, release),
		cmocka_unit_test_teardown(a_configuration_that_cannot_be_read_names_its_line, release),
		cmocka_unit_test_teardown(base64_is_whole_or_an_error, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
