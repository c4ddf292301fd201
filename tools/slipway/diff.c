/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway diff`: what is not the same in two images. */
#include <stdio.h>

#include "tools/mkimage/inspect/diff.h"
#include "tools/slipway/command.h"

/* As diff(1) has it. */
enum { STATUS_SAME, STATUS_DIFFERENT, STATUS_TROUBLE };

struct diff_options {
	bool json;
};

static const struct option diff_option_table[] = {
	{ OPTION_FLAG, 0, "json", NULL, "for programs", offsetof(struct diff_options, json) },
	OPTION_TABLE_END,
};

/* 0 or 1, or -1 with the error. */
static int compare(const struct diff_options *o, const struct contents *a, const struct contents *b, struct arena *arena,
		   struct error *err)
{
	autobuffer struct buffer out = { 0 };
	struct diff diff;

	if (diff_contents(a, b, arena, &diff, err) < 0)
		return -1;
	if (!o->json)
		diff_text(&diff, &out);
	else if (diff_json(&diff, &out, err) < 0)
		return -1;
	if (command_put_out(NULL, &out, err) < 0)
		return -1;
	return diff_is_empty(&diff) ? STATUS_SAME : STATUS_DIFFERENT;
}

static int diff(const struct diff_options *o, const struct option_list *images, struct arena *arena, struct error *err)
{
	struct contents a = { 0 }, b = { 0 };
	int r = -1;

	if (contents_open(images->items[0], NULL, arena, &a, err) == 0 &&
	    contents_open(images->items[1], &a, arena, &b, err) == 0)
		r = compare(o, &a, &b, arena, err);
	contents_close(&b);
	contents_close(&a);
	return r;
}

static int run(int argc, char **argv)
{
	struct diff_options o = { 0 };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };
	int r = option_parse(&command_diff, "slipway", argc, argv, &o, &operands, &arena, &err);

	/* 1 is that help was asked for. */
	r = r == 0 ? diff(&o, &operands, &arena, &err) : r == 1 ? STATUS_SAME : r;
	if (r < 0)
		error_print(&err, "slipway");
	arena_release(&arena);
	return r < 0 ? STATUS_TROUBLE : r;
}

const struct option_command command_diff = {
	.name = "diff", .operands = "A B", .summary = "compare two images: status 0 same, 1 different, 2 trouble",
	.options = diff_option_table, .operands_min = 2, .operands_max = 2, .run = run,
};
