/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/inspect/kernel.h"

#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

#define VERSION_MAX 256
#define BANNER "Linux version "

/* Documentation/arch/x86/boot.rst: "kernel_version" at 0x20e points to the text, less 0x200. */
#define HEADER_MAGIC_AT 0x202
#define KERNEL_VERSION_AT 0x20e
#define KERNEL_VERSION_BASE 0x200

/* The printable text at an offset, up to its NUL or the end of the line. */
static const char *text_at(const char *data, size_t length, size_t at, struct arena *arena)
{
	size_t n = 0;

	while (at + n < length && n < VERSION_MAX && data[at + n] >= 0x20 && data[at + n] < 0x7f)
		n++;
	return n > 0 ? arena_strndup(arena, data + at, n) : NULL;
}

const char *kernel_version(const void *data, size_t length, struct arena *arena)
{
	const unsigned char *bytes = data;
	const char *banner;

	if (length > KERNEL_VERSION_AT + 2 && memcmp(bytes + HEADER_MAGIC_AT, "HdrS", 4) == 0)
		return text_at(data, length,
			       (size_t)(bytes[KERNEL_VERSION_AT] | bytes[KERNEL_VERSION_AT + 1] << 8) + KERNEL_VERSION_BASE,
			       arena);
	/* linux_banner: a format with the same beginning stands in the file, too; a version begins with a digit. */
	for (size_t at = 0; (banner = memmem(bytes + at, length - at, BANNER, strlen(BANNER)));) {
		at = (size_t)(banner - (const char *)data) + strlen(BANNER);
		if (at < length && bytes[at] >= '0' && bytes[at] <= '9')
			return text_at(data, length, at, arena);
	}
	return NULL;
}
