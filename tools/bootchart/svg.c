/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chart as a picture that needs nothing else: no script, no font, no style of its own. Each span has a row, so that labels never
 * meet; lengths are in hundredths of a pixel, and whole numbers, so that the same chart is the same bytes.
 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/bootchart/draw.h"

#define LEFT 300			/* pixels, of the labels */
#define PLOT 900
#define RIGHT 130			/* the time behind the longest bar */
#define TOP 92
#define ROW 20
#define BAR 14
#define BOTTOM 30
#define WIDTH (LEFT + PLOT + RIGHT)
#define CHARACTER 722			/* hundredths: the width of one of a monospaced font of 12 pixels */
#define LABEL_MAX 38			/* characters */
#define TICKS 7

#define COLOUR_FAILED "#d55e00"
#define COLOUR_CRITICAL "#b3003c"
#define COLOUR_TEXT "#222222"

static const char *const kind_colours[CHART_KINDS] = {
	[CHART_HOST] = "#8a8a8a", [CHART_FIRMWARE] = "#cc79a7", [CHART_LOADER] = "#e69f00", [CHART_KERNEL] = "#0072b2",
	[CHART_INIT] = "#56b4e9",
};
static const char *const what_colours[] = { [DRAW_WAITS] = "#d9d9d9", [DRAW_SET_UP] = "#e6d200", [DRAW_GETS_READY] = "#009e73" };

/* ------------------------------------------------------------ pieces */

static void add_escaped(struct buffer *out, const char *text)
{
	static const char special[] = "&<>\"'";
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };

	for (; *text; text++) {
		const char *found = strchr(special, *text);

		if (found)
			buffer_add_string(out, entities[found - special]);
		else
			buffer_add(out, text, 1);
	}
}

static void add_label(struct buffer *out, const char *text, size_t max)
{
	autobuffer struct buffer label = { 0 };

	draw_label(&label, text, max);
	add_escaped(out, buffer_string(&label));
}

static void add_number(struct buffer *out, const char *name, int64_t hundredths)
{
	int64_t n = hundredths < 0 ? 0 : hundredths;

	buffer_printf(out, " %s=\"%" PRId64 ".%02" PRId64 "\"", name, n / 100, n % 100);
}

static int64_t range_of(const struct chart *chart)
{
	return chart->last_us > chart->first_us ? chart->last_us - chart->first_us : 1;
}

/* Both ends are within CHART_TIME_MAX: the product has room. */
static int64_t x_of(const struct chart *chart, int64_t us)
{
	return LEFT * 100 + (us - chart->first_us) * (PLOT * 100) / range_of(chart);
}

static int64_t y_of(size_t row)
{
	return TOP + (int64_t)row * ROW;
}

/* ------------------------------------------------------------ around the rows */

static void add_swatch(struct buffer *out, const char *colour, const char *name, int64_t *x)
{
	buffer_printf(out, "<rect width=\"12\" height=\"12\" fill=\"%s\" y=\"50\"", colour);
	add_number(out, "x", *x);
	buffer_add_string(out, "/><text y=\"60\"");
	add_number(out, "x", *x + 1600);
	buffer_printf(out, ">%s</text>\n", name);
	*x += 3200 + (int64_t)strlen(name) * CHARACTER;
}

static void add_legend(struct buffer *out)
{
	int64_t x = 1000;

	buffer_add_string(out, "<g id=\"legend\">\n");
	for (size_t i = 0; i < CHART_NETWORK; i++)
		add_swatch(out, kind_colours[i], chart_kind_names[i], &x);
	for (size_t i = DRAW_WAITS; i < ARRAY_SIZE(what_colours); i++)
		add_swatch(out, what_colours[i], draw_what_names[i], &x);
	add_swatch(out, COLOUR_FAILED, "failed", &x);
	add_swatch(out, COLOUR_CRITICAL, "name on the critical chain", &x);
	buffer_add_string(out, "</g>\n");
}

/* The smallest of 1, 2 and 5 times a power of ten that makes no more than TICKS of the range. */
static int64_t tick_of(int64_t range)
{
	static const int64_t factors[] = { 1, 2, 5 };

	for (int64_t power = 1;; power *= 10)
		for (size_t i = 0; i < ARRAY_SIZE(factors); i++)
			if (range / (power * factors[i]) <= TICKS)
				return power * factors[i];
}

static void add_tick_label(struct buffer *out, int64_t x, int64_t y, int64_t us)
{
	buffer_add_string(out, "<text text-anchor=\"middle\"");
	add_number(out, "x", x);
	buffer_printf(out, " y=\"%" PRId64 "\">%s%" PRId64, y, us < 0 ? "-" : "", (us < 0 ? -us : us) / 1000);
	if (us % 1000 != 0)
		buffer_printf(out, ".%03" PRId64, (us < 0 ? -us : us) % 1000);
	buffer_add_string(out, " ms</text>\n");
}

static void add_axis(struct buffer *out, const struct chart *chart, size_t rows)
{
	int64_t tick = tick_of(range_of(chart));
	int64_t us = chart->first_us / tick * tick;

	us += us < chart->first_us ? tick : 0;
	buffer_add_string(out, "<g id=\"axis\">\n");
	for (; us <= chart->last_us; us += tick) {
		int64_t x = x_of(chart, us);

		buffer_printf(out, "<line stroke=\"%s\" y1=\"%d\" y2=\"%" PRId64 "\"", us == 0 ? "#777777" : "#e2e2e2", TOP - 4, y_of(rows) + 4);
		add_number(out, "x1", x);
		add_number(out, "x2", x);
		buffer_add_string(out, "/>\n");
		add_tick_label(out, x, TOP - 10, us);
		add_tick_label(out, x, y_of(rows) + 18, us);
	}
	buffer_add_string(out, "</g>\n");
}

