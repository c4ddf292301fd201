/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of rpm packages, and the databases they are kept in. */
#ifndef TESTS_UNIT_RPM_MAKER_H
#define TESTS_UNIT_RPM_MAKER_H

#include <stdint.h>
#include <string.h>

#include "base/buffer.h"

struct rpm_value {
	uint32_t tag, type, count;
	const char *text;	/* NULL: `number` */
	uint32_t number;
};

static inline void put_big(struct buffer *out, uint32_t number)
{
	const unsigned char bytes[] = { (unsigned char)(number >> 24), (unsigned char)(number >> 16), (unsigned char)(number >> 8),
					(unsigned char)number };

	buffer_add(out, bytes, sizeof(bytes));
}

static inline void put_little(struct buffer *out, uint32_t number)
{
	put_big(out, __builtin_bswap32(number));
}

static inline void make_header(const struct rpm_value *values, size_t count, struct buffer *out)
{
	autobuffer struct buffer entries = { 0 }, data = { 0 };

	for (size_t i = 0; i < count; i++) {
		put_big(&entries, values[i].tag);
		put_big(&entries, values[i].type);
		put_big(&entries, (uint32_t)data.length);
		put_big(&entries, values[i].count);
		if (values[i].text)
			buffer_add(&data, values[i].text, strlen(values[i].text) + 1);
		else
			put_big(&data, values[i].number);
	}
	put_big(out, (uint32_t)count);
	put_big(out, (uint32_t)data.length);
	buffer_add(out, entries.data, entries.length);
	buffer_add(out, data.data, data.length);
}

/* An ndb with one page of slots, of which the second is free. */
static inline void make_ndb(const struct buffer *header, struct buffer *out)
{
	uint32_t blocks = (uint32_t)((16 + header->length + 12 + 15) / 16);

	buffer_add(out, "RpmP", 4);
	put_little(out, 0);	/* version */
	put_little(out, 7);	/* generation */
	put_little(out, 1);	/* pages */
	put_little(out, 3);	/* next package */
	for (int i = 0; i < 3; i++)
		put_little(out, 0);
	for (uint32_t i = 0; i < 254; i++) {
		buffer_add(out, "Slot", 4);
		put_little(out, i == 0 ? 2 : 0);
		put_little(out, i == 0 ? 256 : 0);
		put_little(out, i == 0 ? blocks : 0);
	}
	buffer_add(out, "BlbS", 4);
	put_little(out, 2);
	put_little(out, 7);
	put_little(out, (uint32_t)header->length);
	buffer_add(out, header->data, header->length);
	while ((out->length + 12) % 16)
		buffer_add(out, "", 1);
	put_little(out, 0);	/* checksum */
	put_little(out, (uint32_t)header->length);
	buffer_add(out, "BlbE", 4);
}

#endif
