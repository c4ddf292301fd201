/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway import`: a compose file as a manifest, to be read and changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/path.h"
#include "tools/mkimage/compose/compose.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/slipway/command.h"
#include "tools/slipway/composes.h"
#include "tools/slipway/inputs.h"

struct import_options {
	const char *output;
	bool quiet;
};

#define AT(member) offsetof(struct import_options, member)

static const struct option option_table[] = {
	{ OPTION_STRING, 'o', "output", "FILE", "write the manifest there (default: standard output)", AT(output) },
	{ OPTION_FLAG, 'q', "quiet", NULL, "do not warn of what cannot be kept; the manifest says so in comments", AT(quiet) },
	OPTION_TABLE_END,
};

/* Paths in the manifest begin where it lies: beside the compose file they are as they were, elsewhere absolute. */
static int find_prefix(const struct import_options *o, const struct input *input, struct arena *arena, const char **prefix,
		       struct error *err)
{
	char *here = realpath(input->directory, NULL), *there = o->output ? realpath(path_directory(arena, o->output), NULL) : NULL;
	int r = 0;

	if (!here || (o->output && !there))
		r = error_errno(err, "cannot find the directory of '%s'", here ? o->output : input->path);
	else
		*prefix = !there || strcmp(here, there) == 0 ? "." : arena_strdup(arena, here);
	free(here);
	free(there);
	return r;
}

static int import(const void *options, const char *operand, struct arena *arena, struct error *err)
{
	const struct import_options *o = options;
	autobuffer struct buffer text = { 0 };
	struct manifest checked;
	const char *prefix = NULL;
	struct input input;

	input_find(operand, arena, &input);
	if (input.kind == INPUT_DOCKERFILE)
		return error_set(err, "%s: is a Dockerfile, which 'slipway build' takes as it is; give a compose file", input.path);
	if (find_prefix(o, &input, arena, &prefix, err) < 0 || composes_read(&input, prefix, o->quiet, arena, &text, err) < 0 ||
	    manifest_parse_made(input.manifest_path, composes_shown(&input, arena), buffer_string(&text), text.length, arena, &checked,
				err) < 0)
		return -1;
	return command_put_out(o->output, &text, err);
}

static int run(int argc, char **argv)
{
	struct import_options o = { 0 };

	return command_with_operand(&command_import, argc, argv, &o, import);
}

const struct option_command command_import = {
	.name = "import", .operands = "COMPOSE-FILE", .summary = "write a compose file as a manifest",
	.options = option_table, .operands_min = 1, .operands_max = 1, .run = run,
};
