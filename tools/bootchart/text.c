/* SPDX-License-Identifier: Apache-2.0 */
/* The chart for a terminal: a row a span, and the critical chain. In ASCII, and 100 columns wide wherever it goes. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/bootchart/draw.h"

#define KIND_WIDTH 8
#define NAME_WIDTH 24
#define TIME_WIDTH 9
#define BAR_WIDTH 54

static const char signs[] = { [DRAW_WHOLE] = '#', [DRAW_WAITS] = '.', [DRAW_SET_UP] = '-', [DRAW_GETS_READY] = '=' };

/* A name in its column; how wide a character is the terminal knows. */
static void add_name(struct buffer *out, const char *name)
{
	size_t before = out->length, width = 0;

	draw_label(out, name, NAME_WIDTH);
	for (size_t i = before; i < out->length; i++)
		width += (out->data[i] & 0xc0) != 0x80;
	buffer_printf(out, "%*s", (int)(NAME_WIDTH - width), "");
}

static size_t column(const struct chart *chart, int64_t us)
{
	int64_t range = chart->last_us > chart->first_us ? chart->last_us - chart->first_us : 1;
	int64_t n = (us - chart->first_us) * BAR_WIDTH / range;

	return n < 0 ? 0 : n >= BAR_WIDTH ? BAR_WIDTH - 1 : (size_t)n;
}

static void add_bar(struct buffer *out, const struct chart *chart, const struct chart_span *s)
{
	struct draw_part parts[DRAW_PARTS_MAX];
	size_t count = draw_parts(chart, s, parts), width = 0;
	char bar[BAR_WIDTH + 1];

	memset(bar, ' ', BAR_WIDTH);
	for (size_t i = 0; i < count; i++) {
		size_t from = column(chart, parts[i].from_us), to = column(chart, parts[i].to_us);

		/* The last cell is the next part's, which begins in it. */
		memset(bar + from, signs[parts[i].what], to > from ? to - from : 1);
		width = to > from ? to : from + 1;
	}
	bar[width] = '\0';
	buffer_printf(out, "%s%s", width ? "  " : "", bar);
	if (*draw_remark(s))
		buffer_add_string(out, "  ");
	draw_label(out, draw_remark(s), NAME_WIDTH);
}

static void add_span(struct buffer *out, const struct chart *chart, const struct chart_span *s)
{
	char time[DRAW_TIME_MAX] = "-";
	int64_t took;

	if (draw_took(s, &took))
		draw_time(took, time);
	buffer_printf(out, "%-*s  ", KIND_WIDTH, s->kind_name);
	add_name(out, s->name);
	buffer_printf(out, "  %*s", TIME_WIDTH, time);
	add_bar(out, chart, s);
	buffer_add_string(out, "\n");
}

static void add_heading(struct buffer *out, const struct chart *chart)
{
	char first[DRAW_TIME_MAX], last[DRAW_TIME_MAX];

	draw_time(chart->first_us, first);
	draw_time(chart->last_us, last);
	buffer_printf(out, "\n%-*s  %-*s  %*s  %-*s%*s\n", KIND_WIDTH, "KIND", NAME_WIDTH, "NAME", TIME_WIDTH, "TOOK", BAR_WIDTH / 2,
		      first, BAR_WIDTH - BAR_WIDTH / 2, last);
}

static void add_link(struct buffer *out, const struct chart_link *link)
{
	char at[DRAW_TIME_MAX], took[DRAW_TIME_MAX];

	draw_time(link->at_us, at);
	draw_time(link->took_us, took);
	buffer_printf(out, "%-*s  ", KIND_WIDTH, link->kind_name);
	add_name(out, link->name);
	buffer_printf(out, "  %*s  %*s\n", TIME_WIDTH, took, TIME_WIDTH, at);
}

void chart_write_text(const struct chart *chart, struct buffer *out)
{
	draw_title(out, chart);
	buffer_add_string(out, "\n");
	draw_summary(out, chart);
	buffer_add_string(out, "\n");
	add_heading(out, chart);
	for (size_t i = 0; i < chart->spans_count; i++)
		add_span(out, chart, &chart->spans[i]);
	buffer_add_string(out, "\n");
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		buffer_printf(out, "%s%c %s", i ? "   " : "", signs[i], draw_what_names[i]);
	buffer_printf(out, "\n\nThe critical chain, from the last to the first:\n%-*s  %-*s  %*s  %*s\n", KIND_WIDTH, "KIND", NAME_WIDTH,
		      "NAME", TIME_WIDTH, "TOOK", TIME_WIDTH, "OVER AT");
	for (size_t i = 0; i < chart->chain_count; i++)
		add_link(out, &chart->chain[i]);
}
