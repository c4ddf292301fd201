/* SPDX-License-Identifier: Apache-2.0 */
/* Records for people and for programs: tables, log lines, Prometheus text, JSON. To standard output. */
#ifndef CONTROL_RENDER_H
#define CONTROL_RENDER_H

#include <stdbool.h>

#include "base/arena.h"
#include "control/record.h"

enum render_form {
	RENDER_TEXT,			/* as it is, but for control characters */
	RENDER_AGE,			/* milliseconds: "5m12s" */
	RENDER_BYTES,			/* "1.5M" */
	RENDER_PERCENT,			/* tenths of a percent */
};

struct render_column {
	const char *heading, *key;
	enum render_form form;
	bool right;			/* numbers stand at the right */
};

/* An all-zero table is empty. Columns end with a NULL heading; those that no record has are left out. */
struct render_table {
	const struct render_column *columns;
	struct record *rows;		/* copies, in the arena */
	size_t count;
	struct arena arena;
};

void render_table_add(struct render_table *table, const struct record *record);
void render_table_print(const struct render_table *table);
void render_table_release(struct render_table *table);

/* "2026-11-25T22:48:51.123456Z". `out` has room for 28 bytes. */
#define RENDER_TIME_MAX 28
void render_time(int64_t realtime_us, char out[RENDER_TIME_MAX]);

/* Without what could move the cursor or do worse; colours stay. */
void render_clean(struct buffer *out, const char *text);

/* `{"name":"web","pid":312}` appended: fields that are numbers by their key come as numbers, "1" of flags as true. */
void render_json(struct buffer *out, const struct record *record);

/* A sample as Prometheus reads it, with HELP and TYPE in front of the first of its name. */
void render_metric(struct buffer *out, const struct record *record, const char *name_before);

#endif
