/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/probe.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/storage/begun.h"
#include "init/storage/superblock.h"

#define EXT_MAGIC_AT 0x438u		/* s_magic of the superblock at 1024 */

static int read_size(int fd, struct probe *probe)
{
	struct stat st;
	int readonly = 0;

	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISBLK(st.st_mode)) {
		probe->size = (uint64_t)st.st_size;
		return 0;
	}
	if (ioctl(fd, BLKGETSIZE64, &probe->size) < 0)
		return -1;
	if (ioctl(fd, BLKROGET, &readonly) == 0)
		probe->readonly = readonly != 0;
	return 0;
}

static void take_value(blkid_probe pr, const char *name, char *out)
{
	const char *value;

	if (blkid_probe_lookup_value(pr, name, &value, NULL) == 0)
		(void)snprintf(out, PROBE_TEXT, "%s", value);
}

/* libblkid tells apart: found (0), nothing (1), too much (-2), and not readable (-1). */
static int ask_blkid(int fd, struct probe *probe)
{
	static const struct {
		const char *name;
		size_t offset;
	} values[] = {
		{ "TYPE", offsetof(struct probe, type) },
		{ "PTTYPE", offsetof(struct probe, table) },
		{ "LABEL", offsetof(struct probe, label) },
		{ "UUID", offsetof(struct probe, uuid) },
		{ "PART_ENTRY_NAME", offsetof(struct probe, part_label) },
		{ "PART_ENTRY_UUID", offsetof(struct probe, part_uuid) },
		{ "PART_ENTRY_TYPE", offsetof(struct probe, part_type) },
	};
	blkid_probe pr = blkid_new_probe();
	int r = -1;

	errno = 0;
	if (pr && blkid_probe_set_device(pr, fd, 0, 0) == 0) {
		(void)blkid_probe_enable_superblocks(pr, 1);
		(void)blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID);
		(void)blkid_probe_enable_partitions(pr, 1);
		(void)blkid_probe_set_partitions_flags(pr, BLKID_PARTS_ENTRY_DETAILS);
		r = blkid_do_safeprobe(pr);
	}
	probe->ambiguous = r == -2;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(values); i++)
		take_value(pr, values[i].name, (char *)probe + values[i].offset);
	blkid_free_probe(pr);
	return r == -1 ? -1 : 0;
}

static bool all_zero(const unsigned char *data, size_t length)
{
	return length == 0 || (data[0] == 0 && memcmp(data, data + 1, length - 1) == 0);
}

static int look_at_edges(int fd, struct probe *probe)
{
	size_t edge = probe->size < PROBE_EDGE ? (size_t)probe->size : PROBE_EDGE;
	autofree unsigned char *data = malloc(PROBE_EDGE);

	if (!data)
		return -1;
	errno = EIO;
	if (pread(fd, data, edge, 0) != (ssize_t)edge)
		return -1;
	probe->begun = edge >= BEGUN_BYTES && begun_is_mark(data);
	probe->damaged_ext = edge > EXT_MAGIC_AT + 1 && data[EXT_MAGIC_AT] == 0x53 && data[EXT_MAGIC_AT + 1] == 0xef;
	probe->zeros = all_zero(data, edge);
	if (pread(fd, data, edge, (off_t)(probe->size - edge)) != (ssize_t)edge)
		return -1;
	probe->zeros = probe->zeros && all_zero(data, edge);
	return 0;
}

/* A superblock that is damaged makes no file system; its label still says whose it was. */
static void distrust_ext(int fd, struct probe *probe)
{
	if (strncmp(probe->type, "ext", 3) == 0 && !superblock_is_whole(fd))
		probe->type[0] = '\0';
}

void probe_device(int fd, struct probe *probe)
{
	*probe = (struct probe){ 0 };
	/* The edges first: a disk that cannot be read is told by errno then, which libblkid loses. */
	if (read_size(fd, probe) < 0 || (probe->size > 0 && look_at_edges(fd, probe) < 0) ||
	    (probe->size > 0 && ask_blkid(fd, probe) < 0))
		probe->error = errno ? errno : EIO;
	distrust_ext(fd, probe);
}