/* ------------------------------------------------------------ rows */

static bool is_critical(const struct chart *chart, const struct chart_span *s)
{
	for (size_t i = 0; i < chart->chain_count; i++)
		if (strcmp(chart->chain[i].kind_name, s->kind_name) == 0 &&
		    (s->kind == CHART_INIT || strcmp(chart->chain[i].name, s->name) == 0))
			return true;
	return false;
}

static const char *colour_of(const struct chart_span *s, const struct draw_part *part)
{
	if (s->failed && part->what != DRAW_WAITS)
		return COLOUR_FAILED;
	return part->what == DRAW_WHOLE ? kind_colours[s->kind] : what_colours[part->what];
}

/* For who points at it. */
static void add_tooltip(struct buffer *out, const struct chart_span *s, const struct draw_part *parts, size_t count)
{
	char time[DRAW_TIME_MAX];

	buffer_printf(out, "<title>%s ", s->kind_name);
	add_label(out, s->name, CHART_NAME_MAX);
	for (size_t i = 0; i < count; i++) {
		draw_time(parts[i].to_us - parts[i].from_us, time);
		buffer_printf(out, "%s %s %s", i ? "," : ":", draw_what_names[parts[i].what], time);
	}
	draw_time(s->finish_us, time);
	if (s->over)
		buffer_printf(out, ", over at %s", time);
	if (s->starts > 1)
		buffer_printf(out, ", started %u times", s->starts);
	buffer_add_string(out, "</title>");
}

static void add_bar(struct buffer *out, const struct chart *chart, const struct chart_span *s, const struct draw_part *part, int64_t y)
{
	int64_t from = x_of(chart, part->from_us), width = x_of(chart, part->to_us) - from;

	buffer_printf(out, "<rect height=\"%d\" y=\"%" PRId64 "\" fill=\"%s\"%s", BAR, y + (ROW - BAR) / 2, colour_of(s, part),
		      s->over ? "" : " fill-opacity=\"0.5\"");
	add_number(out, "x", from);
	/* What was too short to be seen is seen all the same. */
	add_number(out, "width", width < 100 ? 100 : width);
	buffer_add_string(out, "/>");
}

static void add_time(struct buffer *out, const struct chart *chart, const struct chart_span *s, int64_t y)
{
	char time[DRAW_TIME_MAX] = "";
	int64_t took;

	if (draw_took(s, &took))
		draw_time(took, time);
	buffer_printf(out, "<text y=\"%" PRId64 "\"", y + 14);
	add_number(out, "x", x_of(chart, s->finish_us) + 500);
	buffer_printf(out, ">%s%s", time, *time && *draw_remark(s) ? " " : "");
	add_label(out, draw_remark(s), 12);
	buffer_add_string(out, "</text>");
}

static void add_row(struct buffer *out, const struct chart *chart, const struct chart_span *s, size_t row)
{
	struct draw_part parts[DRAW_PARTS_MAX];
	size_t count = draw_parts(chart, s, parts);
	int64_t y = y_of(row);

	buffer_printf(out, "<g class=\"span\">");
	add_tooltip(out, s, parts, count);
	buffer_printf(out, "<text class=\"name\" text-anchor=\"end\" x=\"%d\" y=\"%" PRId64 "\"%s>%s: ", LEFT - 8, y + 14,
		      is_critical(chart, s) ? " font-weight=\"bold\" fill=\"" COLOUR_CRITICAL "\"" : "", s->kind_name);
	add_label(out, s->name, LABEL_MAX - strlen(s->kind_name) - 2);
	buffer_add_string(out, "</text>");
	for (size_t i = 0; i < count; i++)
		add_bar(out, chart, s, &parts[i], y);
	add_time(out, chart, s, y);
	buffer_add_string(out, "</g>\n");
}

void chart_write_svg(const struct chart *chart, struct buffer *out)
{
	autobuffer struct buffer title = { 0 }, summary = { 0 };
	int64_t height = y_of(chart->spans_count) + BOTTOM;

	draw_title(&title, chart);
	draw_summary(&summary, chart);
	buffer_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%" PRId64 "\" viewBox=\"0 0 %d %" PRId64 "\" role=\"img\" "
		      "font-family=\"'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace\" font-size=\"12\" fill=\"" COLOUR_TEXT "\">\n",
		      WIDTH, height, WIDTH, height);
	buffer_add_string(out, "<title>");
	add_escaped(out, buffer_string(&title));
	buffer_add_string(out, "</title>\n<desc>");
	add_escaped(out, buffer_string(&summary));
	buffer_printf(out, "</desc>\n<rect width=\"%d\" height=\"%" PRId64 "\" fill=\"#ffffff\"/>\n", WIDTH, height);
	buffer_add_string(out, "<text x=\"10\" y=\"20\" font-size=\"14\" font-weight=\"bold\">");
	add_escaped(out, buffer_string(&title));
	buffer_add_string(out, "</text>\n<text x=\"10\" y=\"40\">");
	add_escaped(out, buffer_string(&summary));
	buffer_add_string(out, "</text>\n");
	add_legend(out);
	add_axis(out, chart, chart->spans_count);
	for (size_t i = 0; i < chart->spans_count; i++)
		add_row(out, chart, &chart->spans[i], i);
	buffer_add_string(out, "</svg>\n");
}
