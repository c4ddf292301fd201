/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway inspect`: what is inside an image. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "tools/mkimage/inspect/inspect.h"
#include "tools/slipway/command.h"

struct inspect_options {
	bool tree, json, html;
	const char *output;
};

#define AT(member) offsetof(struct inspect_options, member)

static const struct option inspect_option_table[] = {
	{ OPTION_FLAG, 0, "tree", NULL, "also each directory with what is below it", AT(tree) },
	{ OPTION_FLAG, 0, "json", NULL, "for programs", AT(json) },
	{ OPTION_FLAG, 0, "html", NULL, "a page of its own, with a map of what takes how much", AT(html) },
	{ OPTION_STRING, 'o', "output", "FILE", "write it there (default: standard output)", AT(output) },
	OPTION_TABLE_END,
};

static int report(const struct inspect_options *o, const struct contents *contents, struct buffer *out, struct error *err)
{
	if (o->json)
		return report_json(contents, o->tree, out, err);
	if (o->html)
		return report_html(contents, out, err);
	report_text(contents, o->tree, out);
	return 0;
}

static int inspect(const void *options, const char *image, struct arena *arena, struct error *err)
{
	const struct inspect_options *o = options;
	autobuffer struct buffer out = { 0 };
	struct contents contents;
	int r;

	if (o->json && o->html)
		return error_set(err, "--json and --html are two forms of one thing; choose one");
	r = contents_open(image, NULL, arena, &contents, err);
	if (r == 0)
		r = report(o, &contents, &out, err);
	contents_close(&contents);
	return r == 0 ? command_put_out(o->output, &out, err) : -1;
}

static int run(int argc, char **argv)
{
	struct inspect_options o = { 0 };

	return command_with_operand(&command_inspect, argc, argv, &o, inspect);
}

const struct option_command command_inspect = {
	.name = "inspect", .operands = "IMAGE", .summary = "show what is inside an image that was built",
	.options = inspect_option_table, .operands_min = 1, .operands_max = 1, .run = run,
};
