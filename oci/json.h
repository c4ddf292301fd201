/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON documents as tables. A row says which member of a C struct a key fills;
 * the reader and the writer walk the same rows, so that a document has one
 * description. Rows stand in the order of the specification, which is the
 * order the writer keeps. The kind of a row follows from the member's type.
 *
 *	static const struct json_field root_fields[] = {
 *		JSON_ROW("path", struct oci_root, path, JSON_REQUIRED),
 *		JSON_ROW("readonly", struct oci_root, readonly, 0),
 *	};
 *	static const struct json_type root_type = JSON_TYPE(struct oci_root, root_fields);
 *
 * Read: keys without a row are ignored, duplicate keys refused, null is the same
 * as absent, and so is "" for a string that may be absent. Numbers must be
 * integers in the range of their member. Strings hold no NUL.
 * Written: what is absent, zero or empty is left out, unless the row says JSON_ALWAYS.
 */
#ifndef OCI_JSON_H
#define OCI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/error.h"
#include "oci/config.h"			/* oci_strings, oci_pairs, oci_number */

#define JSON_ITEMS_MAX 65536		/* in one array or object of a document */
#define JSON_MEMORY_MAX (256u << 20)	/* bytes a document may take while it is read */

enum json_kind {
	JSON_KIND_BOOL,
	JSON_KIND_U16,
	JSON_KIND_U32,
	JSON_KIND_U64,
	JSON_KIND_I32,
	JSON_KIND_I64,
	JSON_KIND_NUMBER,		/* struct oci_number */
	JSON_KIND_STRING,
	JSON_KIND_DIGEST,		/* struct digest from a string */
	JSON_KIND_STRINGS,		/* struct oci_strings from an array */
	JSON_KIND_KEYS,			/* struct oci_strings from the keys of an object, sorted; the values are {} */
	JSON_KIND_PAIRS,		/* struct oci_pairs from an object of strings */
	JSON_KIND_OBJECT,		/* a struct inside the struct */
	JSON_KIND_POINTER,		/* a struct of its own, NULL where absent */
	JSON_KIND_ARRAY,		/* pointer and count, from an array; items are structs, uint32_t or digests */
	JSON_KIND_MAP,			/* pointer and count, from an object; the key is the first member of the item */
	JSON_KIND_CONSTANT,		/* in the document only: the integer `limit`, or the string `words[0]` */
	JSON_KIND_REFUSED,		/* a key that shows that the document is something else: `words[0]` says what */
};

enum {
	JSON_REQUIRED = 1,		/* must be there; a string and an array of strings must not be empty */
	JSON_ALWAYS = 2,		/* written even where zero */
	JSON_HAS = 4,			/* `other` is the bool that says whether it is there */
	JSON_UNSIGNED = 8,		/* an oci_number that is not negative */
	JSON_ABSOLUTE = 16,		/* a string that starts with a slash, or an array of them */
};

struct json_type;

struct json_field {
	const char *key;
	enum json_kind kind;
	unsigned int flags;
	size_t offset;			/* of the member */
	size_t other;			/* of the member's count, or of its has_ flag */
	const struct json_type *type;	/* of the object or the items */
	const char *const *words;	/* the strings allowed, ended by NULL; NULL is any */
	size_t limit;			/* most items; 0 is JSON_ITEMS_MAX */
};

/* Where in the document: a list from the inside out, on the stack of the walk. */
struct json_place {
	const struct json_place *parent;
	const char *key;		/* NULL: [index] */
	size_t index;
	bool quoted;			/* the key is the author's, not the specification's: ["key"] */
};

struct json_type {
	const struct json_field *fields;
	size_t count;
	size_t size;			/* sizeof the struct */
	enum json_kind item;		/* JSON_KIND_OBJECT, or that of a plain item without fields */
	/* What no row can say; may be NULL. Fails through json_error. */
	int (*check)(const void *value, const struct json_place *place, struct error *err);
};

#define JSON_TYPE(S, rows, ...) \
	{ .fields = (rows), .count = ARRAY_SIZE(rows), .size = sizeof(S), .item = JSON_KIND_OBJECT, __VA_ARGS__ }

