/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway sbom`: what an image is made of, for who asks whether something in it has to be replaced. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/slipway/command.h"
#include "tools/slipway/sbom_formats.h"

struct sbom_options {
	const char *format, *output;
};

static const struct option sbom_option_table[] = {
	{ OPTION_STRING, 'f', "format", "FORMAT", "spdx (default), cyclonedx, or slsa for how it was built",
	  offsetof(struct sbom_options, format) },
	{ OPTION_STRING, 'o', "output", "FILE", "write it there (default: standard output)", offsetof(struct sbom_options, output) },
	OPTION_TABLE_END,
};

static int sbom(const void *options, const char *image, struct arena *arena, struct error *err)
{
	const struct sbom_options *o = options;
	const struct sbom_format *format = sbom_format_find(o->format, err);
	autobuffer struct buffer out = { 0 };
	struct contents contents;
	struct bom bom;
	int r = -1;

	if (!format)
		return -1;
	if (contents_open(image, NULL, arena, &contents, err) == 0) {
		r = bom_make(&contents, arena, &bom, err);
		if (r < 0)
			error_context(err, "'%s'", image);
		else
			r = format->write(&bom, &out, err);
	}
	contents_close(&contents);
	return r == 0 ? command_put_out(o->output, &out, err) : -1;
}

static int run(int argc, char **argv)
{
	struct sbom_options o = { 0 };

	return command_with_operand(&command_sbom, argc, argv, &o, sbom);
}

const struct option_command command_sbom = {
	.name = "sbom", .operands = "IMAGE", .summary = "list what an image is made of, as SPDX or CycloneDX, or how, as SLSA",
	.options = sbom_option_table, .operands_min = 1, .operands_max = 1, .run = run,
};
