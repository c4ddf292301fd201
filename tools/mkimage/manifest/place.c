/* SPDX-License-Identifier: Apache-2.0 */
/* How places and pieces of the manifest look in messages. */
#include "tools/mkimage/manifest/node.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 60 /* bytes of a text in a message; what is longer is cut */

int place_error(const struct place *at, struct error *err, const char *format, ...)
{
	char message[ERROR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	if (at->file && at->line)
		return error_set(err, "%s:%u:%u: %s", at->file, at->line, at->column, message);
	if (at->file)
		return error_set(err, "%s: %s", at->file, message);
	return error_set(err, "%s", message);
}

/* C0, DEL, and C1 with its first byte 0xc2: what could move the cursor or begin a line. */
static size_t control_length(const char *text)
{
	unsigned char c = (unsigned char)text[0], next = c ? (unsigned char)text[1] : 0;

	if (c < 0x20 || c == 0x7f)
		return 1;
	return c == 0xc2 && next >= 0x80 && next < 0xa0 ? 2 : 0;
}

const char *text_shown(const char *text, struct arena *arena)
{
	static const char names[] = "abtnvfr"; /* 0x07 to 0x0d */
	char *shown = arena_alloc(arena, (size_t)SHOWN_MAX * 4 + sizeof("..."));
	size_t n = 0, used = 0, control;

	/* A character is not cut in the middle: bytes that continue one are taken along. */
	for (; *text && (used < SHOWN_MAX || ((unsigned char)*text & 0xc0) == 0x80); text++, used++) {
		control = control_length(text);
		if (used > SHOWN_MAX + 3)
			break;
		if (control == 0)
			shown[n++] = *text;
		else if (*text >= 0x07 && *text <= 0x0d)
			n += (size_t)sprintf(shown + n, "\\%c", names[*text - 0x07]);
		else
			n += (size_t)sprintf(shown + n, "\\x%02x", (unsigned char)text[control - 1]);
		text += control == 2;
	}
	if (*text)
		memcpy(shown + n, "...", sizeof("..."));
	return shown;
}

const struct node *node_find(const struct node *map, const char *key)
{
	for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++)
		if (strcmp(map->pairs[i].key->value, key) == 0)
			return map->pairs[i].value;
	return NULL;
}

const char *node_describe(const struct node *node, struct arena *arena)
{
	static const struct {
		const char *what;
		bool valued;
	} kinds[] = {
		[NODE_NULL] = { "nothing", false },  [NODE_BOOL] = { "the boolean", true },
		[NODE_INT] = { "the number", true }, [NODE_STRING] = { "the string", true },
		[NODE_LIST] = { "a list", false },   [NODE_MAP] = { "a mapping", false },
	};
	const char *what = kinds[node->kind].what;

	return kinds[node->kind].valued ? arena_printf(arena, "%s '%s'", what, text_shown(node->value, arena))
					: what;
}
