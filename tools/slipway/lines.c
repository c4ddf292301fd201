/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/lines.h"

#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"

const char *lines_prefix(const char *name, const char *const *names, size_t count, struct arena *arena)
{
	size_t width = 0;

	for (size_t i = 0; i < count; i++)
		if (strlen(names[i]) > width)
			width = strlen(names[i]);
	return arena_printf(arena, "%-*s | ", (int)width, name);
}

/* One write: others write to the same file. */
static int put(struct lines *l, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	buffer_add_string(&text, l->prefix);
	buffer_add(&text, l->line, l->length);
	buffer_add_string(&text, "\n");
	l->length = 0;
	return file_write_all(l->fd, text.data, text.length, "the output", err);
}

static int add(struct lines *l, char c, struct error *err)
{
	if (c == '\n')
		return put(l, err);
	if (l->console && c == '\r')
		return 0;
	if (l->console && c != '\t' && ((unsigned char)c < 0x20 || c == 0x7f))
		c = '?';
	if (l->length == sizeof(l->line) && put(l, err) < 0)
		return -1;
	l->line[l->length++] = c;
	return 0;
}

int lines_write(struct lines *l, const char *data, size_t length, struct error *err)
{
	for (size_t i = 0; i < length; i++)
		if (add(l, data[i], err) < 0)
			return -1;
	return 0;
}

int lines_end(struct lines *l, struct error *err)
{
	return l->length ? put(l, err) : 0;
}
