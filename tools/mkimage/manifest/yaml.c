/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events as a tree of nodes: anchors, limits, and what is said when it is not YAML. */
#include "tools/mkimage/manifest/node.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/cleanup.h"
#include "tools/mkimage/manifest/merge.h"
#include "tools/mkimage/manifest/utf8.h"

#define ANCHORS_MAX 1000u /* each alias looks through them */

struct anchor {
	const char *name;
	struct node *node;
};

struct loader {
	yaml_parser_t parser;
	const char *path;
	bool places;
	struct arena *arena;
	struct error *err;
	size_t nodes; /* as expanded: an alias counts all that it stands for */
	struct anchor *anchors;
	size_t anchors_count;
};

/* What libyaml says, and what mends it in most cases. */
static const struct advice {
	const char *problem, *advice;
	bool began; /* what was not closed began on an earlier line, that is told */
} advices[] = {
	{ "could not find expected ':'",
	  "write 'key: value', or indent the line if it belongs to the text above", false },
	{ "mapping values are not allowed in this context",
	  "check the indentation, or quote a value that holds ': '", false },
	{ "did not find expected key", "check the indentation of this line and of the text above it", false },
	{ "did not find expected '-' indicator", "check the indentation of this list", true },
	{ "block sequence entries are not allowed in this context",
	  "put the list on lines of its own below its key", false },
	{ "did not find expected ',' or ']'", "close the list with ']'", true },
	{ "did not find expected ',' or '}'", "close the mapping with '}'", true },
	{ "found unexpected end of stream", "close the quotes", true },
	{ "found unexpected document indicator", "close the quotes", true },
	{ "found unknown escape character", "use single quotes where no escapes are meant", false },
	{ "found a tab character that violates indentation", "indent with spaces", false },
	{ "found a tab character where an indentation space is expected", "indent with spaces", false },
	{ "did not find expected <document start>", "remove what stands behind the end of the document",
	  false },
	{ NULL, "check the indentation and the quotes before it", false },
};

static struct place place_of(const struct loader *loader, const yaml_mark_t *mark)
{
	struct place at = { .file = loader->path };

	if (loader->places) {
		at.line = (unsigned int)mark->line + 1;
		at.column = (unsigned int)mark->column + 1;
	}
	return at;
}

/* The character that libyaml stopped at; '\0' where it is not ASCII. */
static char character_at(const unsigned char *text, const unsigned char *end, const yaml_mark_t *mark)
{
	size_t left = mark->index + 1;

	/* The index counts characters: the bytes that continue one are passed over. */
	for (; text < end; text++)
		if ((*text & 0xc0) != 0x80 && --left == 0)
			return *text < 0x80 ? (char)*text : '\0';
	return '\0';
}

static const struct advice *advice_find(const char *problem)
{
	const struct advice *advice = advices;

	while (advice->problem && strcmp(advice->problem, problem) != 0)
		advice++;
	return advice;
}

static int not_yaml(struct loader *loader)
{
	const yaml_parser_t *parser = &loader->parser;
	const char *problem = parser->problem ? parser->problem : "unknown problem";
	const struct advice *advice = advice_find(problem);
	struct place at = place_of(loader, &parser->problem_mark);
	char c = character_at(parser->input.string.start, parser->input.string.end, &parser->problem_mark);

	if (parser->error == YAML_MEMORY_ERROR)
		arena_out_of_memory();
	if (strcmp(problem, "found character that cannot start any token") == 0) {
		if (c == '\t')
			return place_error(&at, loader->err,
					   "not valid YAML: a tab cannot indent; use spaces");
		if (c > ' ')
			return place_error(&at, loader->err,
					   "not valid YAML: text cannot start with '%c'; quote it", c);
	}
	if (advice->began && loader->places && parser->context &&
	    parser->context_mark.line < parser->problem_mark.line)
		return place_error(&at, loader->err, "not valid YAML: %s; %s, it began on line %zu", problem,
				   advice->advice, parser->context_mark.line + 1);
	return place_error(&at, loader->err, "not valid YAML: %s; %s", problem, advice->advice);
}

static bool is_core_tag(const char *tag, const char *name)
{
	static const char prefix[] = "tag:yaml.org,2002:";

	return strncmp(tag, prefix, sizeof(prefix) - 1) == 0 && strcmp(tag + sizeof(prefix) - 1, name) == 0;
}

static bool is_known_tag(const char *tag)
{
	static const char *const names[] = { "str", "int", "bool", "null", "float", "map", "seq" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_core_tag(tag, names[i]))
			return true;
	return strcmp(tag, "!") == 0;
}

static bool is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(value, *words) == 0)
			return true;
	return false;
}

