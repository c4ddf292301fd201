/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/bootchart/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define NAME_SHOWN 32			/* characters of what stands in the title */
#define WORD_SHOWN 16

const char *const draw_what_names[] = { "runs", "waits", "is set up", "gets ready or done" };

/* ------------------------------------------------------------ spans */

size_t draw_parts(const struct chart *chart, const struct chart_span *s, struct draw_part parts[DRAW_PARTS_MAX])
{
	int64_t since;
	size_t n = 0;

	if (chart_waits(chart, s, &since))
		parts[n++] = (struct draw_part){ DRAW_WAITS, since, s->has_start_us ? s->start_us : s->finish_us };
	if (!s->has_start_us)
		return n;
	if (s->kind < CHART_NETWORK)
		parts[n++] = (struct draw_part){ DRAW_WHOLE, s->start_us, s->finish_us };
	else if (s->kind == CHART_NETWORK)
		parts[n++] = (struct draw_part){ DRAW_GETS_READY, s->start_us, s->finish_us };
	else
		parts[n++] = (struct draw_part){ DRAW_SET_UP, s->start_us, s->has_exec_us ? s->exec_us : s->finish_us };
	/* What is ready by its program has nothing behind that. */
	if (s->kind > CHART_NETWORK && s->has_exec_us && s->finish_us > s->exec_us)
		parts[n++] = (struct draw_part){ DRAW_GETS_READY, s->exec_us, s->finish_us };
	return n;
}

bool draw_took(const struct chart_span *s, int64_t *us)
{
	*us = s->has_start_us ? s->finish_us - s->start_us : 0;
	return s->has_start_us;
}

const char *draw_remark(const struct chart_span *s)
{
	if (s->failed)
		return "failed";
	if (s->over)
		return "";
	return s->state && *s->state ? s->state : "not over";
}

/* ------------------------------------------------------------ text */

void draw_time(int64_t us, char out[DRAW_TIME_MAX])
{
	uint64_t n = us < 0 ? -(uint64_t)us : (uint64_t)us;
	const char *sign = us < 0 ? "-" : "";

	if (n < 999950)
		(void)snprintf(out, DRAW_TIME_MAX, "%s%" PRIu64 ".%" PRIu64 "ms", sign, (n + 50) / 1000, (n + 50) / 100 % 10);
	else
		(void)snprintf(out, DRAW_TIME_MAX, "%s%" PRIu64 ".%03" PRIu64 "s", sign, (n + 500) / 1000000, (n + 500) / 1000 % 1000);
}

/* The character at the beginning, and its bytes. The text is UTF-8: chart_add_record() and the reader of JSON see to that. */
static uint32_t decode(const char *text, size_t *length)
{
	const uint8_t *s = (const uint8_t *)text;
	uint32_t code = s[0] < 0x80 ? s[0] : s[0] < 0xe0 ? s[0] & 0x1f : s[0] < 0xf0 ? s[0] & 0x0f : s[0] & 0x07;

	*length = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	for (size_t i = 1; i < *length; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			*length = i;
			return 0;
		}
		code = code << 6 | (s[i] & 0x3f);
	}
	return code;
}

static bool is_shown(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f },		/* control characters */
		{ 0x200b, 0x200f }, { 0x2028, 0x202e },	/* no width, ends of lines, directions of writing */
		{ 0x2060, 0x206f }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
		{ 0x0300, 0x036f },			/* marks that pile up on what is before them */
		{ 0xfffe, 0xffff },			/* no characters: XML 1.0, 2.2 */
		{ 0xe0000, 0x10ffff },			/* tags, private use */
	};

	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	return true;
}

static size_t count_characters(const char *text)
{
	size_t count = 0, n;

	for (; *text; text += n, count++)
		(void)decode(text, &n);
	return count;
}

void draw_label(struct buffer *out, const char *text, size_t max)
{
	bool cut = count_characters(text) > max;
	size_t n;

	for (size_t left = cut ? max - 3 : max; *text && left > 0; left--, text += n) {
		if (is_shown(decode(text, &n)))
			buffer_add(out, text, n);
		else
			buffer_add_string(out, "?");
	}
	if (cut)
		buffer_add_string(out, "...");
}

static void add_word(struct buffer *out, const char *before, const char *text, size_t max)
{
	if (!*text)
		return;
	buffer_add_string(out, before);
	draw_label(out, text, max);
}

void draw_title(struct buffer *out, const struct chart *chart)
{
	draw_label(out, *chart->machine ? chart->machine : "a machine", NAME_SHOWN);
	add_word(out, ": Linux ", *chart->kernel ? chart->kernel : "?", NAME_SHOWN);
	add_word(out, " ", chart->arch, WORD_SHOWN);
	if (chart->cpus)
		buffer_printf(out, ", %u CPU%s", chart->cpus, chart->cpus == 1 ? "" : "s");
	add_word(out, ", slipway ", chart->version, WORD_SHOWN);
}

static void add_phase(struct buffer *out, const char *name, int64_t us, bool *any)
{
	char time[DRAW_TIME_MAX];

	draw_time(us, time);
	buffer_printf(out, "%s%s (%s)", *any ? " + " : "", time, name);
	*any = true;
}

void draw_summary(struct buffer *out, const struct chart *chart)
{
	char time[DRAW_TIME_MAX];
	int64_t end = chart->first_us + chart->total_us;
	bool any = false;

	buffer_add_string(out, chart->settled ? "Startup finished in " : "Startup not finished after ");
	for (size_t i = 0; i < chart->spans_count; i++)
		if (chart->spans[i].kind <= CHART_KERNEL)
			add_phase(out, chart->spans[i].kind_name, chart->spans[i].finish_us - chart->spans[i].start_us, &any);
	if (chart->has_init_us)
		add_phase(out, "init", chart->init_end_us - chart->init_us, &any);
	if (chart->has_init_us && end > chart->init_end_us)
		add_phase(out, "containers", end - chart->init_end_us, &any);
	draw_time(chart->total_us, time);
	buffer_printf(out, "%s%s", any ? " = " : "", time);
	for (size_t i = 0; i < chart->unknown.count; i++)
		buffer_printf(out, "%s%s", i ? " and " : "; ", chart->unknown.items[i]);
	buffer_add_string(out, chart->unknown.count ? " unknown" : "");
}
