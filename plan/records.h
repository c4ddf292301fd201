/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of plan/: what the reader and the writer both go by. One row a kind of
 * record, one row a field; a value's form, its limits and its default stand
 * there and nowhere else.
 */
#ifndef PLAN_RECORDS_H
#define PLAN_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "plan/plan.h"

#define PLAN_FIELDS_MAX 64		/* of one record: a bit each in the reader */
#define PLAN_NAME_MAX 255		/* bytes of a name */
#define PLAN_SIZE_MAX (UINT64_C(1) << 60)	/* bytes */
#define PLAN_SCRATCH 512		/* room for a default that depends on other fields */

enum plan_type {
	PLAN_TEXT,			/* const char *: any bytes but NUL */
	PLAN_FILE,			/* const char *: an absolute path */
	PLAN_NAME,			/* const char *: not empty, no slash, at most PLAN_NAME_MAX */
	PLAN_RELATIVE,			/* const char *: a path that stays below where it starts */
	PLAN_WORD,			/* const char *: one of `words` */
	PLAN_ENUM,			/* an enum: the index in `words` */
	PLAN_NUMBER,			/* unsigned int, decimal, at most `max` */
	PLAN_SIZE,			/* uint64_t: bytes, decimal, at most 2^60 */
	PLAN_BOOL,			/* bool: "true" or "false" */
	PLAN_LIST,			/* struct plan_strings: the key once an item */
	PLAN_TIMES,			/* const char *: as base/cron.h has it */
};

struct plan_field {
	const char *key;		/* NULL ends the table */
	enum plan_type type;
	size_t offset;			/* in the record's struct */
	bool required;
	const char *fallback;		/* the default as text; NULL: the field may be absent */
	/* A default that depends on fields further up; in place of `fallback`. */
	const char *(*fallback_of)(const void *record, char scratch[PLAN_SCRATCH]);
	const char *const *words;	/* ended by NULL */
	unsigned int max;
};

struct plan_record {
	const char *kind;		/* NULL ends the table */
	const struct plan_field *fields;
	size_t size;			/* of the struct */
	size_t items, count;		/* offsets in struct plan; `machine` is not in an array: count is 0 */
	enum plan_prepare_kind prepare;	/* where `items` is `prepares` */
	bool of_container;		/* it follows its container, whose index is in the struct at `container` */
	size_t container;
};

extern const struct plan_field plan_storage_fields[];

/* What no single field of a `storage` record can tell. */
int plan_check_storage(const struct plan_storage *storage, struct error *err);

extern const struct plan_record plan_records[];

/* The default of a field of this record, NULL where it has none. */
const char *plan_fallback(const struct plan_field *field, const void *record, char scratch[PLAN_SCRATCH]);

/* True when `text` has the form of the field; else `expected` says what it should be. */
bool plan_check(const struct plan_field *field, const char *text, const char **expected);

/* The index of `text` in `words`, -1 where it is not there. */
int plan_word(const char *const *words, const char *text);

#endif
