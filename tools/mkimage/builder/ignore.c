/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/builder/ignore.h"

#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#include "base/path.h"

static void add(struct ignore *ignore, const char *text, bool except, struct arena *arena)
{
	struct ignore_pattern *pattern = arena_push(arena, &ignore->patterns, &ignore->count, sizeof(*pattern));

	*pattern = (struct ignore_pattern){ .text = path_clean(arena, text), .except = except };
	ignore->has_exceptions |= except;
}

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t\r");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r", text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

void ignore_parse(struct ignore *ignore, const char *text, struct arena *arena)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (strncmp(text, mark, sizeof(mark) - 1) == 0)
		text += sizeof(mark) - 1;
	for (const char *end; *text; text = *end ? end + 1 : end) {
		char *line;

		end = text + strcspn(text, "\n");
		line = arena_strndup(arena, text, (size_t)(end - text));
		/* A '#' that is not the first character is one of the name. */
		if (*line == '#')
			continue;
		line = trim(line);
		if (*line == '!')
			add(ignore, trim(line + 1), true, arena);
		else if (*line)
			add(ignore, line, false, arena);
	}
}

void ignore_path(struct ignore *ignore, const char *path, struct arena *arena)
{
	char *quoted = arena_alloc(arena, strlen(path) * 2 + 1), *p = quoted;

	for (; *path; path++) {
		if (strchr("*?[\\", *path))
			*p++ = '\\';
		*p++ = *path;
	}
	add(ignore, quoted, false, arena);
}

/* One part of a path against one part of a pattern. */
static bool part_matches(const char *pattern, size_t pattern_length, const char *part, size_t part_length)
{
	char a[NAME_MAX * 2 + 1], b[NAME_MAX + 1];

	if (pattern_length >= sizeof(a) || part_length >= sizeof(b))
		return false;
	memcpy(a, pattern, pattern_length);
	memcpy(b, part, part_length);
	a[pattern_length] = b[part_length] = '\0';
	return fnmatch(a, b, 0) == 0;
}

static size_t part_length(const char *path)
{
	return strcspn(path, "/");
}

/*
 * Part by part; "**" stands for any number of parts, also for none. What it has to go back to is the last "**" only, since
 * an earlier one could take no part that the later cannot: so the time is that of the two lengths multiplied.
 */
static bool path_matches(const char *pattern, const char *path)
{
	const char *after_stars = NULL, *again = NULL;

	for (;;) {
		size_t n = part_length(pattern), m = part_length(path);

		if (n == 2 && strncmp(pattern, "**", 2) == 0) {
			pattern += n + (pattern[n] == '/');
			after_stars = pattern;
			again = path;
			if (!*pattern)
				return true;
			continue;
		}
		if (!*pattern && !*path)
			return true;
		if (*pattern && *path && part_matches(pattern, n, path, m)) {
			pattern += n + (pattern[n] == '/');
			path += m + (path[m] == '/');
			continue;
		}
		if (!after_stars || !*again)
			return false;
		again += part_length(again);
		again += *again == '/';
		pattern = after_stars;
		path = again;
	}
}

/* The path itself, or a directory on the way to it. */
static bool covers(const char *pattern, const char *path)
{
	char start[PATH_MAX];

	/* "." is all of the context. */
	if (!*pattern)
		return true;
	for (const char *slash = path; slash; slash = *slash ? slash + 1 : NULL) {
		slash += strcspn(slash, "/");
		if ((size_t)(slash - path) >= sizeof(start))
			return false;
		memcpy(start, path, (size_t)(slash - path));
		start[slash - path] = '\0';
		if (path_matches(pattern, start))
			return true;
	}
	return false;
}

/* "a**b" crosses slashes for some builders only. */
static bool is_odd(const char *pattern)
{
	for (size_t n; *pattern; pattern += n + (pattern[n] == '/')) {
		const char *stars = strstr(pattern, "**");

		n = part_length(pattern);
		if (n > 2 && stars && stars < pattern + n)
			return true;
	}
	return false;
}

bool ignore_matches(const struct ignore *ignore, const char *path)
{
	for (size_t i = ignore->count; i > 0; i--) {
		const struct ignore_pattern *pattern = &ignore->patterns[i - 1];

		if (is_odd(pattern->text)) {
			if (pattern->except)
				return false;
		} else if (covers(pattern->text, path)) {
			return !pattern->except;
		}
	}
	return false;
}
