/* SPDX-License-Identifier: Apache-2.0 */
#include "init/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define NAME_BYTES 300

static void name_of(const struct rotation *r, unsigned int number, char name[NAME_BYTES])
{
	if (number == 0)
		(void)snprintf(name, NAME_BYTES, "%.250s", r->name);
	else
		(void)snprintf(name, NAME_BYTES, "%.250s.%u", r->name, number);
}

/* From the oldest on, so that whoever dies in between leaves a gap and loses nothing. */
static int rotate(struct rotation *r, struct error *err)
{
	char from[NAME_BYTES], to[NAME_BYTES];

	if (rotation_sync(r, err) < 0)
		return -1;
	fd_replace(&r->fd, -1);
	if (r->count <= 1) {
		name_of(r, 0, from);
		if (unlinkat(r->directory, from, 0) < 0 && errno != ENOENT)
			return error_errno(err, "cannot remove '%s'", from);
		return 0;
	}
	for (unsigned int i = r->count - 1; i > 0; i--) {
		name_of(r, i - 1, from);
		name_of(r, i, to);
		if (renameat(r->directory, from, r->directory, to) < 0 && errno != ENOENT)
			return error_errno(err, "cannot rename '%s' to '%s'", from, to);
	}
	return 0;
}

/* A last line that was cut short, by a full disk or the end of the machine, gets its end. */
static int end_last_line(struct rotation *r, struct error *err)
{
	char last = '\n';

	if (r->length > 0 && pread(r->fd, &last, 1, (off_t)r->length - 1) == 1 && last != '\n') {
		if (write(r->fd, "\n", 1) != 1)
			return error_errno(err, "cannot write '%s'", r->name);
		r->length++;
	}
	return 0;
}

static int open_file(struct rotation *r, struct error *err)
{
	struct stat st;

	r->fd = openat(r->directory, r->name, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (r->fd < 0 || fstat(r->fd, &st) < 0)
		return error_errno(err, "cannot open '%s'", r->name);
	r->length = (uint64_t)st.st_size;
	return end_last_line(r, err);
}

int rotation_write(struct rotation *r, const char *text, size_t length, struct error *err)
{
	if (r->fd < 0 && open_file(r, err) < 0) {
		fd_replace(&r->fd, -1);
		return -1;
	}
	if (r->length > 0 && r->length + length > r->size && (rotate(r, err) < 0 || open_file(r, err) < 0))
		return -1;
	while (length > 0) {
		ssize_t n = write(r->fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			(void)error_errno(err, "cannot write '%s'", r->name);
			fd_replace(&r->fd, -1);
			return -1;
		}
		r->dirty = true;
		r->length += (uint64_t)n;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

int rotation_sync(struct rotation *r, struct error *err)
{
	if (r->fd < 0 || !r->dirty)
		return 0;
	r->dirty = false;
	return fdatasync(r->fd) < 0 ? error_errno(err, "cannot write '%s' to the disk", r->name) : 0;
}
