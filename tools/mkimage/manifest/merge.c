/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/manifest/merge.h"

#include <stdlib.h>
#include <string.h>

struct candidate {
	struct node_pair pair;
	size_t order; /* own keys first, then the merged ones in their order */
	bool own, dropped;
};

static int by_key(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int r = strcmp(x->pair.key->value, y->pair.key->value);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

static int by_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

static int duplicate_error(const struct node *key, const struct node *first, struct arena *arena,
			   struct error *err)
{
	const char *shown = text_shown(key->value, arena);

	if (first->at.line)
		return place_error(&key->at, err, "duplicate key '%s', first on line %u; remove one of them",
				   shown, first->at.line);
	return place_error(&key->at, err, "duplicate key '%s'; remove one of them", shown);
}

/* Marks all but the first of equal keys; two of the mapping's own are an error, told for the one that comes first. */
static int drop_duplicates(struct candidate *candidates, size_t count, struct arena *arena, struct error *err)
{
	const struct candidate *first = candidates, *worst = NULL, *worst_first = NULL;

	qsort(candidates, count, sizeof(*candidates), by_key);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(candidates[i].pair.key->value, first->pair.key->value) != 0) {
			first = &candidates[i];
			continue;
		}
		candidates[i].dropped = true;
		if (candidates[i].own && (!worst || candidates[i].order < worst->order)) {
			worst = &candidates[i];
			worst_first = first;
		}
	}
	if (worst)
		return duplicate_error(worst->pair.key, worst_first->pair.key, arena, err);
	qsort(candidates, count, sizeof(*candidates), by_order);
	return 0;
}

static bool is_merge(const struct node_pair *pair)
{
	return strcmp(pair->key->value, "<<") == 0;
}

static int merge_source_error(const struct node *node, struct arena *arena, struct error *err)
{
	return place_error(&node->at, err, "'<<' expects a mapping or a list of mappings, got %s",
			   node_describe(node, arena));
}

static int add_source(const struct node *source, struct candidate **candidates, size_t *count,
		      struct arena *arena, struct error *err)
{
	struct candidate *c;

	if (source->kind != NODE_MAP)
		return merge_source_error(source, arena, err);
	for (size_t i = 0; i < source->count; i++) {
		c = arena_push(arena, candidates, count, sizeof(*c));
		*c = (struct candidate){ .pair = source->pairs[i], .order = *count };
	}
	return 0;
}

static int add_sources(const struct node *value, struct candidate **candidates, size_t *count,
		       struct arena *arena, struct error *err)
{
	if (value->kind != NODE_LIST)
		return add_source(value, candidates, count, arena, err);
	for (size_t i = 0; i < value->count; i++)
		if (add_source(value->items[i], candidates, count, arena, err) < 0)
			return -1;
	return 0;
}

static void take(struct node *map, const struct candidate *candidates, size_t count, struct arena *arena)
{
	size_t n = 0;

	map->pairs = arena_array(arena, count, sizeof(*map->pairs));
	for (size_t i = 0; i < count; i++) {
		if (candidates[i].dropped || (candidates[i].own && is_merge(&candidates[i].pair)))
			continue;
		map->pairs[n++] = candidates[i].pair;
	}
	map->count = n;
}

int merge_keys(struct node *map, struct arena *arena, struct error *err)
{
	struct candidate *candidates = NULL, *c;
	const struct node *sources = NULL;
	size_t count = 0;

	for (size_t i = 0; i < map->count; i++) {
		c = arena_push(arena, &candidates, &count, sizeof(*c));
		*c = (struct candidate){ .pair = map->pairs[i], .order = count, .own = true };
		if (is_merge(&map->pairs[i]))
			sources = map->pairs[i].value;
	}
	if (count < 2 && !sources)
		return 0;
	if (sources && add_sources(sources, &candidates, &count, arena, err) < 0)
		return -1;
	if (drop_duplicates(candidates, count, arena, err) < 0)
		return -1;
	if (sources)
		take(map, candidates, count, arena);
	return 0;
}
