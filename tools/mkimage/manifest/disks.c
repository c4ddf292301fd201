/* SPDX-License-Identifier: Apache-2.0 */
/* Values of `storage:`: sizes, labels, UUIDs, and the places where something may be mounted. */
#include "tools/mkimage/manifest/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/manifest/node.h"

#define LABEL_MAX     16 /* bytes: the superblock of ext4 and the header of a swap area have no more */
#define PARTLABEL_MAX 36 /* UEFI 2.10, 5.3.3: UTF-16 units; only ASCII is compared */
#define PERCENT_MAX   1000

bool manifest_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGTP";
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : NULL;
	unsigned int shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	unsigned long long n;

	if (digits == 0 || (text[digits] && (!unit || text[digits + 1])))
		return false;
	errno = 0;
	n = strtoull(text, NULL, 10);
	if (errno || n == 0 || n > MANIFEST_SIZE_MAX >> shift)
		return false;
	*bytes = n << shift;
	return true;
}

bool manifest_share(const char *text, uint64_t *bytes, unsigned int *percent)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long n = digits && digits < 5 ? strtoul(text, NULL, 10) : 0;

	*percent = 0;
	*bytes = 0;
	if (strcmp(text + digits, "%") != 0)
		return manifest_size(text, bytes);
	*percent = (unsigned int)n;
	return n >= 1 && n <= PERCENT_MAX;
}

const char *value_size(const char *value, struct arena *arena)
{
	uint64_t ignored;

	if (manifest_size(value, &ignored))
		return NULL;
	return arena_printf(arena, "expected a size such as '512M' or '1G', got '%s'", text_shown(value, arena));
}

const char *value_share(const char *value, struct arena *arena)
{
	uint64_t ignored;
	unsigned int percent;

	if (manifest_share(value, &ignored, &percent))
		return NULL;
	return arena_printf(arena, "expected a size such as '512M' or a part of the memory such as '50%%', got '%s'",
			    text_shown(value, arena));
}

/* Printable ASCII of at most `max` bytes. */
static const char *label_of(const char *value, size_t max, struct arena *arena)
{
	if (*value == '\0')
		return "is empty; give a label";
	for (const char *c = value; *c; c++)
		if (!isprint((unsigned char)*c))
			return arena_printf(arena, "'%s' may only have printable ASCII characters", text_shown(value, arena));
	if (strlen(value) > max)
		return arena_printf(arena, "'%s' has %zu characters; at most %zu are allowed", text_shown(value, arena),
				    strlen(value), max);
	return NULL;
}

const char *value_disk_label(const char *value, struct arena *arena)
{
	return label_of(value, LABEL_MAX, arena);
}

const char *value_partition_label(const char *value, struct arena *arena)
{
	return label_of(value, PARTLABEL_MAX, arena);
}

static bool is_uuid(const char *value)
{
	static const size_t parts[] = { 8, 4, 4, 4, 12 };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (strspn(value, "0123456789abcdefABCDEF") != parts[i])
			return false;
		value += parts[i];
		if (*value != (i + 1 < ARRAY_SIZE(parts) ? '-' : '\0'))
			return false;
		value += *value == '-';
	}
	return true;
}

/* The short ones of FAT and NTFS ("1234-ABCD"), and "SIGNATURE-02" of the partitions of an MBR, too. */
const char *value_disk_uuid(const char *value, struct arena *arena)
{
	size_t n = strlen(value);

	if (n >= 4 && n <= 36 && value[strspn(value, "0123456789abcdefABCDEF-")] == '\0')
		return NULL;
	return arena_printf(arena, "expected a UUID such as '0f8fad5b-d9cb-469f-a165-70867728950e', got '%s'",
			    text_shown(value, arena));
}

const char *value_partition_type(const char *value, struct arena *arena)
{
	if (is_uuid(value))
		return NULL;
	return arena_printf(arena, "expected the UUID of a partition type of GPT, got '%s'", text_shown(value, arena));
}

const char *value_mount_option(const char *value, struct arena *arena)
{
	if (*value == '\0' || value[strcspn(value, ", \t\r\n")] != '\0')
		return arena_printf(arena, "expected one option without a comma, such as 'noatime', got '%s'",
				    text_shown(value, arena));
	return NULL;
}

/* PID 1 and the runtime live in these. */
static const char *const kept[] = { "dev", "proc", "sys", "run/slipway", "containers", "etc/slipway" };

const char *value_mount_place(const char *value, struct arena *arena)
{
	const char *problem = value_absolute(value, arena), *path;

	if (problem)
		return problem;
	path = path_clean(arena, value);
	if (*path == '\0' || strcmp(path, "run") == 0 || strcmp(path, "etc") == 0)
		return arena_printf(arena, "'%s' cannot be mounted over: the machine would lose what it runs from",
				    text_shown(value, arena));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		size_t length = strlen(kept[i]);

		if (strncmp(path, kept[i], length) == 0 && (path[length] == '\0' || path[length] == '/'))
			return arena_printf(arena, "'%s' is in '/%s', which is the machine's own; choose another place",
					    text_shown(value, arena), kept[i]);
	}
	return NULL;
}
