/* SPDX-License-Identifier: Apache-2.0 */
#include "init/firmware.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "base/cleanup.h"

#define TEXT_MAX 64
#define HOUR INT64_C(3600000000)

#define FPDT(name) "acpi/fpdt/boot/" name "_ns"
#define LOADER(name) "efi/efivars/" name "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define ATTRIBUTES 4			/* bytes in front of a variable: efivarfs.rst */

/* Decimal digits, each in `step` bytes of which the others are 0, and whatever is no digit after them; -1 without any. */
static int64_t parse(const char *text, size_t length, size_t step)
{
	int64_t n = -1;

	for (size_t i = 0; i + step <= length && text[i] >= '0' && text[i] <= '9' && (step == 1 || text[i + 1] == '\0'); i += step) {
		if (n > INT64_MAX / 10 - 10)
			return -1;
		n = (n < 0 ? 0 : n) * 10 + (text[i] - '0');
	}
	return n;
}

static int64_t read_number(int directory, const char *path, size_t skip, size_t step)
{
	autoclose int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	char text[TEXT_MAX];
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;

	return n > (ssize_t)skip ? parse(text + skip, (size_t)n - skip, step) : -1;
}

static const struct source {
	const char *name, *start, *end;
	size_t skip, step;		/* bytes in front of the number, and of each of its digits */
	int64_t unit;			/* in a microsecond */
} sources[] = {
	{ "fpdt", FPDT("bootloader_launch"), FPDT("exitbootservice_end"), 0, 1, 1000 },
	{ "efi", LOADER("LoaderTimeInitUSec"), LOADER("LoaderTimeExecUSec"), ATTRIBUTES, 2, 1 },
};

bool firmware_times_read(int directory, struct firmware_times *times)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const struct source *s = &sources[i];
		int64_t start = read_number(directory, s->start, s->skip, s->step);
		int64_t end = read_number(directory, s->end, s->skip, s->step);

		/* 0 is what firmware says that does not know it. */
		if (start <= 0 || end < start || end / s->unit > HOUR)
			continue;
		*times = (struct firmware_times){ start / s->unit, end / s->unit, s->name };
		return true;
	}
	return false;
}
