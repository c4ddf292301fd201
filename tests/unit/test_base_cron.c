/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/cleanup.h"

static int64_t at(const char *text)
{
	struct tm tm = { 0 };

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
	return timegm(&tm);
}

static void the_next_time_is_the_next(void **state)
{
	static const struct {
		const char *expression, *now, *next;
	} cases[] = {
		{ "* * * * *", "2026-11-25 22:00:00", "2026-11-25 22:01:00" },
		{ "* * * * *", "2026-11-25 22:00:59", "2026-11-25 22:01:00" },
		{ "*/15 * * * *", "2026-11-25 22:46:00", "2026-11-25 23:00:00" },
		{ "5/20 * * * *", "2026-11-25 22:26:00", "2026-11-25 22:45:00" },
		{ "30 4 * * *", "2026-12-31 04:30:00", "2027-01-01 04:30:00" },
		{ "0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00" },
		{ "0 0 29 feb *", "2096-03-01 00:00:00", "2104-02-29 00:00:00" },
		{ "0 12 * * mon-fri", "2026-11-27 12:00:00", "2026-11-30 12:00:00" },
		{ "0 12 * * 7", "2026-11-25 22:00:00", "2026-11-29 12:00:00" },
		{ "0 12 * * SUN", "2026-11-25 22:00:00", "2026-11-29 12:00:00" },
		{ "0 0 13 * 5", "2026-11-25 22:00:00", "2026-11-27 00:00:00" },
		{ "0 0 1 * 1", "2026-11-27 00:00:00", "2026-11-30 00:00:00" },
		{ "1,2,50-52 0 * * *", "2026-11-25 00:02:00", "2026-11-25 00:50:00" },
		{ "0 22-23/1 * 11,12 *", "2026-11-25 23:00:00", "2026-11-26 22:00:00" },
		{ "@hourly", "2026-11-25 22:00:00", "2026-11-25 23:00:00" },
		{ "@yearly", "2026-11-25 22:00:00", "2027-01-01 00:00:00" },
		{ "@weekly", "2026-11-25 22:00:00", "2026-11-29 00:00:00" },
		{ "59 23 31 12 *", "1969-12-31 23:58:59", "1969-12-31 23:59:00" },
	};
	struct cron cron;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *problem = cron_parse(cases[i].expression, strlen(cases[i].expression), &cron);

		if (problem)
			fail_msg("%s: %s", cases[i].expression, problem);
		if (cron_next(&cron, at(cases[i].now)) != at(cases[i].next))
			fail_msg("%s after %s: %lld", cases[i].expression, cases[i].now,
				 (long long)cron_next(&cron, at(cases[i].now)));
	}
}

static void what_is_none_is_refused(void **state)
{
	static const char *const bad[] = {
		"", " ", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *",
		"* * * 13 *", "* * * * 8", "-1 * * * *", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *", "1, * * * *",
		"* * * foo *", "* * * * * x", "*5 * * * *", "1-2-3 * * * *", "0 0 31 2 *", "0 0 30 feb *", "@never",
		"99999999999 * * * *", "*/ * * * *", "mon * * * *",
	};
	struct cron cron = { .minutes = 42 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!cron_parse(bad[i], strlen(bad[i]), &cron) || cron.minutes != 42)
			fail_msg("'%s' was taken", bad[i]);
}

/* Against the C library's calendar, minute by minute of what lies between. */
static void it_agrees_with_the_calendar(void **state)
{
	struct cron cron;
	int64_t now = at("2024-02-20 00:00:00"), end = at("2024-03-20 00:00:00"), next;

	(void)state;
	assert_null(cron_parse("*/7 3-5 * 2,3 2", 15, &cron));
	next = cron_next(&cron, now);
	for (now += 60; now < end; now += 60) {
		time_t t = now;
		struct tm tm;
		bool due;

		assert_non_null(gmtime_r(&t, &tm));
		due = tm.tm_min % 7 == 0 && tm.tm_hour >= 3 && tm.tm_hour <= 5 && tm.tm_wday == 2 &&
		      (tm.tm_mon == 1 || tm.tm_mon == 2);
		assert_int_equal(due, now == next);
		if (due)
			next = cron_next(&cron, now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_time_is_the_next),
		cmocka_unit_test(what_is_none_is_refused),
		cmocka_unit_test(it_agrees_with_the_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
