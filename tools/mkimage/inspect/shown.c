/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/inspect/shown.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "tools/mkimage/inspect/inspect.h"

void shown_add(struct buffer *out, const char *text)
{
	for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
		bool c1 = s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0;

		if (*s < 0x20 || *s == 0x7f || c1)
			buffer_add(out, "?", 1);
		else
			buffer_add(out, s, 1);
		s += c1;
	}
}

struct shown_size contents_shown_size(uint64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	struct shown_size shown;
	size_t unit = 0;
	uint64_t tenths = bytes / 100;

	if (bytes < 1000) {
		(void)snprintf(shown.text, sizeof(shown.text), "%u B", (unsigned int)bytes);
		return shown;
	}
	for (; tenths >= 10000 && unit + 1 < ARRAY_SIZE(units); unit++)
		tenths /= 1000;
	(void)snprintf(shown.text, sizeof(shown.text), "%u.%u %s", (unsigned int)(tenths / 10), (unsigned int)(tenths % 10),
		       units[unit]);
	return shown;
}
