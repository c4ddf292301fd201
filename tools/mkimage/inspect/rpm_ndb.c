/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages.db: pages of slots, which say in which blocks the headers are (lib/backend/ndb/rpmpkg.c of rpm describes it). Numbers are
 * in little endian.
 */
#include "tools/mkimage/inspect/rpm.h"

#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

#define PAGE 4096	/* bytes, of slots */
#define SLOT 16		/* magic, package, first block, blocks */
#define FIRST_SLOT 32	/* behind magic, version, generation, pages of slots, next package, and room */
#define BLOCK 16
#define BLOB_HEAD 16	/* magic, package, time, length */
#define BLOB_TAIL 12	/* checksum, length, magic; at the end of the last block */

static uint32_t number(const unsigned char *at)
{
	return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

struct reader {
	const unsigned char *data;
	size_t length, left;		/* bytes: all, and what headers may still have together */
	struct arena *arena;
	struct package_list *list;
};

static int read_blob(struct reader *r, const unsigned char *slot, struct error *err)
{
	uint64_t begin = (uint64_t)number(slot + 8) * BLOCK, size = (uint64_t)number(slot + 12) * BLOCK;
	const unsigned char *blob, *tail;
	uint32_t bytes;

	if (begin > r->length || size > r->length - begin || size < BLOB_HEAD + BLOB_TAIL)
		return error_set(err, "its blocks lie outside of the file");
	if (size > r->left)
		return error_set(err, "it has blocks of others");
	r->left -= size;
	blob = r->data + begin;
	tail = blob + size - BLOB_TAIL;
	bytes = number(blob + 12);
	if (memcmp(blob, "BlbS", 4) != 0 || memcmp(tail + 8, "BlbE", 4) != 0 || number(blob + 4) != number(slot + 4) ||
	    number(tail + 4) != bytes || bytes > size - BLOB_HEAD - BLOB_TAIL)
		return error_set(err, "its blocks are not what the slot says");
	return rpm_add_header(blob + BLOB_HEAD, bytes, r->arena, r->list, err);
}

int rpm_parse_ndb(const void *bytes, size_t length, struct arena *arena, struct package_list *list, struct error *err)
{
	struct reader r = { .data = bytes, .length = length, .left = length, .arena = arena, .list = list };
	const unsigned char *data = bytes;
	uint64_t end;

	if (length < PAGE || memcmp(data, "RpmP", 4) != 0 || number(data + 4) != 0)
		return error_set(err, "rpm database: it is no ndb of version 0");
	end = (uint64_t)number(data + 12) * PAGE;
	if (end == 0 || end > length)
		return error_set(err, "rpm database: its pages of slots are more than the file");
	for (uint64_t at = FIRST_SLOT; at < end; at += SLOT) {
		if (memcmp(data + at, "Slot", 4) != 0)
			return error_set(err, "rpm database: slot %llu is none", (unsigned long long)(at / SLOT));
		/* Without blocks it is free. */
		if (number(data + at + 8) && read_blob(&r, data + at, err) < 0)
			return error_context(err, "rpm database: package %u", number(data + at + 4));
	}
	return 0;
}
