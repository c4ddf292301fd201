/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which module the machine loads for which device: from depmod(8)'s lists of the kernel, for the modules that are
 * kept in the root. A module answers to its aliases, and to its own name, as for modprobe(8).
 */
#include "tools/mkimage/compile/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "plan/aliases.h"

#define PATTERNS_MAX 1000000u
#define NEEDS_MAX 256u			/* of one module; those of Debian's kernel have at most 40 */

struct entry {
	const char *name, *path;	/* path as in modules.dep */
	const char *dependencies;
	size_t dependencies_length;
};

struct lists {
	const struct compile_input *input;
	struct arena *arena;
	struct error *err;
	struct entry *entries;		/* sorted by name */
	size_t count;
	struct alias_module *modules;	/* same order */
	struct alias_pattern *patterns;
	size_t patterns_count;
};

/* The next line, and steps over it; false at the end of the text. */
static bool next_line(const char **at, const char **line, size_t *length)
{
	if (!*at || !**at)
		return false;
	*line = *at;
	*length = strcspn(*at, "\n");
	*at += *length + ((*at)[*length] == '\n');
	return true;
}

/* The next word of a line, and steps over it. */
static bool next_word(const char **line, size_t *length, const char **word, size_t *word_length)
{
	size_t skip = 0, n = 0;

	while (skip < *length && (*line)[skip] == ' ')
		skip++;
	while (skip + n < *length && (*line)[skip + n] != ' ')
		n++;
	*word = *line + skip;
	*word_length = n;
	*line += skip + n;
	*length -= skip + n;
	return n > 0;
}