/* YAML 1.2, 10.3.2 "Tag Resolution" of the core schema; a float is a string to us. */
static enum node_kind plain_kind(const char *value)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const bools[] = { "true", "True", "TRUE", "false", "False", "FALSE", NULL };
	const char *digits = value + (*value == '-' || *value == '+');

	if (is_one_of(value, nulls))
		return NODE_NULL;
	if (is_one_of(value, bools))
		return NODE_BOOL;
	if (*digits && digits[strspn(digits, "0123456789")] == '\0')
		return NODE_INT;
	if (strncmp(value, "0x", 2) == 0 && value[2] &&
	    value[2 + strspn(value + 2, "0123456789abcdefABCDEF")] == '\0')
		return NODE_INT;
	return NODE_STRING;
}

static struct anchor *anchor_find(const struct loader *loader, const char *name)
{
	for (size_t i = 0; i < loader->anchors_count; i++)
		if (strcmp(loader->anchors[i].name, name) == 0)
			return &loader->anchors[i];
	return NULL;
}

/* Notes that `name` stands for the node from here on; an earlier meaning is forgotten, as YAML says. */
static int anchor_set(struct loader *loader, const char *name, struct node *node)
{
	struct anchor *anchor = anchor_find(loader, name);

	if (!anchor && loader->anchors_count >= ANCHORS_MAX)
		return place_error(&node->at, loader->err, "more than %u anchors; use fewer", ANCHORS_MAX);
	if (!anchor) {
		anchor = arena_push(loader->arena, &loader->anchors, &loader->anchors_count, sizeof(*anchor));
		anchor->name = arena_strdup(loader->arena, name);
	}
	anchor->node = node;
	return 0;
}

/* A new node, not complete yet. `anchor` may be NULL. */
static struct node *node_new(struct loader *loader, enum node_kind kind, const yaml_event_t *event,
			     const yaml_char_t *anchor)
{
	struct node *node = arena_alloc(loader->arena, sizeof(*node));

	node->kind = kind;
	node->at = place_of(loader, &event->start_mark);
	node->size = 1;
	return anchor && anchor_set(loader, (const char *)anchor, node) < 0 ? NULL : node;
}

static int count_nodes(struct loader *loader, size_t nodes, const struct place *at)
{
	loader->nodes += nodes;
	if (loader->nodes > MANIFEST_NODES_MAX)
		return place_error(at, loader->err,
				   "more than %u values once aliases are followed; use fewer aliases or "
				   "split the manifest",
				   MANIFEST_NODES_MAX);
	return 0;
}

static struct node *load_alias(struct loader *loader, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor, *shown = text_shown(name, loader->arena);
	struct place at = place_of(loader, &event->start_mark);
	const struct anchor *anchor = anchor_find(loader, name);

	if (!anchor)
		(void)place_error(&at, loader->err,
				  "alias '*%s' has no anchor; write '&%s' in front of what is meant", shown,
				  shown);
	else if (!anchor->node->complete)
		(void)place_error(&at, loader->err,
				  "alias '*%s' stands inside its own anchor; nothing can contain itself",
				  shown);
	else if (count_nodes(loader, anchor->node->size, &at) == 0)
		return anchor->node;
	return NULL;
}

static struct node *load_scalar(struct loader *loader, const yaml_event_t *event)
{
	const char *tag = (const char *)event->data.scalar.tag;
	const char *value = (const char *)event->data.scalar.value;
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct node *node = node_new(loader, NODE_STRING, event, event->data.scalar.anchor);

	if (!node)
		return NULL;
	if (strlen(value) != event->data.scalar.length) {
		(void)place_error(&node->at, loader->err,
				  "a NUL character inside a string; remove the '\\0'");
		return NULL;
	}
	if (tag ? !is_core_tag(tag, "str") && strcmp(tag, "!") != 0 : plain)
		node->kind = plain_kind(value);
	node->value = arena_strndup(loader->arena, value, event->data.scalar.length);
	node->complete = true;
	return node;
}

static struct node *load_node(struct loader *loader, const yaml_event_t *event, unsigned int depth);

/* The next event, for the caller to delete; -1 where the text is not YAML. */
static int next_event(struct loader *loader, yaml_event_t *event)
{
	return yaml_parser_parse(&loader->parser, event) ? 0 : not_yaml(loader);
}

/* The next child, or NULL with `*end` true at the end of the collection. */
static struct node *load_child(struct loader *loader, unsigned int depth, bool *end)
{
	struct node *child = NULL;
	yaml_event_t event;

	*end = false;
	if (next_event(loader, &event) < 0)
		return NULL;
	if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
		*end = true;
	else
		child = load_node(loader, &event, depth);
	yaml_event_delete(&event);
	return child;
}

