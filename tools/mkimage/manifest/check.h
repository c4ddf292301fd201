/* SPDX-License-Identifier: Apache-2.0 */
/* What the types cannot say: required keys, values, names that must be there, names that must not be there twice. */
#ifndef MKIMAGE_MANIFEST_CHECK_H
#define MKIMAGE_MANIFEST_CHECK_H

#include "tools/mkimage/manifest/values.h"
#include "tools/mkimage/manifest/manifest.h"

/* Where a container is written; a bit each, for the table of keys that are not for all. */
enum check_stage { CHECK_ONBOOT = 1, CHECK_SERVICES = 2, CHECK_ONSHUTDOWN = 4, CHECK_LABEL = 8 };

struct checker {
	const struct manifest *manifest;	/* NULL for a label */
	struct arena *arena;
	struct error *err;
};

int check_manifest(struct checker *checker, const struct manifest *manifest);

/* `where` is "services[0]", or "" for a label. */
int check_container(struct checker *checker, const struct manifest_container *container, const char *where,
		    enum check_stage stage);

/* --- for both files --- */

/* A key and the check of its value, or of each of its values. Tables of them end with a NULL key. */
struct check_rule {
	const char *key;
	enum { RULE_STRING, RULE_STRINGS } kind;
	size_t offset;
	value_check *check;
};

int check_rules(struct checker *checker, const struct check_rule *rules, const void *values, const char *where);

/* A key and the range of its number. Tables of them end with a NULL key. */
struct check_range {
	const char *key;
	size_t offset;			/* of a struct manifest_int */
	int64_t least, most;
};

int check_ranges(struct checker *checker, const struct check_range *ranges, const void *values, const char *where);

/* "FILE:LINE:COLUMN: where.key: problem"; returns -1. Either of the two may be "". */
int check_fail(struct checker *checker, const struct place *at, const char *where, const char *key,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Each value on one line, and each key as `check_key` wants it, which may be NULL. */
int check_pairs(struct checker *checker, const struct manifest_pairs *pairs, const char *where, const char *key,
		value_check *check_key);

/* An id by name: of a container of the manifest, or root. A label's are looked up later. */
int check_id(struct checker *checker, const char *name, const struct place *at, const char *where, const char *key);

#endif
