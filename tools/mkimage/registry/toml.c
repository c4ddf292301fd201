/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/toml.h"

#include <string.h>

#include "base/cleanup.h"

static const char bare_key[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";

struct parser {
	const char *at;			/* the text ends with a NUL, and has no other */
	unsigned int line;
	const char *table;
	struct arena *arena;
	const struct toml_handler *handler;
	struct error *err;
};

static const struct {
	char letter, is;
} escapes[] = { { 'b', '\b' }, { 't', '\t' }, { 'n', '\n' }, { 'f', '\f' }, { 'r', '\r' }, { '"', '"' }, { '\\', '\\' } };

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

/* White space, comments and ends of lines. */
static void skip_lines(struct parser *p)
{
	for (;;) {
		p->at += strspn(p->at, " \t\r");
		if (*p->at == '#')
			p->at += strcspn(p->at, "\n");
		if (*p->at != '\n')
			return;
		p->at++;
		p->line++;
	}
}

static int unescape(struct parser *p, char *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		if (escapes[i].letter == *p->at) {
			*out = escapes[i].is;
			return 0;
		}
	}
	return error_set(p->err, "the escape '\\%c' is not known here", *p->at ? *p->at : ' ');
}

static int take_string(struct parser *p, const char **string)
{
	char quote = *p->at++, *text = arena_alloc(p->arena, strcspn(p->at, "\n") + 1), *out = text;

	if (p->at[0] == quote && p->at[1] == quote)
		return error_set(p->err, "strings of several lines are not known here");
	for (; *p->at != quote; p->at++, out++) {
		*out = *p->at;
		if (*p->at == '\0' || *p->at == '\n')
			return error_set(p->err, "the string does not end");
		if (*p->at == '\\' && quote == '"') {
			p->at++;
			if (unescape(p, out) < 0)
				return -1;
		}
	}
	p->at++;
	*string = text;
	return 0;
}

static int take_strings(struct parser *p, struct toml_value *value)
{
	value->kind = TOML_STRINGS;
	p->at++;
	for (;;) {
		skip_lines(p);
		if (*p->at == ']')
			break;
		if (*p->at != '"' && *p->at != '\'')
			return error_set(p->err, "expected an array of strings");
		if (value->strings_count == TOML_ITEMS_MAX)
			return error_set(p->err, "the array has more than %d items", TOML_ITEMS_MAX);
		if (take_string(p, arena_push(p->arena, &value->strings, &value->strings_count,
					      sizeof(*value->strings))) < 0)
			return -1;
		skip_lines(p);
		if (*p->at == ',')
			p->at++;
		else if (*p->at != ']')
			return error_set(p->err, "expected ',' or ']'");
	}
	p->at++;
	return 0;
}

static int take_value(struct parser *p, struct toml_value *value)
{
	size_t word;

	*value = (struct toml_value){ .kind = TOML_STRING };
	if (*p->at == '"' || *p->at == '\'')
		return take_string(p, &value->string);
	if (*p->at == '[')
		return take_strings(p, value);
	word = strcspn(p->at, " \t\r\n#");
	value->string = arena_strndup(p->arena, p->at, word);
	value->boolean = strcmp(value->string, "true") == 0;
	p->at += word;
	if (value->boolean || strcmp(value->string, "false") == 0)
		value->kind = TOML_BOOLEAN;
	else if (word && strspn(value->string, "+-0123456789_") == word)
		value->kind = TOML_NUMBER;
	else
		return error_set(p->err, "expected a string, true, false, a number or an array of strings");
	return 0;
}

/* A bare key, perhaps dotted, or a quoted one. */
static int take_key(struct parser *p, const char **key)
{
	size_t length = strspn(p->at, bare_key);

	if (*p->at == '"' || *p->at == '\'')
		return take_string(p, key);
	if (length == 0)
		return error_set(p->err, "expected a key");
	*key = arena_strndup(p->arena, p->at, length);
	p->at += length;
	return 0;
}

static int take_table(struct parser *p)
{
	bool item = p->at[1] == '[';
	const char *end = item ? "]]" : "]";

	p->at += strlen(end);
	skip_blanks(p);
	if (take_key(p, &p->table) < 0)
		return -1;
	skip_blanks(p);
	if (strncmp(p->at, end, strlen(end)) != 0)
		return error_set(p->err, "expected '%s'", end);
	p->at += strlen(end);
	return p->handler->table ? p->handler->table(p->handler->context, p->table, item, p->err) : 0;
}

static int take_assignment(struct parser *p)
{
	struct toml_value value;
	const char *key;

	if (take_key(p, &key) < 0)
		return -1;
	skip_blanks(p);
	if (*p->at != '=')
		return error_set(p->err, "expected '=' behind '%.64s'", key);
	p->at++;
	skip_blanks(p);
	if (take_value(p, &value) < 0)
		return -1;
	return p->handler->value(p->handler->context, p->table, key, &value, p->err);
}

static int end_line(struct parser *p)
{
	skip_blanks(p);
	if (*p->at && !strchr("#\r\n", *p->at))
		return error_set(p->err, "expected the end of the line");
	return 0;
}

int toml_read(const char *text, size_t length, const struct toml_handler *handler, struct arena *arena,
	      struct error *err)
{
	struct parser p = { .line = 1, .table = "", .arena = arena, .handler = handler, .err = err };

	if (length > TOML_BYTES_MAX)
		return error_set(err, "more than %u bytes", TOML_BYTES_MAX);
	if (memchr(text, '\0', length))
		return error_set(err, "a NUL byte is not text");
	p.at = arena_strndup(arena, text, length);
	for (skip_lines(&p); *p.at; skip_lines(&p))
		if ((*p.at == '[' ? take_table(&p) : take_assignment(&p)) < 0 || end_line(&p) < 0)
			return error_context(err, "line %u", p.line);
	return 0;
}
