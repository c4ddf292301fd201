/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char long_text[4 * ERROR_MESSAGE_MAX];

static void each_way_of_failing_returns_minus_one(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(error_set(&err, "a %d", 1), -1);
	assert_int_equal(error_errno(&err, "a"), -1);
	assert_int_equal(error_number(&err, ENOENT, "a"), -1);
	assert_int_equal(error_context(&err, "a"), -1);
}

static void nobody_has_to_listen(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, "a"), -1);
	assert_int_equal(error_errno(NULL, "a"), -1);
	assert_int_equal(error_number(NULL, ENOENT, "a"), -1);
	assert_int_equal(error_context(NULL, "a"), -1);
}

static void the_cause_is_said_and_kept(void **state)
{
	struct error err = { 0 };

	(void)state;
	errno = ENOENT;
	error_errno(&err, "cannot open '%s'", "x");
	assert_string_equal(err.message, "cannot open 'x': No such file or directory");
	assert_int_equal(err.number, ENOENT);
	error_number(&err, EPERM, "cannot open '%s'", "y");
	assert_string_equal(err.message, "cannot open 'y': Operation not permitted");
	error_set(&err, "just so");
	assert_string_equal(err.message, "just so");
	assert_int_equal(err.number, 0);
}

static void the_place_goes_in_front_and_the_cause_stays(void **state)
{
	struct error err = { 0 };

	(void)state;
	error_number(&err, EBUSY, "cannot mount 'devpts'");
	error_context(&err, "mounts[%d] at '%s'", 3, "/dev/pts");
	error_context(&err, "create 'web'");
	assert_string_equal(err.message,
			    "create 'web': mounts[3] at '/dev/pts': cannot mount 'devpts': Device or resource busy");
	assert_int_equal(err.number, EBUSY);
}

static void what_is_too_long_is_cut(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, "%s", long_text);
	assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
	error_context(&err, "place");
	assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
	assert_memory_equal(err.message, "place: xxx", 10);
	error_context(&err, "%s", long_text);
	assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
	error_number(&err, ENOENT, "%s", long_text);
	assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
}

/* What error_print puts on standard error. */
static void printed(const struct error *err, const char *program, char out[8192])
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	error_print(err, program);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	/* One write: one read has it all. */
	n = read(ends[0], out, 8191);
	assert_true(n > 0);
	out[n] = '\0';
	assert_int_equal(read(ends[0], out + n, 1), 0);
	close(ends[0]);
}

static void a_message_is_one_line_of_the_program(void **state)
{
	struct error err;
	char out[8192];

	(void)state;
	error_set(&err, "no");
	printed(&err, "slipway", out);
	assert_string_equal(out, "slipway: no\n");
	error_set(&err, "%s", long_text);
	long_text[200] = '\0';
	printed(&err, long_text, out);
	long_text[200] = 'x';
	assert_true(out[strlen(out) - 1] == '\n' && strchr(out, '\n') == out + strlen(out) - 1);
}

static void what_is_quoted_says_nothing_to_a_terminal(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, "'%s' is wrong", "a\nb\033[2Jc\177");
	assert_string_equal(err.message, "'a?b?[2Jc?' is wrong");
	error_context(&err, "%s", "x\ty");
	assert_string_equal(err.message, "x?y: 'a?b?[2Jc?' is wrong");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_of_failing_returns_minus_one),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(the_cause_is_said_and_kept),
		cmocka_unit_test(the_place_goes_in_front_and_the_cause_stays),
		cmocka_unit_test(what_is_too_long_is_cut),
		cmocka_unit_test(a_message_is_one_line_of_the_program),
		cmocka_unit_test(what_is_quoted_says_nothing_to_a_terminal),
	};

	memset(long_text, 'x', sizeof(long_text) - 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
