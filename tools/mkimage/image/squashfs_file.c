/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/writers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqfs/io.h>

#include "base/file.h"

/*
 * The library frees all it has only where no call on the file ever failed. So it is not told: the failure is
 * remembered for whoever asks squashfs_file_errno(), and what follows is taken and dropped.
 */
struct squashfs_file {
	sqfs_file_t base; /* first: what the library sees */
	int fd;
	sqfs_u64 size;
	int error; /* errno of the first failure */
};

static int read_at(sqfs_file_t *base, sqfs_u64 offset, void *buffer, size_t size)
{
	struct squashfs_file *file = (struct squashfs_file *)base;

	if (!file->error && file_read_at(file->fd, (off_t)offset, buffer, size) == 0)
		return 0;
	if (!file->error)
		file->error = errno ? errno : EIO; /* somebody else made it shorter */
	memset(buffer, 0, size);
	return 0;
}

static int write_at(sqfs_file_t *base, sqfs_u64 offset, const void *buffer, size_t size)
{
	struct squashfs_file *file = (struct squashfs_file *)base;
	const char *p = buffer;

	while (size > 0 && !file->error) {
		ssize_t n = pwrite(file->fd, p, size, (off_t)offset);

		if (n < 0) {
			if (errno != EINTR)
				file->error = errno;
			continue;
		}
		p += n;
		offset += (sqfs_u64)n;
		size -= (size_t)n;
	}
	if (offset + size > file->size)
		file->size = offset + size;
	return 0;
}

static sqfs_u64 get_size(const sqfs_file_t *base)
{
	return ((const struct squashfs_file *)base)->size;
}

static int truncate_to(sqfs_file_t *base, sqfs_u64 size)
{
	struct squashfs_file *file = (struct squashfs_file *)base;

	if (!file->error && ftruncate(file->fd, (off_t)size) < 0)
		file->error = errno;
	file->size = size;
	return 0;
}

static void destroy(sqfs_object_t *object)
{
	free(object);
}

sqfs_file_t *squashfs_file_open(int fd)
{
	struct squashfs_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	/* No copy function: the library takes that for "open for writing". */
	file->base = (sqfs_file_t){ .base = { .destroy = destroy },
				    .read_at = read_at,
				    .write_at = write_at,
				    .get_size = get_size,
				    .truncate = truncate_to };
	file->fd = fd;
	return &file->base;
}

int squashfs_file_errno(const sqfs_file_t *file)
{
	return ((const struct squashfs_file *)file)->error;
}
