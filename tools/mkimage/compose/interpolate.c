/* SPDX-License-Identifier: Apache-2.0 */
/* Variables in a compose file: $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?error}, ${NAME?error}, ${NAME:+other}, ${NAME+other}; $$ is $. */
#include "tools/mkimage/compose/importer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"

#define NESTED_MAX 8
#define TEXT_MAX (1u << 20)		/* bytes of one value */

const char *compose_variable(const struct importer *importer, const char *name)
{
	const char *value = getenv(name);

	return value ? value : pairs_find(&importer->variables, name);
}

static size_t name_length(const char *text)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*text) && *text != '_')
		return 0;
	while (isalnum((unsigned char)text[n]) || text[n] == '_')
		n++;
	return n;
}

/* The text up to the brace that closes `${`, or NULL. */
static const char *closing(const char *text)
{
	unsigned int open = 1;

	for (; *text; text++) {
		if (text[0] == '$' && text[1] == '{')
			open++;
		else if (*text == '}' && --open == 0)
			return text;
	}
	return NULL;
}

static int expand(struct importer *in, const struct node *node, const char *text, unsigned int depth, struct buffer *out);

static int fail(struct importer *in, const struct node *node, const char *text)
{
	return place_error(&node->at, in->err, "'%s' is no variable; write '${NAME}', or '$$' for a dollar",
			   text_shown(text, in->arena));
}

/* What stands between the braces. */
static int expand_braced(struct importer *in, const struct node *node, const char *text, unsigned int depth,
			 struct buffer *out)
{
	struct arena *arena = in->arena;
	size_t length = name_length(text);
	const char *name = arena_strndup(arena, text, length), *value = compose_variable(in, name), *rest = text + length;
	const bool colon = *rest == ':' && strchr("-?+", rest[1]) && rest[1];
	const bool there = value && (!colon || *value);

	rest += colon;
	if (length == 0 || (*rest && !strchr("-?+", *rest)))
		return fail(in, node, arena_printf(arena, "${%s}", text));
	if (*rest == '-' && !there)
		return expand(in, node, rest + 1, depth + 1, out);
	if (*rest == '+')
		return there ? expand(in, node, rest + 1, depth + 1, out) : 0;
	if (*rest == '?' && !there)
		return place_error(&node->at, in->err, "the variable '%s' is not set%s%s", name, rest[1] ? ": " : "",
				   text_shown(rest + 1, arena));
	if (!value)
		importer_note(in, node, "the variable '%s' is not set: nothing is put in its place", name);
	buffer_add_string(out, value ? value : "");
	return 0;
}

static int expand(struct importer *in, const struct node *node, const char *text, unsigned int depth, struct buffer *out)
{
	struct arena *arena = in->arena;

	if (depth > NESTED_MAX)
		return place_error(&node->at, in->err, "variables in variables, more than %d deep", NESTED_MAX);
	while (*text) {
		const char *dollar = strchrnul(text, '$'), *end;

		buffer_add(out, text, (size_t)(dollar - text));
		if (out->length > TEXT_MAX)
			return place_error(&node->at, in->err, "the value has more than %u bytes", TEXT_MAX);
		if (!*dollar)
			return 0;
		text = dollar + 1;
		if (*text == '$') {
			buffer_add(out, text++, 1);
			continue;
		}
		if (*text == '{') {
			end = closing(text + 1);
			if (!end)
				return fail(in, node, dollar);
			if (expand_braced(in, node, arena_strndup(arena, text + 1, (size_t)(end - text - 1)), depth, out) < 0)
				return -1;
			text = end + 1;
			continue;
		}
		end = text + name_length(text);
		if (end == text)
			return fail(in, node, dollar);
		if (expand_braced(in, node, arena_strndup(arena, text, (size_t)(end - text)), depth, out) < 0)
			return -1;
		text = end;
	}
	return 0;
}

static int visit(struct importer *in, struct node *node)
{
	autobuffer struct buffer text = { 0 };

	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		if (visit(in, node->items[i]) < 0)
			return -1;
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++)
		if (visit(in, node->pairs[i].value) < 0)
			return -1;
	/* An anchor's node is met again at each alias: what was put in may hold a dollar. `size` of a scalar is 1, and 0 says it is done. */
	if (node->kind != NODE_STRING || node->size == 0 || !strchr(node->value, '$'))
		return 0;
	if (expand(in, node, node->value, 0, &text) < 0)
		return -1;
	node->value = arena_strdup(in->arena, buffer_string(&text));
	node->size = 0;
	return 0;
}

int compose_interpolate(struct importer *importer, struct node *root)
{
	const char *path = path_join(importer->arena, importer->input->directory, ".env");

	if (environment_read(importer, root, path, false, &importer->variables) < 0)
		return -1;
	return visit(importer, root);
}
