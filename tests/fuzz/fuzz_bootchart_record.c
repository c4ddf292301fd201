/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A boot as a machine tells it, or where the first byte is '{' as a file has it. What is taken can be drawn: within bounds, without
 * anything that a terminal or a browser would obey, and as a document that is read again to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/bootchart/chart.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_lines(char *text, struct arena *arena, struct chart *chart, struct error *err)
{
	struct record record;

	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (record_parse(line, &record, err) < 0 || chart_add_record(chart, &record, arena, err) < 0)
			return -1;
	}
	chart_add_host(chart, 1000000, arena);
	return chart_finish(chart, arena, err);
}

static void check_text(const struct buffer *text)
{
	for (size_t i = 0; i < text->length; i++)
		MUST(text->data[i] == '\n' || ((unsigned char)text->data[i] >= 0x20 && text->data[i] != 0x7f));
}

/* Every '<' begins an element of ours. */
static void check_svg(const struct buffer *svg)
{
	static const char *const tags[] = { "svg ", "title>", "desc>", "rect ", "text ", "text>", "g ", "g>", "line ", "svg>" };

	check_text(svg);
	for (const char *at = svg->data; (at = strchr(at, '<')); at++) {
		const char *name = at + 1 + (at[1] == '/');
		size_t i = 0;

		while (i < ARRAY_SIZE(tags) && strncmp(name, tags[i], strlen(tags[i])) != 0)
			i++;
		MUST(i < ARRAY_SIZE(tags));
	}
	MUST(!strstr(svg->data, "=\"-") && !strstr(svg->data, "]]>"));
}

static void check(const struct chart *chart)
{
	autobuffer struct buffer text = { 0 }, svg = { 0 }, json = { 0 }, again = { 0 };
	struct arena arena = { 0 };
	struct chart copy;
	struct error err;

	MUST(chart->first_us <= chart->last_us && chart->total_us >= 0 && chart->chain_count <= chart->spans_count);
	chart_write_text(chart, &text);
	chart_write_svg(chart, &svg);
	check_text(&text);
	check_svg(&svg);
	MUST(chart_write_json(chart, &json, &err) == 0);
	MUST(chart_read_json(json.data, json.length, &arena, &copy, &err) == 0);
	MUST(chart_write_json(&copy, &again, &err) == 0);
	MUST(strcmp(json.data, again.data) == 0);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autobuffer struct buffer text = { 0 };
	struct arena arena = { 0 };
	struct chart chart = { 0 };
	struct error err = { 0 };
	int r;

	if (size == 0)
		return 0;
	buffer_add(&text, data, size);
	r = *data == '{' ? chart_read_json(text.data, text.length, &arena, &chart, &err) : read_lines(text.data, &arena, &chart, &err);
	if (r == 0)
		check(&chart);
	else
		MUST(*err.message && !strchr(err.message, '\n'));
	arena_release(&arena);
	return 0;
}
