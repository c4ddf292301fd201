/* SPDX-License-Identifier: Apache-2.0 */
/* Origins as runs: "14x0 312x1". */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/provenance/provenance.h"

struct runs {
	struct buffer text;
	uint32_t length;		/* of the run so far */
	uint16_t origin;
};

static void end_run(struct runs *runs)
{
	if (runs->length > 0)
		buffer_printf(&runs->text, "%s%ux%u", runs->text.length ? " " : "", runs->length, (unsigned int)runs->origin);
	runs->length = 0;
}

static int add_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct runs *runs = context;

	(void)path, (void)err;
	if (node->origin != runs->origin)
		end_run(runs);
	runs->origin = node->origin;
	runs->length++;
	return 0;
}

const char *provenance_origins(struct tree *tree, struct arena *arena)
{
	struct runs runs = { 0 };
	const char *text;

	(void)tree_walk(tree, add_node, &runs, NULL);
	end_run(&runs);
	text = arena_strdup(arena, buffer_string(&runs.text));
	buffer_release(&runs.text);
	return text;
}

struct reader {
	const char *text;		/* what is left of it */
	unsigned long left, origin;	/* of the run */
};

/* Digits, and no sign or white space in front of them. */
static bool read_number(const char **text, unsigned long max, unsigned long *number)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	*number = strtoul(*text, &end, 10);
	*text = end;
	return *number <= max;
}

static int next_run(struct reader *reader, struct error *err)
{
	const char *at = reader->text;

	if (*at == '\0')
		return error_set(err, "origins: more files than it tells of");
	if (!read_number(&at, TREE_ENTRIES_MAX, &reader->left) || reader->left == 0 || *at++ != 'x' ||
	    !read_number(&at, PROVENANCE_ORIGIN_MAX, &reader->origin) || (*at && *at != ' '))
		return error_set(err, "origins: expected runs like '14x0 312x1', got '%.16s'", reader->text);
	reader->text = *at ? at + 1 : at;
	return 0;
}

static int apply_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct reader *reader = context;

	(void)path;
	if (reader->left == 0 && next_run(reader, err) < 0)
		return -1;
	node->origin = (uint16_t)reader->origin;
	reader->left--;
	return 0;
}

int provenance_apply_origins(const struct provenance *provenance, struct tree *tree, struct error *err)
{
	struct reader reader = { .text = provenance->origins };

	if (tree_walk(tree, apply_node, &reader, err) < 0)
		return -1;
	if (reader.left > 0 || *reader.text)
		return error_set(err, "origins: it tells of more files than there are");
	return 0;
}
