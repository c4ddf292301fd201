/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of each struct of the manifest, as tables: the one description that reading,
 * type errors, the check for unknown keys and the syntax of values come from. A new key is a row.
 */
#ifndef MKIMAGE_MANIFEST_SCHEMA_H
#define MKIMAGE_MANIFEST_SCHEMA_H

#include "tools/mkimage/manifest/node.h"
#include "tools/mkimage/manifest/values.h"

enum field_kind {
	FIELD_STRING,			/* struct manifest_string; a number is taken as its text */
	FIELD_TEXT,			/* const char *, the same without a place */
	FIELD_BOOL,			/* struct manifest_bool */
	FIELD_FLAG,			/* bool */
	FIELD_INT,			/* struct manifest_int */
	FIELD_ID,			/* struct manifest_id: a number or a name */
	FIELD_STRINGS,			/* struct manifest_strings */
	FIELD_PAIRS,			/* struct manifest_pairs: text to text */
	FIELD_STRUCT,			/* the struct of `schema` itself */
	FIELD_STRUCTS,			/* an array of them: pointer, `count` and maybe `set` */
	FIELD_IGNORED,			/* known and of no effect: `note` says why */
};

#define FIELD_NOWHERE ((size_t)-1)

struct schema;

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;			/* in the struct of the schema */
	const struct schema *schema;	/* FIELD_STRUCT, FIELD_STRUCTS */
	size_t count, set;		/* FIELD_STRUCTS: offsets of size_t and bool; `set` may be FIELD_NOWHERE */
	const char *const *keys;	/* FIELD_PAIRS: the keys there can be; NULL is any */
	bool required;
	bool empty_is_absent;		/* LinuxKit tells "" and a missing string apart in a few keys only */
	value_check *check;		/* of a text, of each text of a list, of each key of pairs; may be NULL */
	value_check *check_value;	/* FIELD_PAIRS: of each value; may be NULL */
	int64_t least, most;		/* FIELD_INT: the range, where `most` is above `least` */
	const struct field *mapping;	/* FIELD_STRUCTS: what a mapping in place of the list is read by; NULL: there is none */
	const char *note;		/* accepted, but of no effect, because ...; told as a warning */
};

struct schema {
	size_t size;			/* of the struct */
	size_t at;			/* offset of its struct place, or FIELD_NOWHERE */
	size_t set;			/* offset of a bool that tells that it was there, or FIELD_NOWHERE */
	const struct field *fields;
	size_t count;
	const struct field *word;	/* a FIELD_STRING that a text in place of the mapping goes to; NULL: there is none */
};

extern const struct schema schema_manifest;	/* struct manifest */
extern const struct schema schema_container;	/* struct manifest_container */
extern const struct schema schema_file;		/* struct manifest_file */
extern const struct schema schema_log, schema_logging;	/* struct manifest_log, manifest_logging: schema_logs.c */
extern const struct schema schema_storage;	/* struct manifest_storage: schema_storage.c */
extern const struct schema schema_network;	/* struct manifest_network; schema_network.c */

enum schema_unknown { SCHEMA_REFUSE, SCHEMA_PASS_OVER };

/* Fills the zeroed `result` from the node; an error names the place and the path of keys. */
int schema_read(const struct schema *schema, const struct node *node, enum schema_unknown unknown,
		struct arena *arena, void *result, struct error *err);

#endif
