/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times that come again, as crontab(5) writes them: "MINUTE HOUR DAY MONTH WEEKDAY", in UTC. A field is '*', a number, a range
 * 'A-B', any of these with a step '/N', or a list of those with commas; months and weekdays also by three letters,
 * Sunday is 0 and 7. Where neither day nor weekday is '*', either of them will do. "@hourly", "@daily", "@weekly",
 * "@monthly" and "@yearly" stand for what they say.
 */
#ifndef BASE_CRON_H
#define BASE_CRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cron {				/* a bit a number */
	uint64_t minutes;
	uint32_t hours, days;
	uint16_t months;
	uint8_t weekdays;
	bool any_day, any_weekday;	/* the field was '*' */
};

/* NULL, or what is wrong: a constant text that fits behind a colon. An expression that never comes is wrong. */
const char *cron_parse(const char *text, size_t length, struct cron *cron);

/* The first time after `now`; both in seconds since 1970, UTC. */
int64_t cron_next(const struct cron *cron, int64_t now);

#endif