static int load_items(struct loader *loader, struct node *list, unsigned int depth)
{
	struct node *item, **slot;
	bool end;

	while ((item = load_child(loader, depth, &end))) {
		slot = arena_push(loader->arena, &list->items, &list->count, sizeof(*slot));
		*slot = item;
		list->size += item->size;
	}
	return end ? 0 : -1;
}

static int check_key(struct loader *loader, const struct node *key)
{
	if (key->kind == NODE_LIST || key->kind == NODE_MAP)
		return place_error(&key->at, loader->err, "%s cannot be a key; keys are text",
				   node_describe(key, loader->arena));
	if (key->value[0] == '\0')
		return place_error(&key->at, loader->err, "the key is empty; write 'key: value'");
	return 0;
}

static int load_pairs(struct loader *loader, struct node *map, unsigned int depth)
{
	struct node *key, *value;
	struct node_pair *pair;
	bool end;

	while ((key = load_child(loader, depth, &end))) {
		if (check_key(loader, key) < 0)
			return -1;
		value = load_child(loader, depth, &end);
		if (!value)
			return -1;
		pair = arena_push(loader->arena, &map->pairs, &map->count, sizeof(*pair));
		pair->key = key;
		pair->value = value;
		map->size += key->size + value->size;
	}
	if (!end)
		return -1;
	return merge_keys(map, loader->arena, loader->err);
}

static struct node *load_collection(struct loader *loader, const yaml_event_t *event, unsigned int depth)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	struct node *node =
		node_new(loader, is_map ? NODE_MAP : NODE_LIST, event,
			 is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor);

	if (!node)
		return NULL;
	if (depth >= MANIFEST_DEPTH_MAX) {
		(void)place_error(&node->at, loader->err,
				  "nested more than %u levels deep; no key needs that", MANIFEST_DEPTH_MAX);
		return NULL;
	}
	if ((is_map ? load_pairs : load_items)(loader, node, depth + 1) < 0)
		return NULL;
	node->complete = true;
	return node;
}

static const char *tag_of(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.tag;
	default:
		return NULL;
	}
}

static struct node *load_node(struct loader *loader, const yaml_event_t *event, unsigned int depth)
{
	const char *tag = tag_of(event);
	struct place at = place_of(loader, &event->start_mark);

	if (event->type == YAML_ALIAS_EVENT)
		return load_alias(loader, event);
	if (count_nodes(loader, 1, &at) < 0)
		return NULL;
	if (tag && !is_known_tag(tag)) {
		(void)place_error(&at, loader->err, "tag '%s' is not known; remove it",
				  text_shown(tag, loader->arena));
		return NULL;
	}
	return event->type == YAML_SCALAR_EVENT ? load_scalar(loader, event)
						: load_collection(loader, event, depth);
}

/* Reads events up to the one document's end and past it; a second document is an error. */
static int load_document(struct loader *loader, struct node **root)
{
	yaml_event_type_t type = YAML_NO_EVENT;
	unsigned int documents = 0;
	yaml_event_t event;
	struct place at;

	*root = NULL;
	while (type != YAML_STREAM_END_EVENT) {
		if (next_event(loader, &event) < 0)
			return -1;
		type = event.type;
		at = place_of(loader, &event.start_mark);
		documents += type == YAML_DOCUMENT_START_EVENT;
		if (documents == 1 && (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT ||
				       type == YAML_MAPPING_START_EVENT || type == YAML_ALIAS_EVENT))
			*root = load_node(loader, &event, 0);
		yaml_event_delete(&event);
		if (documents > 1)
			return place_error(&at, loader->err,
					   "a second document; a manifest is one document, remove the '---'");
		if (documents == 1 && type != YAML_DOCUMENT_START_EVENT && !*root)
			return -1;
	}
	return 0;
}

int node_parse(const char *path, bool places, const char *text, size_t length, struct arena *arena,
	       struct node **root, struct error *err)
{
	struct loader loader = { .path = path, .places = places, .arena = arena, .err = err };
	struct place at = { .file = path, .line = places, .column = places };
	const char *problem = NULL;
	size_t mark, bad;
	int r;

	text = length ? text : "";
	mark = utf8_mark(text, length);
	bad = utf8_check(text, length, &problem);
	if (problem) {
		if (places)
			utf8_position(text + mark, bad - (bad ? mark : 0), &at.line, &at.column);
		return place_error(&at, err, "%s", problem);
	}
	if (!yaml_parser_initialize(&loader.parser))
		arena_out_of_memory();
	yaml_parser_set_encoding(&loader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&loader.parser, (const unsigned char *)text + mark, length - mark);
	r = load_document(&loader, root);
	yaml_parser_delete(&loader.parser);
	if (r == 0 && (!*root || (*root)->kind == NODE_NULL))
		return place_error(&at, err,
				   "the document is empty; write keys and values, such as 'name: value'");
	return r;
}
