/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/manifest/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char problem_nul[] = "a NUL byte; a manifest is text, is this the right file?";
static const char problem_control[] =
	"a control character; remove it, or write it as an escape in double quotes";
static const char problem_utf8[] = "a byte that is not UTF-8; save the file as UTF-8";
static const char problem_utf16[] = "the text is UTF-16 or UTF-32; save the file as UTF-8";
static const char problem_mark[] = "a byte order mark in the middle of the text; remove it";

size_t utf8_mark(const char *text, size_t length)
{
	return length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Decodes one character of more than one byte; returns its length, 0 where it is not UTF-8. */
static size_t decode(const unsigned char *p, size_t left, uint32_t *character)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c = p[0] & (0x7fu >> n);

	if (p[0] < 0xc2 || p[0] > 0xf4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < lowest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*character = c;
	return n;
}

static const char *problem_of_character(uint32_t c)
{
	if (c == 0xfeff)
		return problem_mark;
	if ((c >= 0x80 && c < 0xa0 && c != 0x85) || c == 0xfffe || c == 0xffff)
		return problem_control;
	return NULL;
}

static const char *problem_of_byte(unsigned char c)
{
	if (c == 0)
		return problem_nul;
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f ? problem_control : NULL;
}

static bool is_wide(const char *text, size_t length)
{
	if (length < 2)
		return false;
	/* With a byte order mark, or without one and with ASCII at its start. */
	return memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0 || (!text[0] != !text[1]);
}

size_t utf8_check(const char *text, size_t length, const char **problem)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t c = 0;
	size_t i = utf8_mark(text, length), n;

	if (is_wide(text, length)) {
		*problem = problem_utf16;
		return 0;
	}
	for (; i < length; i += n) {
		if (p[i] < 0x80) {
			n = 1;
			*problem = problem_of_byte(p[i]);
		} else {
			n = decode(p + i, length - i, &c);
			*problem = n == 0 ? problem_utf8 : problem_of_character(c);
		}
		if (*problem)
			return i;
	}
	*problem = NULL;
	return length;
}

void utf8_position(const char *text, size_t offset, unsigned int *line, unsigned int *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n' && i > 0 && text[i - 1] == '\r')
			continue; /* the second half of a break */
		if (text[i] == '\n' || text[i] == '\r') {
			(*line)++;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			(*column)++;
		}
	}
}
