/* SPDX-License-Identifier: Apache-2.0 */
/* Plain values, as rows read them. */
#include "tools/mkimage/compose/rows.h"

#include <stdlib.h>
#include <string.h>

#include "tools/mkimage/manifest/values.h"

int row_text(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	*(const char **)target = node_text(importer, node);
	return *(const char **)target ? 0 : -1;
}

int row_flag(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	return node_flag(importer, node, target);
}

int row_duration(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	*(const char **)target = convert_duration(importer, node);
	return *(const char **)target ? 0 : -1;
}

/* 0 and -1 are no limit. */
int row_size(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	if (node->kind == NODE_INT && atoll(node->value) <= 0)
		return 0;
	*(const char **)target = convert_size(importer, node);
	return *(const char **)target ? 0 : -1;
}

int row_limit(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	if (node->kind == NODE_INT && atoll(node->value) <= 0)
		return 0;
	return row_text(importer, node, row, target);
}

/* A text or a list of texts. */
int row_list(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	const char *text = NULL;

	(void)row;
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++) {
		if (!(text = node_text(importer, node->items[i])))
			return -1;
		list_add(importer, target, text);
	}
	if (node->kind == NODE_LIST || node->kind == NODE_NULL)
		return 0;
	if (!(text = node_text(importer, node)))
		return -1;
	list_add(importer, target, text);
	return 0;
}

/* Texts that are names of hosts: they go into a table of them. */
int row_names(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	struct compose_list names = { 0 };

	if (row_list(importer, node, row, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		if (value_hostname(names.items[i], importer->arena))
			return place_error(&node->at, importer->err, "'%s' is not the name of a host",
					   text_shown(names.items[i], importer->arena));
		list_add(importer, target, names.items[i]);
	}
	return 0;
}

int row_words(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	return convert_words(importer, node, target);
}

/* The value of a pair whose node is `value`; NULL where there is none. -1 where it cannot be one. */
static int pair_value(struct importer *importer, const struct node *value, const char *key, const char **text)
{
	*text = value->kind == NODE_NULL ? compose_variable(importer, key) : node_text(importer, value);
	return *text || value->kind == NODE_NULL ? 0 : -1;
}

/* A mapping, or a list of "NAME=value"; without a value it is the variable's of the environment. */
int row_pairs(struct importer *importer, const struct node *node, const struct row *row, void *target)
{
	(void)row;
	if (node->kind != NODE_MAP && node_expect(importer, node, NODE_LIST, "a mapping or a list of 'NAME=value'") < 0)
		return -1;
	for (size_t i = 0; i < node->count; i++) {
		const struct node *item = node->kind == NODE_MAP ? node->pairs[i].value : node->items[i];
		const char *text = NULL, *key, *equals;

		if (node->kind == NODE_MAP) {
			key = node->pairs[i].key->value;
			if (pair_value(importer, item, key, &text) < 0)
				return -1;
		} else {
			if (!(text = node_text(importer, item)))
				return -1;
			equals = strchr(text, '=');
			key = equals ? arena_strndup(importer->arena, text, (size_t)(equals - text)) : text;
			text = equals ? equals + 1 : compose_variable(importer, key);
		}
		if (text)
			pairs_put(importer, target, key, text);
	}
	return 0;
}

bool row_is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}
