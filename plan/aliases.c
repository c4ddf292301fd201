/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/aliases.h"

#include <endian.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "slipali1"
#define MODULE_WORDS 3u			/* path, first link, number of links */
#define PATTERN_WORDS 2u		/* pattern, module */
#define WILD "*?["

struct header {
	char magic[8];
	uint32_t modules, patterns, links, text;
};
_Static_assert(sizeof(struct header) == 24, "plan/aliases.h");

static uint32_t word(const uint32_t *at)
{
	return le32toh(*at);
}

/* '-' as '_', but between brackets, where it means a range. */
static void even_out(char *text)
{
	bool brackets = false;

	for (; *text; text++) {
		if (*text == '[' || *text == ']')
			brackets = *text == '[';
		if (*text == '-' && !brackets)
			*text = '_';
	}
}

/* ------------------------------------------------------------ the build's side */

static int by_pattern(const void *a, const void *b)
{
	const struct alias_pattern *x = a, *y = b;
	int r = strcmp(x->pattern, y->pattern);

	return r ? r : (x->module > y->module) - (x->module < y->module);
}

static void add_word(struct buffer *out, size_t value)
{
	uint32_t little = htole32((uint32_t)value);

	buffer_add(out, &little, sizeof(little));
}

static size_t add_text(struct buffer *text, const char *string)
{
	size_t at = text->length;

	buffer_add(text, string, strlen(string) + 1);
	return at;
}

/* The fixed part of the modules, then their links, which follow in the file after the patterns. */
static size_t add_modules(const struct alias_module *modules, size_t count, struct buffer *out, struct buffer *text)
{
	size_t links = 0;

	for (size_t i = 0; i < count; i++) {
		add_word(out, add_text(text, modules[i].path));
		add_word(out, links);
		add_word(out, modules[i].needs_count);
		links += modules[i].needs_count;
	}
	return links;
}

static void add_links(const struct alias_module *modules, size_t count, struct buffer *out)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < modules[i].needs_count; k++)
			add_word(out, modules[i].needs[k]);
}

/* Evened out first: the order is that of the lookup. */
static void add_patterns(struct alias_pattern *patterns, size_t count, struct arena *arena, struct buffer *out,
			 struct buffer *text)
{
	for (size_t i = 0; i < count; i++) {
		char *even = arena_strdup(arena, patterns[i].pattern);

		even_out(even);
		patterns[i].pattern = even;
	}
	if (count)
		qsort(patterns, count, sizeof(*patterns), by_pattern);
	for (size_t i = 0; i < count; i++) {
		add_word(out, add_text(text, patterns[i].pattern));
		add_word(out, patterns[i].module);
	}
}

int aliases_write(const struct alias_module *modules, size_t modules_count, struct alias_pattern *patterns,
		  size_t patterns_count, struct arena *arena, struct buffer *out, struct error *err)
{
	autobuffer struct buffer words = { 0 }, text = { 0 };
	struct header header = { .magic = MAGIC };
	size_t links = add_modules(modules, modules_count, &words, &text);

	add_patterns(patterns, patterns_count, arena, &words, &text);
	add_links(modules, modules_count, &words);
	if (sizeof(header) + words.length + text.length > ALIASES_BYTES_MAX)
		return error_set(err, "the aliases of the modules have more than %u bytes", ALIASES_BYTES_MAX);
	header.modules = htole32((uint32_t)modules_count);
	header.patterns = htole32((uint32_t)patterns_count);
	header.links = htole32((uint32_t)links);
	header.text = htole32((uint32_t)text.length);
	buffer_add(out, &header, sizeof(header));
	buffer_add(out, buffer_string(&words), words.length);
	buffer_add(out, buffer_string(&text), text.length);
	return 0;
}

/* ------------------------------------------------------------ the machine's side */

static int cut_short(struct error *err)
{
	return error_set(err, "the list of aliases is damaged");
}

static int check_modules(const struct aliases *a)
{
	for (uint32_t i = 0; i < a->modules_count; i++) {
		const uint32_t *m = a->modules + (size_t)i * MODULE_WORDS;

		if (word(m) >= a->text_length || word(m + 1) > a->links_count || word(m + 2) > a->links_count - word(m + 1))
			return -1;
	}
	for (uint32_t i = 0; i < a->links_count; i++)
		if (word(a->links + i) >= a->modules_count)
			return -1;
	return 0;
}

