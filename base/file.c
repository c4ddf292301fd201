/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file_internal.h"

#define READ_CHUNK 65536
#define READ_FIRST 1024

/* `chunk` is what there is room for at first; it grows when that is full. */
static int read_chunks(int fd, const char *name, size_t max, size_t chunk, struct buffer *out, struct error *err)
{
	size_t total = 0, room;

	(void)buffer_reserve(out, chunk);
	for (;;) {
		ssize_t n;

		if (out->capacity - out->length <= 1) {
			chunk = chunk < READ_CHUNK / 4 ? chunk * 4 : READ_CHUNK;
			(void)buffer_reserve(out, chunk);
		}
		room = out->capacity - out->length - 1;
		n = read(fd, out->data + out->length, room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot read '%s'", name);
		out->length += (size_t)n;
		out->data[out->length] = '\0';
		if (n == 0)
			return 0;
		total += (size_t)n;
		if (total > max)
			return error_set(err, "'%s' is larger than the %zu bytes allowed", name, max);
	}
}

int file_read_fd(int fd, const char *name, size_t max, struct buffer *out, struct error *err)
{
	return read_chunks(fd, name, max, READ_CHUNK, out, err);
}

/* Files of /proc and /sys say that they are empty, and most are short: `out` takes no more room than that. */
static int read_unsized(int fd, const char *name, size_t max, struct buffer *out, struct error *err)
{
	char first[READ_FIRST];
	ssize_t n;

	do
		n = read(fd, first, sizeof(first) < max ? sizeof(first) : max);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, "cannot read '%s'", name);
	buffer_add(out, first, (size_t)n);
	return n == 0 ? 0 : read_chunks(fd, name, max - (size_t)n, out->capacity - out->length - 1, out, err);
}

int file_read(int dirfd, const char *path, size_t max, struct buffer *out, struct error *err)
{
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot stat '%s'", path);
	if (S_ISDIR(st.st_mode))
		return error_number(err, EISDIR, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, "cannot read '%s': not a regular file", path);
	if (st.st_size == 0)
		return read_unsized(fd, path, max, out, err);
	/* One more than its size shows the end. */
	return read_chunks(fd, path, max, st.st_size < READ_CHUNK ? (size_t)st.st_size + 1 : READ_CHUNK, out, err);
}

int file_read_at(int fd, off_t offset, void *data, size_t length)
{
	char *p = data;

	while (length > 0) {
		ssize_t n = pread(fd, p, length, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = 0;
		if (n <= 0)
			return -1;
		p += n;
		offset += n;
		length -= (size_t)n;
	}
	return 0;
}

int file_write_all(int fd, const void *data, size_t length, const char *name, struct error *err)
{
	const char *p = data;

	while (length > 0) {
		ssize_t n = write(fd, p, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot write '%s'", name);
		p += n;
		length -= (size_t)n;
	}
	return 0;
}

char *file_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent = !slash ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));

	if (!parent)
		arena_out_of_memory();
	return parent;
}

int file_sync_directory_of(int dirfd, const char *path)
{
	autofree char *parent = file_directory_of(path);
	autoclose int fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some file systems cannot fsync a directory; the rename is still atomic there. */
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL && errno != EROFS))
		return -1;
	return 0;
}

int file_temporary_beside(int dirfd, const char *path, mode_t mode, char **name)
{
	static unsigned int counter;
	int fd;

	for (unsigned int tries = 0; tries < 100; tries++) {
		if (asprintf(name, "%s.%ld.%u.tmp", path, (long)getpid(), counter++) < 0)
			arena_out_of_memory();
		fd = openat(dirfd, *name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 && fchmod(fd, mode) == 0)
			return fd;
		if (fd >= 0) {
			cleanup_close(&fd);
			(void)unlinkat(dirfd, *name, 0);
		}
		free(*name);
		*name = NULL;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

int file_write_atomic(int dirfd, const char *path, const void *data, size_t length, mode_t mode,
		      struct error *err)
{
	autofree char *temporary = NULL;
	autoclose int fd = file_temporary_beside(dirfd, path, mode, &temporary);

	if (fd < 0)
		return error_errno(err, "cannot create '%s'", path);
	if (file_write_all(fd, data, length, path, err) < 0)
		goto undo;
	if (fsync(fd) < 0 || renameat(dirfd, temporary, dirfd, path) < 0) {
		error_errno(err, "cannot write '%s'", path);
		goto undo;
	}
	if (file_sync_directory_of(dirfd, path) < 0)
		return error_errno(err, "cannot sync the directory of '%s'", path);
	return 0;
undo:
	(void)unlinkat(dirfd, temporary, 0);
	return -1;
}

/* What is there already, is it a directory? errno says why not. */
static int check_directory(int dirfd, const char *path)
{
	struct stat st;

	if (fstatat(dirfd, path, &st, 0) < 0)
		return -1;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode) ? 0 : -1;
}

int file_mkdirs(int dirfd, const char *path, mode_t mode, struct error *err)
{
	autofree char *copy = strdup(path);
	char *p = copy;

	if (!copy)
		arena_out_of_memory();
	while (*p == '/')
		p++;
	for (;;) {
		char *slash = strchr(p, '/');

		if (slash)
			*slash = '\0';
		if (*p != '\0' && mkdirat(dirfd, copy, mode) < 0 &&
		    (errno != EEXIST || check_directory(dirfd, copy) < 0))
			return error_errno(err, "cannot create the directory '%s'", copy);
		if (!slash)
			return 0;
		*slash = '/';
		p = slash + 1;
	}
}

/* One level a call: directories are removed by descriptor, so that a renamed parent cannot lead elsewhere. */
static int remove_contents(int dirfd, const char *name, struct error *err)
{
	autoclosedir DIR *dir = NULL;
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;

	if (fd < 0)
		return error_errno(err, "cannot open the directory '%s'", name);
	dir = fdopendir(fd);
	if (!dir) {
		cleanup_close(&fd);
		return error_errno(err, "cannot open the directory '%s'", name);
	}
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (file_remove_tree(fd, entry->d_name, err) < 0)
			return -1;
	}
	return 0;
}

int file_remove_tree(int dirfd, const char *path, struct error *err)
{
	if (unlinkat(dirfd, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_errno(err, "cannot remove '%s'", path);
	if (remove_contents(dirfd, path, err) < 0)
		return -1;
	if (unlinkat(dirfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(err, "cannot remove '%s'", path);
	return 0;
}
