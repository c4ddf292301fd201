/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files read whole with a limit, and written whole or not at all.
 * Every descriptor is opened O_CLOEXEC.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
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

/*
 * All of `length` bytes at an offset, going on after short reads and EINTR. -1 with errno, which is 0 where the file ends
 * before.
 */
int file_read_at(int fd, off_t offset, void *data, size_t length);

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
 *
 * A process that is killed leaves nothing where the file system has files without names (O_TMPFILE), but for an instant of
 * the commit over an older file: "PATH.tmp", whole, which the next commit takes away. Elsewhere it leaves
 * "PATH.PID.N.tmp", which the next open takes away: it is locked while its owner lives.
 */
struct file_output {
	int fd;
	char *path;			/* owned */
	char *temporary;		/* owned; NULL when it has no name, is written directly or already in place */
	bool unnamed;			/* O_TMPFILE, and not in place yet */
};

int file_output_open(const char *path, mode_t mode, struct file_output *output, struct error *err);
/* Nothing of it is seen before the commit; a full disk shows when `fd` is synced, which the commit does, too. */
bool file_output_is_atomic(const struct file_output *output);
int file_output_commit(struct file_output *output, struct error *err);
void file_output_discard(struct file_output *output);

/* All three, for what is at hand. */
int file_output_write(const char *path, const void *data, size_t length, mode_t mode, struct error *err);

/* A file without a name (O_TMPFILE) gets one that no file has yet. -1 with errno; /proc must be there. */
int file_link(int fd, const char *path);

/* mkdir -p: the missing directories of `path`, itself included. */
int file_mkdirs(int dirfd, const char *path, mode_t mode, struct error *err);

/* rm -r, never following a symlink; a path that is not there is fine. */
int file_remove_tree(int dirfd, const char *path, struct error *err);

#endif
