/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/test_report.h"

#include <string.h>

#include "base/arena.h"
#include "oci/json.h"

#define REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */

/* XML 1.0, 2.2: what a document may have of the characters that UTF-8 can say; and what has to be written otherwise. */
static const char *written(const char *at, size_t *length)
{
	unsigned char c = (unsigned char)*at;

	*length = 1;
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\t':
		return "&#9;";
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	}
	if (c < 0x20)
		return REPLACEMENT;
	/* U+FFFE and U+FFFF */
	if (strncmp(at, "\xef\xbf\xbe", 3) == 0 || strncmp(at, "\xef\xbf\xbf", 3) == 0) {
		*length = 3;
		return REPLACEMENT;
	}
	return NULL;
}

/* In an attribute a line break would become a space; in text it may stay. */
static void add_text(struct buffer *out, const char *text, size_t length, bool attribute)
{
	struct arena arena = { 0 };
	char *copy = arena_array(&arena, length + 1, 1);
	const char *clean;

	for (size_t i = 0; i < length; i++)
		copy[i] = text[i] ? text[i] : '\1';
	clean = json_utf8(&arena, copy);
	while (*clean) {
		size_t taken;
		const char *instead = !attribute && (*clean == '\n' || *clean == '\t') ? NULL : written(clean, &taken);

		if (!instead)
			taken = 1;
		buffer_add(out, instead ? instead : clean, instead ? strlen(instead) : 1);
		clean += taken;
	}
	arena_release(&arena);
}

static void add_attribute(struct buffer *out, const char *name, const char *value)
{
	buffer_printf(out, " %s=\"", name);
	add_text(out, value, strlen(value), true);
	buffer_add_string(out, "\"");
}

/* What is cut off in the middle of a character begins with the next one. */
static void add_tail(struct buffer *out, const struct test_result *result)
{
	size_t start = 0;

	while (result->tail_length == TEST_TAIL_MAX && start < 3 && ((unsigned char)result->tail[start] & 0xc0) == 0x80)
		start++;
	add_text(out, result->tail + start, result->tail_length - start, false);
}

static const char *const types[] = {
	[TEST_FAILED] = "failed", [TEST_TIMEOUT] = "timeout", [TEST_BROKEN] = "broken", [TEST_INTERRUPTED] = "interrupted",
};

static void add_case(struct buffer *out, const struct test_suite *suite, size_t run, const struct test_case *test,
		     const struct test_result *result)
{
	/* JUnit's words: a failure is the test's, an error is not. */
	const char *element = result->outcome == TEST_FAILED ? "failure" : "error";

	buffer_add_string(out, "    <testcase");
	add_attribute(out, "classname", test->machine);
	if (suite->runs > 1) {
		buffer_add_string(out, " name=\"");
		add_text(out, test->service, strlen(test->service), true);
		buffer_printf(out, " (run %zu of %zu)\"", run + 1, suite->runs);
	} else {
		add_attribute(out, "name", test->service);
	}
	buffer_printf(out, " time=\"%.3f\">\n", result->seconds);
	if (result->outcome != TEST_PASSED) {
		buffer_printf(out, "      <%s type=\"%s\"", element, types[result->outcome]);
		add_attribute(out, "message", result->message);
		buffer_add_string(out, ">");
		add_tail(out, result);
		buffer_printf(out, "</%s>\n", element);
	}
	buffer_add_string(out, "      <system-out>");
	add_tail(out, result);
	buffer_add_string(out, "</system-out>\n    </testcase>\n");
}

/* NULL where there is nothing to tell. */
static const struct test_result *result_of(const struct test_suite *suite, size_t run, size_t test)
{
	const struct test_result *result = suite->results[run * suite->cases_count + test];

	return suite->cases[test].service && result->outcome != TEST_NOT_RUN ? result : NULL;
}

static void add_counts(struct buffer *out, const struct test_suite *suite)
{
	size_t tests = 0, failures = 0, errors = 0;

	for (size_t run = 0; run < suite->runs; run++)
		for (size_t i = 0; i < suite->cases_count; i++) {
			const struct test_result *result = result_of(suite, run, i);

			tests += result != NULL;
			failures += result && result->outcome == TEST_FAILED;
			errors += result && result->outcome > TEST_FAILED;
		}
	buffer_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.3f\"", tests, failures, errors, suite->seconds);
}

void test_report(const struct test_suite *suite, struct buffer *out)
{
	buffer_add_string(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	add_counts(out, suite);
	buffer_add_string(out, ">\n  <testsuite");
	add_attribute(out, "name", suite->name);
	add_counts(out, suite);
	buffer_add_string(out, ">\n");
	for (size_t run = 0; run < suite->runs; run++)
		for (size_t i = 0; i < suite->cases_count; i++)
			if (result_of(suite, run, i))
				add_case(out, suite, run, &suite->cases[i], result_of(suite, run, i));
	buffer_add_string(out, "  </testsuite>\n</testsuites>\n");
}
