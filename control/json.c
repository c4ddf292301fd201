/* SPDX-License-Identifier: Apache-2.0 */
#include "control/json.h"

#include <stdint.h>
#include <string.h>

static const struct sequence {
	uint8_t mask, lead;		/* of the first byte */
	size_t length;
	uint32_t least;			/* shorter would do for what is below: RFC 3629 forbids it */
} sequences[] = {
	{ 0x80, 0x00, 1, 0 }, { 0xe0, 0xc0, 2, 0x80 }, { 0xf0, 0xe0, 3, 0x800 }, { 0xf8, 0xf0, 4, 0x10000 },
};

/* Bytes of the character at the beginning; 0 where there is none. */
static size_t character(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(sequences) / sizeof(*sequences); i++) {
		const struct sequence *s = &sequences[i];
		uint32_t code = (uint8_t)text[0] & (uint8_t)~s->mask;

		if (((uint8_t)text[0] & s->mask) != s->lead)
			continue;
		if (s->length > length)
			return 0;
		for (size_t k = 1; k < s->length; k++) {
			if (((uint8_t)text[k] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | ((uint8_t)text[k] & 0x3f);
		}
		return code < s->least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : s->length;
	}
	return 0;
}

void json_add_string(struct buffer *out, const char *text, size_t length)
{
	buffer_add_string(out, "\"");
	while (length > 0) {
		size_t n = character(text, length);
		uint8_t c = (uint8_t)*text;

		if (n == 0)
			buffer_add_string(out, "\\ufffd");
		else if (c == '"' || c == '\\')
			buffer_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buffer_printf(out, "\\u%04x", c);
		else
			buffer_add(out, text, n);
		n = n ? n : 1;
		text += n;
		length -= n;
	}
	buffer_add_string(out, "\"");
}
