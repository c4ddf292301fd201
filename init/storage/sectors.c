/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/sectors.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

int sectors_open(int fd, struct sectors *sectors, struct error *err)
{
	struct stat st;
	int size = 512;
	uint64_t bytes;

	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot look at the disk");
	bytes = (uint64_t)st.st_size;
	if (S_ISBLK(st.st_mode) && (ioctl(fd, BLKSSZGET, &size) < 0 || ioctl(fd, BLKGETSIZE64, &bytes) < 0))
		return error_errno(err, "cannot tell the size of the disk");
	if (size < 512 || size > (int)SECTOR_MAX)
		return error_set(err, "the disk has sectors of %d bytes", size);
	*sectors = (struct sectors){ fd, (uint32_t)size, bytes / (uint32_t)size };
	return sectors->count < 128 ? error_set(err, "the disk is too small for a partition table") : 0;
}

bool sectors_read(const struct sectors *sectors, uint64_t at, void *data, size_t length)
{
	return at < sectors->count && pread(sectors->fd, data, length, (off_t)(at * sectors->size)) == (ssize_t)length;
}

int sectors_write(const struct sectors *sectors, uint64_t at, const void *data, size_t length, struct error *err)
{
	size_t whole = (length + sectors->size - 1) / sectors->size * sectors->size;
	autofree char *bytes = calloc(1, whole);

	if (!bytes)
		return error_number(err, ENOMEM, "cannot write the partition table");
	memcpy(bytes, data, length);
	errno = EIO;
	if (pwrite(sectors->fd, bytes, whole, (off_t)(at * sectors->size)) != (ssize_t)whole)
		return error_errno(err, "cannot write the partition table");
	return 0;
}
