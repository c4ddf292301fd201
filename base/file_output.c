/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs that are in place whole or not at all, and leave nothing behind when their writer is killed. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/file_internal.h"

#define TRIES_MAX 100

struct fd_path {
	char text[32];
};

static struct fd_path path_of_fd(int fd)
{
	struct fd_path path;

	(void)snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}

int file_link(int fd, const char *path)
{
	return linkat(AT_FDCWD, path_of_fd(fd).text, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

/* --- without a name ---------------------------------------------------------------------------- */

/* -1 where the file system has none, or where /proc is missing, without which it could never get a name. */
static int open_unnamed(const char *path, mode_t mode)
{
	autofree char *directory = file_directory_of(path);
	autoclose int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, mode) < 0 || access(path_of_fd(fd).text, F_OK) < 0)
		return -1;
	return fd_take(&fd);
}

/*
 * A file without a name can get one, but not that of another file: it takes the way over a second name then. That is always the
 * same, so that what a killed process left there is not left for long. Another process may take it away, or put it in place,
 * in between: what stands there is whole in any case.
 */
static int replace(const struct file_output *output)
{
	autofree char *second = NULL;

	if (asprintf(&second, "%s.tmp", output->path) < 0)
		arena_out_of_memory();
	for (unsigned int tries = 0; tries < TRIES_MAX; tries++) {
		if (file_link(output->fd, second) < 0) {
			if (errno != EEXIST || (unlink(second) < 0 && errno != ENOENT))
				return -1;
			continue;
		}
		if (rename(second, output->path) == 0)
			return 0;
		if (errno != ENOENT) {
			int saved = errno;

			(void)unlink(second);
			errno = saved;
			return -1;
		}
	}
	return -1;
}

static int place_unnamed(struct file_output *output)
{
	if (file_link(output->fd, output->path) < 0 && (errno != EEXIST || replace(output) < 0))
		return -1;
	output->unnamed = false;
	return 0;
}

/* --- with a name ------------------------------------------------------------------------------- */

/* "BASE.PID.N.tmp" */
static bool is_temporary_of(const char *name, const char *base)
{
	size_t length = strlen(base);

	if (strncmp(name, base, length) != 0)
		return false;
	name += length;
	for (int numbers = 0; numbers < 2; numbers++) {
		if (name[0] != '.' || !isdigit((unsigned char)name[1]))
			return false;
		for (name++; isdigit((unsigned char)*name); name++)
			;
	}
	return strcmp(name, ".tmp") == 0;
}

/* Nobody holds its lock, on whatever machine: its owner is gone. */
static void remove_if_stale(int directory, const char *name)
{
	autoclose int fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(directory, name, 0);
}

static void remove_stale(const char *path)
{
	autofree char *directory = file_directory_of(path);
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	autoclosedir DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (is_temporary_of(entry->d_name, base))
			remove_if_stale(dirfd(dir), entry->d_name);
}

/* Between the open and the lock, another process may have taken it for a stale one, and removed it: it is made again. */
static int open_named(const char *path, mode_t mode, char **name)
{
	for (unsigned int tries = 0; tries < TRIES_MAX; tries++) {
		autoclose int fd = file_temporary_beside(AT_FDCWD, path, mode, name);
		struct stat st;

		if (fd < 0)
			return -1;
		/* Where there are no locks, nobody else gets one either, and it is not taken away. */
		(void)flock(fd, LOCK_EX | LOCK_NB);
		if (fstat(fd, &st) == 0 && st.st_nlink > 0)
			return fd_take(&fd);
		free(*name);
		*name = NULL;
	}
	errno = EEXIST;
	return -1;
}

/* --- an output --------------------------------------------------------------------------------- */

int file_output_open(const char *path, mode_t mode, struct file_output *output, struct error *err)
{
	struct stat st;

	*output = (struct file_output){ .fd = -1, .path = strdup(path) };
	if (!output->path)
		arena_out_of_memory();
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	} else {
		remove_stale(path);
		output->fd = open_unnamed(path, mode);
		output->unnamed = output->fd >= 0;
		if (output->fd < 0)
			output->fd = open_named(path, mode, &output->temporary);
	}
	if (output->fd >= 0)
		return 0;
	error_errno(err, "cannot create '%s'", path);
	file_output_discard(output);
	return -1;
}

bool file_output_is_atomic(const struct file_output *output)
{
	return output->unnamed || output->temporary;
}

int file_output_commit(struct file_output *output, struct error *err)
{
	bool atomic = file_output_is_atomic(output);

	if (atomic && fsync(output->fd) < 0)
		return error_errno(err, "cannot write '%s'", output->path);
	if (output->unnamed && place_unnamed(output) < 0)
		return error_errno(err, "cannot put '%s' in place", output->path);
	/* Before the lock goes with the descriptor. */
	if (output->temporary && rename(output->temporary, output->path) < 0)
		return error_errno(err, "cannot put '%s' in place", output->path);
	free(output->temporary);
	output->temporary = NULL;
	if (close(fd_take(&output->fd)) < 0)
		return error_errno(err, "cannot write '%s'", output->path);
	if (atomic && file_sync_directory_of(AT_FDCWD, output->path) < 0)
		return error_errno(err, "cannot sync the directory of '%s'", output->path);
	return 0;
}

void file_output_discard(struct file_output *output)
{
	if (output->temporary)
		(void)unlink(output->temporary);
	if (output->path)
		fd_replace(&output->fd, -1);
	free(output->temporary);
	free(output->path);
	*output = (struct file_output){ .fd = -1 };
}

int file_output_write(const char *path, const void *data, size_t length, mode_t mode, struct error *err)
{
	struct file_output output;
	int r;

	if (file_output_open(path, mode, &output, err) < 0)
		return -1;
	r = file_write_all(output.fd, data, length, path, err);
	if (r == 0)
		r = file_output_commit(&output, err);
	file_output_discard(&output);
	return r;
}