static int check_patterns(const struct aliases *a)
{
	for (uint32_t i = 0; i < a->patterns_count; i++) {
		const uint32_t *p = a->patterns + (size_t)i * PATTERN_WORDS;

		if (word(p) >= a->text_length || word(p + 1) >= a->modules_count)
			return -1;
	}
	return 0;
}

int aliases_open(const void *data, size_t length, struct aliases *aliases, struct error *err)
{
	const struct header *header = data;
	struct aliases a;
	uint64_t words;

	if (length < sizeof(*header) || length > ALIASES_BYTES_MAX || memcmp(header->magic, MAGIC, sizeof(header->magic)) != 0)
		return error_set(err, "it is no list of aliases");
	a.modules_count = le32toh(header->modules);
	a.patterns_count = le32toh(header->patterns);
	a.links_count = le32toh(header->links);
	a.text_length = le32toh(header->text);
	words = (uint64_t)a.modules_count * MODULE_WORDS + (uint64_t)a.patterns_count * PATTERN_WORDS + a.links_count;
	if (sizeof(*header) + words * sizeof(uint32_t) + a.text_length != length)
		return cut_short(err);
	a.modules = (const uint32_t *)(header + 1);
	a.patterns = a.modules + (size_t)a.modules_count * MODULE_WORDS;
	a.links = a.patterns + (size_t)a.patterns_count * PATTERN_WORDS;
	a.text = (const char *)(a.links + a.links_count);
	if ((a.text_length > 0 && a.text[a.text_length - 1] != '\0') || check_modules(&a) < 0 || check_patterns(&a) < 0)
		return cut_short(err);
	*aliases = a;
	return 0;
}

static const char *pattern_at(const struct aliases *a, uint32_t index)
{
	return a->text + word(a->patterns + (size_t)index * PATTERN_WORDS);
}

/* The first pattern from `low` on whose byte `depth` is not below `byte`. Those before `high` agree in all bytes before it. */
static uint32_t first_from(const struct aliases *a, uint32_t low, uint32_t high, size_t depth, int byte)
{
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const char *pattern = pattern_at(a, middle);

		/* In a damaged list they may not agree: never past the end of one. */
		if (strnlen(pattern, depth) == depth && (unsigned char)pattern[depth] >= byte)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct search {
	const struct aliases *aliases;
	const char *alias;
	void (*found)(void *context, uint32_t module);
	void *context;
};

/* Patterns whose first bytes are the alias's, and whose next one is `byte`: looked at one by one. */
static void try_all(const struct search *s, uint32_t low, uint32_t high, size_t depth, int byte)
{
	uint32_t end = first_from(s->aliases, low, high, depth, byte + 1);

	for (uint32_t i = first_from(s->aliases, low, high, depth, byte); i < end; i++)
		if (fnmatch(pattern_at(s->aliases, i), s->alias, 0) == 0)
			s->found(s->context, word(s->aliases->patterns + (size_t)i * PATTERN_WORDS + 1));
}

/* As in a trie: byte by byte the range of patterns that begin like the alias gets narrower. */
void aliases_match(const struct aliases *aliases, const char *alias, void (*found)(void *context, uint32_t module),
		   void *context)
{
	uint32_t low = 0, high = aliases->patterns_count;
	char even[ALIAS_MAX];
	struct search s = { aliases, even, found, context };

	if (strlen(alias) >= sizeof(even))
		return;
	strcpy(even, alias);
	even_out(even);
	for (size_t depth = 0; low < high; depth++) {
		int byte = (unsigned char)even[depth];
		uint32_t from;

		for (const char *wild = WILD; *wild; wild++)
			try_all(&s, low, high, depth, *wild);
		if (byte == '\0' || strchr(WILD, byte)) {
			/* A pattern without wildcards that ends here, too. */
			if (byte == '\0')
				try_all(&s, low, high, depth, byte);
			return;
		}
		from = first_from(aliases, low, high, depth, byte);
		high = first_from(aliases, low, high, depth, byte + 1);
		low = from;
	}
}

const char *aliases_path(const struct aliases *aliases, uint32_t module)
{
	return aliases->text + word(aliases->modules + (size_t)module * MODULE_WORDS);
}

const uint32_t *aliases_needs(const struct aliases *aliases, uint32_t module, size_t *count)
{
	const uint32_t *m = aliases->modules + (size_t)module * MODULE_WORDS;

	*count = word(m + 2);
	return aliases->links + word(m + 1);
}
