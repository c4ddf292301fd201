/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cron.h"

#include <string.h>

#include "base/cleanup.h"

#define DAY 86400
/* 29 February comes at least every eight years, and with a weekday beside it that is either of them. */
#define DAYS_MAX (9 * 366)

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun",
					   "jul", "aug", "sep", "oct", "nov", "dec" };
static const char *const weekday_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

static const struct field {
	unsigned int least, most;
	const char *const *names;	/* of `least` and what follows */
	size_t names_count;
	const char *problem;
} fields[] = {
	{ 0, 59, NULL, 0, "the minute is 0 to 59, '*', a range or a list" },
	{ 0, 23, NULL, 0, "the hour is 0 to 23, '*', a range or a list" },
	{ 1, 31, NULL, 0, "the day of the month is 1 to 31, '*', a range or a list" },
	{ 1, 12, month_names, ARRAY_SIZE(month_names), "the month is 1 to 12, 'jan' to 'dec', '*', a range or a list" },
	{ 0, 7, weekday_names, ARRAY_SIZE(weekday_names), "the weekday is 0 to 7, 'sun' to 'sat', '*', a range or a list" },
};

static const struct macro {
	const char *name, *text;
} macros[] = {
	{ "@hourly", "0 * * * *" },  { "@daily", "0 0 * * *" },	   { "@midnight", "0 0 * * *" },
	{ "@weekly", "0 0 * * 0" },  { "@monthly", "0 0 1 * *" },  { "@yearly", "0 0 1 1 *" },
	{ "@annually", "0 0 1 1 *" },
};

struct text {
	const char *at, *end;
};

static bool take(struct text *t, char c)
{
	if (t->at == t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

static bool read_digits(struct text *t, unsigned int *n)
{
	const char *start = t->at;

	*n = 0;
	while (t->at < t->end && *t->at >= '0' && *t->at <= '9' && t->at - start < 4)
		*n = *n * 10 + (unsigned int)(*t->at++ - '0');
	return t->at > start;
}

static bool read_value(struct text *t, const struct field *f, unsigned int *n)
{
	if (read_digits(t, n))
		return *n >= f->least && *n <= f->most;
	for (size_t i = 0; i < f->names_count && t->end - t->at >= 3; i++) {
		/* Letters differ from those of the other case in one bit. */
		bool same = (t->at[0] | 0x20) == f->names[i][0] && (t->at[1] | 0x20) == f->names[i][1] &&
			    (t->at[2] | 0x20) == f->names[i][2];

		if (!same)
			continue;
		t->at += 3;
		*n = f->least + (unsigned int)i;
		return true;
	}
	return false;
}

/* '*', N, A-B, and a step behind any of them; N/STEP goes on to the end. */
static bool read_item(struct text *t, const struct field *f, uint64_t *bits)
{
	unsigned int from = f->least, to = f->most, step = 1;
	bool all = take(t, '*'), range = false;

	if (!all) {
		if (!read_value(t, f, &from))
			return false;
		range = take(t, '-');
		to = from;
		if (range && (!read_value(t, f, &to) || to < from))
			return false;
	}
	if (take(t, '/')) {
		if (!read_digits(t, &step) || step == 0)
			return false;
		to = all || range ? to : f->most;
	}
	for (unsigned int n = from; n <= to; n += step)
		*bits |= UINT64_C(1) << n;
	return true;
}

static bool read_field(struct text *t, const struct field *f, uint64_t *bits, bool *any)
{
	const char *start = t->at;

	*bits = 0;
	do {
		if (!read_item(t, f, bits))
			return false;
	} while (take(t, ','));
	*any = t->at - start == 1 && *start == '*';
	return t->at == t->end || *t->at == ' ' || *t->at == '\t';
}

static void skip_blanks(struct text *t)
{
	while (t->at < t->end && (*t->at == ' ' || *t->at == '\t'))
		t->at++;
}

/* ------------------------------------------------------------ dates, as Howard Hinnant's "chrono-compatible low-level date algorithms" */

struct date {
	unsigned int month, day, weekday;
};

static struct date date_of(int64_t days)
{
	int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned int of_era = (unsigned int)(shifted - era * 146097);
	unsigned int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned int of_year = of_era - (365 * year + year / 4 - year / 100), march = (5 * of_year + 2) / 153;
	int64_t weekday = (days + 4) % 7;	/* 1 January 1970 was a Thursday */

	return (struct date){
		.month = march < 10 ? march + 3 : march - 9,
		.day = of_year - (153 * march + 2) / 5 + 1,
		.weekday = (unsigned int)(weekday < 0 ? weekday + 7 : weekday),
	};
}

static bool is_day(const struct cron *c, int64_t days)
{
	struct date d = date_of(days);
	bool day = c->days & UINT32_C(1) << d.day, weekday = c->weekdays & 1u << d.weekday;

	if (!(c->months & 1u << d.month))
		return false;
	if (c->any_day || c->any_weekday)
		return day && weekday;
	return day || weekday;
}

/* The first minute of the day that is at or behind `from`; -1 where there is none. */
static int minute_of_day(const struct cron *c, int from)
{
	for (int minute = from; minute < DAY / 60; minute++)
		if ((c->hours & UINT32_C(1) << (minute / 60)) && (c->minutes & UINT64_C(1) << (minute % 60)))
			return minute;
	return -1;
}

int64_t cron_next(const struct cron *cron, int64_t now)
{
	int64_t minutes = (now >= 0 ? now / 60 : -((59 - now) / 60)) + 1;
	int64_t day = minutes >= 0 ? minutes / 1440 : -((1439 - minutes) / 1440);
	int from = (int)(minutes - day * 1440);

	for (int i = 0; i < DAYS_MAX; i++, day++, from = 0) {
		int minute = is_day(cron, day) ? minute_of_day(cron, from) : -1;

		if (minute >= 0)
			return day * DAY + minute * 60;
	}
	return INT64_MAX;
}

static const struct macro *find_macro(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(macros); i++)
		if (strlen(macros[i].name) == length && memcmp(macros[i].name, text, length) == 0)
			return &macros[i];
	return NULL;
}

const char *cron_parse(const char *text, size_t length, struct cron *cron)
{
	const struct macro *macro = find_macro(text, length);
	struct text t = { macro ? macro->text : text, macro ? macro->text + strlen(macro->text) : text + length };
	uint64_t bits[ARRAY_SIZE(fields)];
	bool any[ARRAY_SIZE(fields)];
	struct cron read;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		skip_blanks(&t);
		if (t.at == t.end)
			return "five fields are needed: minute, hour, day of the month, month, weekday";
		if (!read_field(&t, &fields[i], &bits[i], &any[i]))
			return fields[i].problem;
	}
	skip_blanks(&t);
	if (t.at < t.end)
		return "there is more than five fields";
	read = (struct cron){
		.minutes = bits[0], .hours = (uint32_t)bits[1], .days = (uint32_t)bits[2], .months = (uint16_t)bits[3],
		/* 7 is Sunday, too. */
		.weekdays = (uint8_t)((bits[4] | bits[4] >> 7) & 0x7f), .any_day = any[2], .any_weekday = any[4],
	};
	if (cron_next(&read, 0) == INT64_MAX)
		return "there is no such day";
	*cron = read;
	return NULL;
}
