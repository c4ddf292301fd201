/* SPDX-License-Identifier: Apache-2.0 */
/* Files of "NAME=value" lines, as compose reads them. */
#include "tools/mkimage/compose/importer.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define BYTES_MAX (1u << 20)

const char *pairs_find(const struct manifest_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, key) == 0)
			return pairs->items[i].value;
	return NULL;
}

void pairs_put(struct importer *importer, struct manifest_pairs *pairs, const char *key, const char *value)
{
	struct manifest_pair *pair = NULL;

	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, key) == 0)
			pair = &pairs->items[i];
	if (!pair)
		pair = arena_push(importer->arena, &pairs->items, &pairs->count, sizeof(*pair));
	pair->key = key;
	pair->value = value;
}

/* What is between quotes, without escapes but those that double quotes have. */
static const char *unquote(char *value)
{
	const char quote = *value;
	char *to = value;

	for (const char *from = value + 1; *from && *from != quote; from++) {
		if (quote == '"' && *from == '\\' && from[1]) {
			from++;
			*to++ = *from == 'n' ? '\n' : *from == 't' ? '\t' : *from;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return value;
}

static const char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	for (length = strlen(text); length > 0 && strchr(" \t\r", text[length - 1]); length--)
		text[length - 1] = '\0';
	return text;
}

static const char *value_of(char *text)
{
	char *value = (char *)trim(text), *comment = strstr(value, " #");

	if (*value == '"' || *value == '\'')
		return unquote(value);
	if (comment)
		*comment = '\0';
	return trim(value);
}

int environment_read(struct importer *importer, const struct node *node, const char *path, bool required, struct manifest_pairs *pairs)
{
	autobuffer struct buffer text = { 0 };
	struct error cause = { 0 };
	char *rest, *line;

	if (file_read(AT_FDCWD, path, BYTES_MAX, &text, &cause) < 0)
		return cause.number == ENOENT && !required ? 0 :
		       place_error(&node->at, importer->err, "cannot read '%s': %s", path, cause.message);
	rest = arena_strdup(importer->arena, buffer_string(&text));
	while ((line = strsep(&rest, "\n"))) {
		char *equals;

		line = (char *)trim(line);
		if (strncmp(line, "export ", 7) == 0)
			line = (char *)trim(line + 7);
		equals = strchr(line, '=');
		if (*line == '#' || !equals || equals == line)
			continue;
		*equals = '\0';
		pairs_put(importer, pairs, trim(line), value_of(equals + 1));
	}
	return 0;
}
