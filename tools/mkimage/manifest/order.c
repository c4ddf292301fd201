/* SPDX-License-Identifier: Apache-2.0 */
/* Which service waits for which. */
#include "tools/mkimage/manifest/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/option.h"
#include "tools/mkimage/manifest/node.h"

#define NAMES_SHOWN_MAX 256	/* bytes of a cycle in a message */

struct named {
	const char *name;
	size_t index;
};

enum colour { NEW, OPEN, CLOSED };	/* not seen yet, on the way from the start to here, seen with all it waits for */

struct vertex {
	enum colour colour;
	size_t next;			/* of what it waits for: `after`, then `requires` */
};

struct search {
	struct checker *checker;
	const struct manifest_containers *services;
	struct named *names;		/* sorted */
	struct vertex *vertices;
	size_t *way;			/* indexes of the open ones, in their order */
	size_t depth;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* What a service waits for, in one row; NULL behind the last. `key` is where it is written: "after[1]". */
static const struct manifest_string *wait_of(const struct search *s, size_t index, size_t which, const char **key)
{
	const struct manifest_container *c = &s->services->items[index];
	bool after = which < c->after.count;
	const struct manifest_strings *list = after ? &c->after : &c->requires;

	which -= after ? 0 : c->after.count;
	if (which >= list->count)
		return NULL;
	if (key)
		*key = arena_printf(s->checker->arena, "%s[%zu]", after ? "after" : "requires", which);
	return &list->items[which];
}

static int fail_at(const struct search *s, size_t index, size_t which, const char *problem)
{
	const char *key = "";
	const struct manifest_string *stated = wait_of(s, index, which, &key);

	return check_fail(s->checker, &stated->at, arena_printf(s->checker->arena, "services[%zu]", index), key, "%s",
			  problem);
}

static int unknown(const struct search *s, size_t index, size_t which, const char *name)
{
	struct arena *arena = s->checker->arena;
	const char **names = arena_array(arena, s->services->count + 1, sizeof(*names));
	const char *shown = text_shown(name, arena), *nearest;

	for (size_t i = 0; i < s->services->count; i++)
		names[i] = s->services->items[i].name.value;
	if (strcmp(name, MANIFEST_NETWORK) == 0)
		return fail_at(s, index, which, "nothing sets a network up; add 'network:'");
	nearest = option_nearest(name, names);
	if (nearest)
		return fail_at(s, index, which, arena_printf(arena, "no service is named '%s'; did you mean '%s'?", shown,
							     nearest));
	return fail_at(s, index, which, arena_printf(arena, "no service is named '%s'; give the name of one of 'services'",
						     shown));
}

/* From the service that is waited for, along the way, back to it. */
static int cycle(const struct search *s, size_t index, size_t which, size_t back_to)
{
	struct arena *arena = s->checker->arena;
	size_t from = s->depth - 1;
	const char *text = "services ";

	while (s->way[from] != back_to)
		from--;
	for (; from < s->depth && strlen(text) < NAMES_SHOWN_MAX; from++)
		text = arena_printf(arena, "%s'%s' -> ", text, s->services->items[s->way[from]].name.value);
	return fail_at(s, index, which,
		       arena_printf(arena, "%s%s'%s' wait for each other; remove one of these", text,
				    from < s->depth ? "... -> " : "", s->services->items[back_to].name.value));
}

/* One step of a search in depth, without recursion: down to what the last one on the way waits for, or back up. */
static int step(struct search *s)
{
	size_t index = s->way[s->depth - 1], which = s->vertices[index].next++;
	const struct manifest_string *stated = wait_of(s, index, which, NULL);
	const struct named *found;
	struct named wanted;

	if (!stated) {
		s->vertices[index].colour = CLOSED;
		s->depth--;
		return 0;
	}
	wanted.name = stated->value;
	found = bsearch(&wanted, s->names, s->services->count, sizeof(*s->names), by_name);
	/* Set up by PID 1, it waits for no service. */
	if (!found && s->checker->manifest->network.set && strcmp(stated->value, MANIFEST_NETWORK) == 0)
		return 0;
	if (!found)
		return unknown(s, index, which, stated->value);
	if (s->vertices[found->index].colour == OPEN)
		return cycle(s, index, which, found->index);
	if (s->vertices[found->index].colour == NEW) {
		s->vertices[found->index].colour = OPEN;
		s->way[s->depth++] = found->index;
	}
	return 0;
}

int check_order(struct checker *checker, const struct manifest_containers *services)
{
	struct search s = {
		.checker = checker,
		.services = services,
		.names = arena_array(checker->arena, services->count + 1, sizeof(*s.names)),
		.vertices = arena_array(checker->arena, services->count + 1, sizeof(*s.vertices)),
		.way = arena_array(checker->arena, services->count + 1, sizeof(*s.way)),
	};

	for (size_t i = 0; i < services->count; i++)
		s.names[i] = (struct named){ services->items[i].name.value, i };
	qsort(s.names, services->count, sizeof(*s.names), by_name);
	for (size_t i = 0; i < services->count; i++) {
		if (s.vertices[i].colour != NEW)
			continue;
		s.vertices[i].colour = OPEN;
		s.way[s.depth++] = i;
		while (s.depth > 0)
			if (step(&s) < 0)
				return -1;
	}
	return 0;
}
