/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files read whole with a limit, and written whole or not at all.
 * Every descriptor is opened O_CLOEXEC.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

/*
 * Appends the file to `out`. `dirfd` as in openat(2). A file longer than `max`
 * bytes is an error; so is anything that is not a regular file, unless it is
 * under /proc or /sys and says so by having size 0.
 */
int file_read(int dirfd, const char *path, size_t max, struct buffer *out, struct error *err);

/* Appends what is left to read from `fd`; `name` is for the message. */
int file_read_fd(int fd, const char *name, size_t max, struct buffer *out, struct error *err);

/* Writes all of `data`, going on after short writes and EINTR. */
int file_write_all(int fd, const void *data, size_t length, const char *name, struct error *err);

/*
 * Others see the old file or the whole new one: writes to a temporary beside
 * it, fsync, rename, fsync of the directory. `mode` is exact, whatever the umask.
 */
int file_write_atomic(int dirfd, const char *path, const void *data, size_t length, mode_t mode,
		      struct error *err);

/*
 * The same in pieces, for outputs too large for memory: open, write to
 * `output.fd`, then commit. `file_output_discard` removes the temporary; it is safe
 * after a commit, so that it can stand on every way out. Where the target is
 * not a regular file (/dev/stdout, a pipe, a block device) it is written directly.
 */
struct file_output {
	int fd;
	char *path;			/* owned */
	char *temporary;		/* owned; NULL when written directly or already in place */
};

int file_output_open(const char *path, mode_t mode, struct file_output *output, struct error *err);
int file_output_commit(struct file_output *output, struct error *err);
void file_output_discard(struct file_output *output);

/* mkdir -p: the missing directories of `path`, itself included. */
int file_mkdirs(int dirfd, const char *path, mode_t mode, struct error *err);

/* rm -r, never following a symlink; a path that is not there is fine. */
int file_remove_tree(int dirfd, const char *path, struct error *err);

#endif