static bool word_is(const char *word, size_t length, const char *text)
{
	return strlen(text) == length && strncmp(word, text, length) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static struct entry *find(const struct lists *l, const char *path, size_t length)
{
	struct entry key = { .name = module_name(l->arena, path, length) };

	return l->count ? bsearch(&key, l->entries, l->count, sizeof(key), by_name) : NULL;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_kept(const struct compiled *compiled, const char *path)
{
	return compiled->all_modules || (compiled->keep_modules_count &&
	       bsearch(&path, compiled->keep_modules, compiled->keep_modules_count, sizeof(path), compare_strings));
}

/* modules.dep, whose form modules.c has checked. */
static void read_entries(struct lists *l, const struct compiled *compiled)
{
	const char *at = l->input->kernel.modules_dep, *line;
	size_t length;

	while (next_line(&at, &line, &length)) {
		const char *colon = memchr(line, ':', length);
		char *path = colon ? arena_strndup(l->arena, line, (size_t)(colon - line)) : NULL;
		struct entry *entry;

		if (!path || !is_kept(compiled, path))
			continue;
		entry = arena_push(l->arena, &l->entries, &l->count, sizeof(*entry));
		entry->name = module_name(l->arena, path, strlen(path));
		entry->path = path;
		entry->dependencies = colon + 1;
		entry->dependencies_length = length - (size_t)(colon + 1 - line);
	}
	if (l->count)
		qsort(l->entries, l->count, sizeof(*l->entries), by_name);
}

struct needs {
	uint32_t items[NEEDS_MAX];
	size_t count;
};

static void add_need(struct needs *needs, uint32_t module)
{
	for (size_t i = 0; i < needs->count; i++)
		if (needs->items[i] == module)
			return;
	if (needs->count < NEEDS_MAX)
		needs->items[needs->count++] = module;
}

/* modules.dep names all that a module stands on, nearest first: what the others stand on is last. */
static void add_dependencies(const struct lists *l, const struct entry *entry, struct needs *needs)
{
	const char *line = entry->dependencies, *words[NEEDS_MAX];
	size_t left = entry->dependencies_length, lengths[NEEDS_MAX], count = 0;

	while (count < NEEDS_MAX && next_word(&line, &left, &words[count], &lengths[count]))
		count++;
	while (count-- > 0) {
		struct entry *other = find(l, words[count], lengths[count]);

		if (other)
			add_need(needs, (uint32_t)(other - l->entries));
	}
}

/* "softdep NAME pre: A B post: C": A and B are wanted before it, where they are there. */
static void add_soft(const struct lists *l, const struct entry *entry, struct needs *needs)
{
	const char *at = l->input->kernel.modules_softdep, *line, *word;
	size_t length, n;

	while (next_line(&at, &line, &length)) {
		bool before = false;

		if (!next_word(&line, &length, &word, &n) || !word_is(word, n, "softdep") ||
		    !next_word(&line, &length, &word, &n) || strcmp(module_name(l->arena, word, n), entry->name) != 0)
			continue;
		while (next_word(&line, &length, &word, &n)) {
			struct entry *other = before ? find(l, word, n) : NULL;

			before = word[n - 1] == ':' ? word_is(word, n, "pre:") : before;
			if (!other || other == entry)
				continue;
			add_dependencies(l, other, needs);
			add_need(needs, (uint32_t)(other - l->entries));
		}
	}
}

static void make_modules(struct lists *l)
{
	l->modules = arena_array(l->arena, l->count + 1, sizeof(*l->modules));
	for (size_t i = 0; i < l->count; i++) {
		const struct entry *entry = &l->entries[i];
		struct needs needs = { .count = 0 };
		uint32_t *items;

		add_soft(l, entry, &needs);
		add_dependencies(l, entry, &needs);
		items = arena_array(l->arena, needs.count + 1, sizeof(*items));
		memcpy(items, needs.items, needs.count * sizeof(*items));
		l->modules[i] = (struct alias_module){
			.path = entry->path[0] == '/' ? entry->path
						      : arena_printf(l->arena, "/lib/modules/%s/%s",
								     l->input->kernel.release, entry->path),
			.needs = items, .needs_count = needs.count,
		};
	}
}

static void add_pattern(struct lists *l, const char *pattern, size_t module)
{
	struct alias_pattern *p = arena_push(l->arena, &l->patterns, &l->patterns_count, sizeof(*p));

	*p = (struct alias_pattern){ pattern, (uint32_t)module };
}

/* modules.alias: "alias PATTERN MODULE" a line; a pattern may have spaces. */
static int read_patterns(struct lists *l)
{
	const char *at = l->input->kernel.modules_alias, *line, *module;
	size_t length;

	for (size_t i = 0; i < l->count; i++)
		add_pattern(l, l->entries[i].name, i);
	while (next_line(&at, &line, &length)) {
		struct entry *entry;

		if (length < strlen("alias a b") || strncmp(line, "alias ", strlen("alias ")) != 0)
			continue;
		line += strlen("alias ");
		length -= strlen("alias ");
		module = memrchr(line, ' ', length);
		if (!module || module == line)
			continue;
		entry = find(l, module + 1, length - (size_t)(module + 1 - line));
		if (!entry)
			continue;
		if (l->patterns_count >= PATTERNS_MAX)
			return error_set(l->err, "kernel: modules.alias: more than %u aliases", PATTERNS_MAX);
		add_pattern(l, arena_strndup(l->arena, line, (size_t)(module - line)), (size_t)(entry - l->entries));
	}
	return 0;
}

int aliases_compile(const struct compile_input *input, struct arena *arena, struct compiled *out, struct error *err)
{
	const struct manifest_bool *coldplug = &input->manifest->kernel.coldplug;
	struct lists l = { .input = input, .arena = arena, .err = err };
	autobuffer struct buffer file = { 0 };
	char *bytes;

	out->plan.machine.hotplug = coldplug->set ? coldplug->value : input->kernel.release && out->all_modules;
	if (!out->plan.machine.hotplug || !input->kernel.release)
		return 0;
	read_entries(&l, out);
	make_modules(&l);
	if (read_patterns(&l) < 0 ||
	    aliases_write(l.modules, l.count, l.patterns, l.patterns_count, arena, &file, err) < 0)
		return -1;
	bytes = arena_alloc(arena, file.length);
	memcpy(bytes, file.data, file.length);
	out->aliases = bytes;
	out->aliases_length = file.length;
	return 0;
}
