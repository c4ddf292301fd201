/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/package/label.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *convert(const struct node *node);

static json_t *convert_list(const struct node *node)
{
	json_t *list = json_array();

	for (size_t i = 0; i < node->count; i++)
		(void)json_array_append_new(list, convert(node->items[i]));
	return list;
}

static json_t *convert_map(const struct node *node)
{
	json_t *map = json_object();

	for (size_t i = 0; i < node->count; i++)
		(void)json_object_set_new(map, node->pairs[i].key->value, convert(node->pairs[i].value));
	return map;
}

static json_t *convert(const struct node *node)
{
	switch (node->kind) {
	case NODE_NULL:
		return json_null();
	case NODE_BOOL:
		return json_boolean(strcmp(node->value, "true") == 0);
	case NODE_INT:
		return json_integer(strtoll(node->value, NULL, 0));
	case NODE_STRING:
		return json_string(node->value);
	case NODE_LIST:
		return convert_list(node);
	case NODE_MAP:
		return convert_map(node);
	}
	return json_null();
}

const char *label_json(const struct node *node, struct arena *arena)
{
	json_t *json = convert(node);
	char *text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);
	const char *copy = text ? arena_strdup(arena, text) : "{}";

	free(text);
	json_decref(json);
	return copy;
}
