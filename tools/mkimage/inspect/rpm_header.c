/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/inspect/rpm.h"

#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/json.h"

#define INTRO 8		/* bytes: number of entries, bytes of data */
#define ENTRY 16	/* bytes: tag, type, offset, count */

enum type { TYPE_INT32 = 4, TYPE_STRING = 6 };

struct fields {
	const char *name, *version, *release, *vendor, *license, *architecture, *source;
	const unsigned char *epoch;
};

#define IN(member) offsetof(struct fields, member)

/* docs/manual/tags.md of rpm */
static const struct {
	uint32_t tag;
	enum type type;
	size_t offset;
} rows[] = {
	{ 1000, TYPE_STRING, IN(name) },    { 1001, TYPE_STRING, IN(version) }, { 1002, TYPE_STRING, IN(release) },
	{ 1003, TYPE_INT32, IN(epoch) },    { 1011, TYPE_STRING, IN(vendor) },  { 1014, TYPE_STRING, IN(license) },
	{ 1022, TYPE_STRING, IN(architecture) }, { 1044, TYPE_STRING, IN(source) },
};

/* Numbers are in network byte order. */
static uint32_t number(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The value of an entry, all of it within the data; text has its NUL there. `left` counts what texts may still have together. */
static int take_value(const unsigned char *entry, const unsigned char *data, uint32_t length, enum type type, uint32_t *left,
		      const void **value, struct error *err)
{
	uint32_t tag = number(entry), offset = number(entry + 8);

	if (number(entry + 4) != type || number(entry + 12) != 1)
		return error_set(err, "tag %u has type %u and %u values, expected type %d and one", tag, number(entry + 4),
				 number(entry + 12), (int)type);
	if (offset >= length || (type == TYPE_INT32 && length - offset < 4) ||
	    (type == TYPE_STRING && !memchr(data + offset, '\0', length - offset)))
		return error_set(err, "the value of tag %u lies outside of the header", tag);
	if (type == TYPE_STRING) {
		size_t bytes = strlen((const char *)data + offset) + 1;

		/* One long text, named by each tag, would be many of them. */
		if (bytes > *left)
			return error_set(err, "the values of its tags lie in one another");
		*left -= (uint32_t)bytes;
	}
	*value = data + offset;
	return 0;
}

static int read_entries(const unsigned char *entries, uint32_t count, const unsigned char *data, uint32_t length,
			struct fields *fields, struct error *err)
{
	uint32_t left = length;

	for (uint32_t i = 0; i < count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			const void **value = (const void **)(void *)((char *)fields + rows[k].offset);

			if (number(entries + i * ENTRY) != rows[k].tag || *value)
				continue;
			if (take_value(entries + i * ENTRY, data, length, rows[k].type, &left, value, err) < 0)
				return -1;
		}
	return 0;
}

static const char *text(const char *value, struct arena *arena)
{
	return value && *value ? json_utf8(arena, arena_strdup(arena, value)) : NULL;
}

static int add(const struct fields *f, struct arena *arena, struct package_list *list, struct error *err)
{
	struct package *package;

	if (!f->name || !f->version || !f->release || !*f->name || !*f->version || !*f->release)
		return error_set(err, "a package without name, version or release");
	if (strcmp(f->name, "gpg-pubkey") == 0)
		return 0;
	if (list->count == PACKAGES_MAX)
		return error_set(err, "too many packages");
	package = arena_push(arena, &list->items, &list->count, sizeof(*package));
	*package = (struct package){
		.name = text(f->name, arena), .architecture = text(f->architecture, arena), .source = text(f->source, arena),
		.license = text(f->license, arena), .vendor = text(f->vendor, arena),
		.version = json_utf8(arena, arena_printf(arena, "%s-%s", f->version, f->release)),
		.epoch = f->epoch ? arena_printf(arena, "%u", number(f->epoch)) : NULL,
	};
	return 0;
}

int rpm_add_header(const void *bytes, size_t length, struct arena *arena, struct package_list *list, struct error *err)
{
	const unsigned char *header = bytes;
	struct fields fields = { 0 };
	uint32_t entries, data;

	if (length < INTRO)
		return error_set(err, "a header of %zu bytes", length);
	entries = number(header);
	data = number(header + 4);
	if (entries > RPM_HEADER_TAGS_MAX || (uint64_t)INTRO + (uint64_t)entries * ENTRY + data != length)
		return error_set(err, "a header of %zu bytes says that it has %u entries and %u bytes of data", length, entries, data);
	if (read_entries(header + INTRO, entries, header + INTRO + (size_t)entries * ENTRY, data, &fields, err) < 0)
		return -1;
	return add(&fields, arena, list, err);
}
