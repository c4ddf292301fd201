/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signals.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void a_signal_is_known_by_each_of_its_names(void **state)
{
	static const struct {
		const char *name;
		int number;
	} cases[] = {
		{ "SIGTERM", SIGTERM }, { "TERM", SIGTERM },   { "sigterm", SIGTERM },	{ "term", SIGTERM },
		{ "15", 15 },		{ "0", 0 },	       { "64", 64 },		{ "SIGCLD", SIGCHLD },
		{ "SIGRTMIN", 34 },	{ "SIGRTMIN+3", 37 },  { "RTMIN+30", 64 },	{ "SIGRTMAX", 64 },
		{ "rtmax-1", 63 },	{ "SIGWINCH", SIGWINCH },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(signal_number(cases[i].name), cases[i].number);
}

static void what_is_no_signal_is_refused(void **state)
{
	static const char *const bad[] = { "",	       "SIG",	  "SIGSIGTERM", "65",	    "-1",	 "1x", " 15",
					   "RTMIN+31", "RTMIN+",  "RTMIN-1",	"RTMAX-31", "RTMAX+1",	 "TERM ",
					   "99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (signal_number(bad[i]) != -1)
			fail_msg("'%s' is %d", bad[i], signal_number(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_is_known_by_each_of_its_names),
		cmocka_unit_test(what_is_no_signal_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
