/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/copy_up.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define COPY_DEPTH_MAX 64
#define COPY_CHUNK (1u << 20)

static int copy_directory(int from, int to, unsigned int depth, struct error *err);

static int copy_file(int from, int to, const char *name, const struct stat *st, struct error *err)
{
	autoclose int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n;

	if (in < 0 || out < 0)
		return error_errno(err, "cannot copy '%s'", name);
	do
		n = sendfile(out, in, NULL, COPY_CHUNK);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 || fchown(out, st->st_uid, st->st_gid) < 0 || fchmod(out, st->st_mode & 07777) < 0)
		return error_errno(err, "cannot copy '%s'", name);
	return 0;
}

static int copy_symlink(int from, int to, const char *name, const struct stat *st, struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return error_errno(err, "cannot read the link '%s'", name);
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0 || fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot copy the link '%s'", name);
	return 0;
}

static int copy_subdirectory(int from, int to, const char *name, const struct stat *st, unsigned int depth,
			     struct error *err)
{
	autoclose int in = -1, out = -1;

	if (mkdirat(to, name, 0700) < 0)
		return error_errno(err, "cannot copy the directory '%s'", name);
	in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || out < 0)
		return error_errno(err, "cannot copy the directory '%s'", name);
	if (copy_directory(in, out, depth + 1, err) < 0)
		return -1;
	if (fchown(out, st->st_uid, st->st_gid) < 0 || fchmod(out, st->st_mode & 07777) < 0)
		return error_errno(err, "cannot copy the directory '%s'", name);
	return 0;
}

static int copy_one(int from, int to, const char *name, unsigned int depth, struct error *err)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot stat '%s'", name);
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from, to, name, &st, err);
	case S_IFDIR:
		return copy_subdirectory(from, to, name, &st, depth, err);
	case S_IFLNK:
		return copy_symlink(from, to, name, &st, err);
	default:
		if (mknodat(to, name, st.st_mode, st.st_rdev) < 0 ||
		    fchownat(to, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
			return error_errno(err, "cannot copy '%s'", name);
		return 0;
	}
}

static int copy_directory(int from, int to, unsigned int depth, struct error *err)
{
	int again = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclosedir DIR *dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!dir) {
		cleanup_close(&again);
		return error_errno(err, "cannot read a directory to copy");
	}
	if (depth > COPY_DEPTH_MAX)
		return error_set(err, "directories are nested deeper than %d", COPY_DEPTH_MAX);
	while (errno = 0, (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (copy_one(from, to, entry->d_name, depth, err) < 0)
			return -1;
	}
	/* Half of a directory is not a copy. */
	return errno ? error_errno(err, "cannot read a directory to copy") : 0;
}

int copy_up(int from, int to, struct error *err)
{
	struct stat st;

	/* The tmpfs takes the mode and the owner of what it covers, as mode= would have said. */
	if (fstat(from, &st) < 0)
		return error_errno(err, "cannot stat what is to be copied");
	if (!S_ISDIR(st.st_mode))
		return error_set(err, "tmpcopyup needs a directory");
	return copy_directory(from, to, 0, err);
}
