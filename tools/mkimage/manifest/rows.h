/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of the tables of keys are written with. Only for files that hold such tables. */
#ifndef MKIMAGE_MANIFEST_ROWS_H
#define MKIMAGE_MANIFEST_ROWS_H

#include "base/cleanup.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/manifest/schema.h"

/* What stands behind the member are more members of struct field: `.required = true`, CHECK(...), RANGE(...). */
#define KEY(type, key, kind_, member, ...)                                                                   \
	{                                                                                                    \
		.name = key, .kind = FIELD_##kind_, .offset = offsetof(struct manifest##type, member),       \
		__VA_ARGS__                                                                                  \
	}
#define IGNORED(key, note_)                                                                                  \
	{                                                                                                    \
		.name = key, .kind = FIELD_IGNORED, .note = note_                                            \
	}
#define NESTED(key, offset_, schema_)                                                                        \
	{                                                                                                    \
		.name = key, .kind = FIELD_STRUCT, .offset = offset_, .schema = schema_                      \
	}
#define LIST_AT(type, key, items_, count_, schema_, ...)                                                     \
	{                                                                                                    \
		.name = key, .kind = FIELD_STRUCTS, .offset = offsetof(struct manifest##type, items_),       \
		.count = offsetof(struct manifest##type, count_), .schema = schema_, __VA_ARGS__             \
	}
#define LIST(type, key, member, schema_)                                                                     \
	LIST_AT(type, key, member, member##_count, schema_, .set = FIELD_NOWHERE)
#define SET_LIST(type, key, member, schema_)                                                                 \
	LIST_AT(type, key, member, member##_count, schema_,                                                  \
		.set = offsetof(struct manifest##type, member##_set))
#define MAPPINGS(type, key, member)                                                                          \
	LIST_AT(type, key, member.items, member.count, &id_mapping,                                          \
		.set = offsetof(struct manifest##type, member.set))
#define CONTAINERS(key, member)                                                                              \
	LIST_AT(, key, member.items, member.count, &schema_container, .set = FIELD_NOWHERE)

#define CHECK(name)     .check = value_##name
#define RANGE(from, to) .least = (from), .most = (to)
#define REQUIRED        .required = true
#define OPTIONAL        .empty_is_absent = true

#define MAJOR_MAX 4095 /* linux/kdev_t.h: 12 bits and 20 bits */
#define MINOR_MAX 1048575
#define AMOUNT    RANGE(-1, INT64_MAX) /* bytes or microseconds; -1 is no limit */

#define SCHEMA(type, at_, set_, fields_)                                                                     \
	{                                                                                                    \
		.size = sizeof(struct manifest##type), .at = at_, .set = set_, .fields = fields_,            \
		.count = ARRAY_SIZE(fields_)                                                                 \
	}
/* `word_` is what a text in place of the mapping goes to. */
#define EITHER(type, set_, word_, fields_)                                                                   \
	{                                                                                                    \
		.size = sizeof(struct manifest##type), .at = offsetof(struct manifest##type, at), .set = set_, \
		.fields = fields_, .count = ARRAY_SIZE(fields_), .word = word_                               \
	}
#define PLACED(type, fields_) SCHEMA(type, offsetof(struct manifest##type, at), FIELD_NOWHERE, fields_)
#define BARE(type, fields_)   SCHEMA(type, FIELD_NOWHERE, FIELD_NOWHERE, fields_)

#endif
