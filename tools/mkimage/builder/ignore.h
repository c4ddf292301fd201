/* SPDX-License-Identifier: Apache-2.0 */
/* .dockerignore: which files of a context a builder does not get to see. */
#ifndef MKIMAGE_BUILDER_IGNORE_H
#define MKIMAGE_BUILDER_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct ignore_pattern {
	const char *text;		/* cleaned: no slash at either end */
	bool except;			/* '!' in front: what it matches stays */
};

struct ignore {
	struct ignore_pattern *patterns;
	size_t count;
	bool has_exceptions;
};

/* Appends the lines of a file. */
void ignore_parse(struct ignore *ignore, const char *text, struct arena *arena);

/* Appends one path, taken as it is. */
void ignore_path(struct ignore *ignore, const char *path, struct arena *arena);

/*
 * Whether a path, relative to the context, is left out: the last pattern that matches it or a directory it is in
 * decides. Where the rules of builders differ, a file is kept.
 */
bool ignore_matches(const struct ignore *ignore, const char *path);

#endif