#define JSON_MEMBER(S, member) (((S *)NULL)->member)

#define JSON_KIND_OF(S, member) \
	_Generic(JSON_MEMBER(S, member), bool: JSON_KIND_BOOL, \
		 uint16_t: JSON_KIND_U16, uint32_t: JSON_KIND_U32, uint64_t: JSON_KIND_U64, \
		 int32_t: JSON_KIND_I32, int64_t: JSON_KIND_I64, struct oci_number: JSON_KIND_NUMBER, \
		 const char *: JSON_KIND_STRING, struct digest: JSON_KIND_DIGEST, \
		 struct oci_strings: JSON_KIND_STRINGS, struct oci_pairs: JSON_KIND_PAIRS)

/* A member whose type says what is read. */
#define JSON_ROW(k, S, member, f, ...) \
	{ .key = (k), .kind = JSON_KIND_OF(S, member), .flags = (f), .offset = offsetof(S, member), __VA_ARGS__ }

/* The same with a `has_` member beside it. */
#define JSON_ROW_HAS(k, S, member, f) JSON_ROW(k, S, member, JSON_HAS | (f), .other = offsetof(S, has_##member))

/* An object of the document whose members are a struct here, or are in this same struct. */
#define JSON_ROW_OBJECT(k, S, member, t, f, ...) \
	{ .key = (k), .kind = JSON_KIND_OBJECT, .flags = (f), .offset = offsetof(S, member), .type = (t), __VA_ARGS__ }
#define JSON_ROW_INLINE(k, t, f, ...) \
	{ .key = (k), .kind = JSON_KIND_OBJECT, .flags = (f), .offset = 0, .type = (t), __VA_ARGS__ }
#define JSON_ROW_POINTER(k, S, member, t) \
	{ .key = (k), .kind = JSON_KIND_POINTER, .offset = offsetof(S, member), .type = (t) }

/* An array (or map) of structs; `counter` is the member that counts. */
#define JSON_ROW_ARRAY(k, S, member, counter, t, f, ...) \
	{ .key = (k), .kind = JSON_KIND_ARRAY, .flags = (f), .offset = offsetof(S, member), \
	  .other = offsetof(S, counter), .type = (t), __VA_ARGS__ }
#define JSON_ROW_MAP(k, S, member, counter, t) \
	{ .key = (k), .kind = JSON_KIND_MAP, .offset = offsetof(S, member), .other = offsetof(S, counter), .type = (t) }
#define JSON_ROW_KEYS(k, S, member) { .key = (k), .kind = JSON_KIND_KEYS, .offset = offsetof(S, member) }
#define JSON_ROW_CONSTANT(k, ...) { .key = (k), .kind = JSON_KIND_CONSTANT, .flags = JSON_REQUIRED, __VA_ARGS__ }
#define JSON_ROW_REFUSED(k, says) { .key = (k), .kind = JSON_KIND_REFUSED, .words = (says) }

/* Items without fields, for JSON_ROW_ARRAY. */
extern const struct json_type json_type_u32, json_type_digest;

/*
 * Reads `length` bytes of JSON, at most `max`, as the row says: an object or an
 * array. `value` is zeroed first and is only whole after a success. Strings
 * point into the document as it was read, which lives in the arena.
 */
int json_read(const char *json, size_t length, size_t max, const struct json_field *root, struct arena *arena,
	      void *value, struct error *err);

/* Appends the document: indented by four spaces, or without any white space. */
int json_write(const struct json_field *root, const void *value, bool indented, struct buffer *out,
	       struct error *err);

/* The text as json_write() takes it: each byte that is no UTF-8 becomes U+FFFD. In the arena. */
const char *json_utf8(struct arena *arena, const char *text);

/* `PLACE.key: message`; key may be NULL. Returns -1. */
int json_error(const struct json_place *place, const char *key, struct error *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * The bytes as a tree of jansson's, every part of it in the arena: nothing is
 * to be released. NULL with the error.
 */
struct json_t;
struct json_t *json_load(const char *json, size_t length, struct arena *arena, struct error *err);

#endif
