/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of several machines on one output: each line whole, and with the name of its machine in front. */
#ifndef SLIPWAY_LINES_H
#define SLIPWAY_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

#define LINES_LINE_MAX 4096		/* bytes; a longer line is broken */

struct lines {
	const char *prefix;		/* "db  | " */
	int fd;
	bool console;			/* no carriage returns, and of control characters the tab alone */
	char line[LINES_LINE_MAX];
	size_t length;
};

/* What stands in front of the lines of `name`, so that those of all `names` begin at the same column. */
const char *lines_prefix(const char *name, const char *const *names, size_t count, struct arena *arena);

int lines_write(struct lines *lines, const char *data, size_t length, struct error *err);

/* Writes what was no whole line yet, as one. */
int lines_end(struct lines *lines, struct error *err);

#endif
