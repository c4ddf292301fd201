/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/grow.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/storage/gpt.h"
#include "init/storage/mbr.h"
#include "init/storage/superblock.h"

#define EXT4_IOC_RESIZE_FS _IOW('f', 16, uint64_t)

/* A number in a file of sysfs; false where there is none, as for what is no partition. */
static bool read_number(const char *directory, const char *name, uint64_t *number)
{
	char path[PATH_MAX], text[32] = "";
	autoclose int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	*number = strtoull(text, NULL, 10);
	return true;
}

/* "/sys/dev/block/253:1" leads to ".../vdb/vdb1": the disk is the directory above. */
static int open_disk(const char *directory, struct error *err)
{
	char path[PATH_MAX], node[PATH_MAX];
	char *slash;
	int fd;

	if (!realpath(directory, path))
		return error_errno(err, "cannot follow '%s'", directory);
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	slash = strrchr(path, '/');
	(void)snprintf(node, sizeof(node), "/dev/%.255s", slash ? slash + 1 : path);
	for (char *c = node; *c; c++)
		if (*c == '!')
			*c = '/';
	fd = open(node, O_RDWR | O_CLOEXEC);
	return fd < 0 ? error_errno(err, "cannot open '%s'", node) : fd;
}

/* The kernel takes the new size while the partition is in use, too. In bytes, though it counts in sectors. */
static int tell_kernel(int disk, unsigned int number, uint64_t start, uint64_t size, struct error *err)
{
	struct blkpg_partition partition = { .start = (long long)start * 512, .length = (long long)size * 512,
					     .pno = (int)number };
	struct blkpg_ioctl_arg argument = { .op = BLKPG_RESIZE_PARTITION, .datalen = sizeof(partition), .data = &partition };

	if (ioctl(disk, BLKPG, &argument) < 0)
		return error_errno(err, "the kernel does not take the new size of partition %u", number);
	return 0;
}

int grow_partition(const char *device, struct error *err)
{
	char directory[64];
	uint64_t number, start, size;
	autoclose int disk = -1;
	struct stat st;

	if (stat(device, &st) < 0)
		return error_errno(err, "cannot look at '%s'", device);
	(void)snprintf(directory, sizeof(directory), "/sys/dev/block/%u:%u", major(st.st_rdev), minor(st.st_rdev));
	if (!read_number(directory, "partition", &number) || !read_number(directory, "start", &start))
		return 0;
	disk = open_disk(directory, err);
	if (disk < 0 || (mbr_is_table(disk) ? mbr_grow : gpt_grow)(disk, (unsigned int)number, start, &size, err) < 0)
		return error_context(err, "cannot grow '%s'", device);
	if (size == 0)
		return 0;
	log_info("storage: '%s' grows to %llu MiB", device, (unsigned long long)(size / 2048));
	return tell_kernel(disk, (unsigned int)number, start, size, err);
}

int grow_file_system(const char *device, const char *path, struct error *err)
{
	autoclose int block = open(device, O_RDONLY | O_CLOEXEC), fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct superblock super;
	uint64_t bytes, blocks;

	if (superblock_read(device, &super, err) < 0)
		return -1;
	if (block < 0 || fd < 0 || ioctl(block, BLKGETSIZE64, &bytes) < 0)
		return error_errno(err, "cannot tell the size of '%s'", device);
	blocks = bytes / super.block_size;
	/* A few blocks more are less than a group needs to describe itself. */
	if (blocks < super.blocks + GPT_ALIGN / super.block_size)
		return 0;
	if (ioctl(fd, EXT4_IOC_RESIZE_FS, &blocks) < 0)
		return error_errno(err, "cannot grow the file system of '%s'", device);
	log_info("storage: the file system of '%s' has grown to %llu MiB", device, (unsigned long long)(bytes >> 20));
	return 0;
}
