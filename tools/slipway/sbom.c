/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway sbom`: what an image is made of, for who asks whether something in it has to be replaced. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/inspect/bom.h"
#include "tools/slipway/command.h"

struct sbom_options {
	const char *format, *output;
};

static const struct option sbom_option_table[] = {
	{ OPTION_STRING, 'f', "format", "FORMAT", "spdx (default), cyclonedx, or slsa for how it was built",
	  offsetof(struct sbom_options, format) },
	{ OPTION_STRING, 'o', "output", "FILE", "write it there (default: standard output)", offsetof(struct sbom_options, output) },
	OPTION_TABLE_END,
};

static const struct sbom_format {
	const char *name;
	int (*write)(const struct bom *bom, struct buffer *out, struct error *err);
} formats[] = {
	{ "spdx", bom_spdx },
	{ "cyclonedx", bom_cyclonedx },
	{ "slsa", bom_slsa },
};

static const struct sbom_format *find_format(const char *name, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(formats[i].name, name ? name : formats[0].name) == 0)
			return &formats[i];
	(void)error_set(err, "unknown format '%s'; the formats are 'spdx', 'cyclonedx', 'slsa'", name);
	return NULL;
}

static int sbom(const void *options, const char *image, struct arena *arena, struct error *err)
{
	const struct sbom_options *o = options;
	const struct sbom_format *format = find_format(o->format, err);
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
