/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"

#define DEPTH_MAX 256u			/* directories in each other; each is two descriptors */
#define CHUNK	  (1u << 30)
#define NAMES_MAX 8192			/* bytes of the names of one file's attributes */

/* A file with more than one name, and the name it has in the copy already. */
struct linked {
	dev_t device;
	ino_t inode;
	const char *path;		/* from the top of the copy */
};

struct copying {
	struct arena arena;
	struct linked *links;
	size_t links_count;
	int top;			/* the copy's own */
	unsigned int depth;
	struct error *err;
};

static int copy_directory(struct copying *c, int from, int to, const char *path);

static int copy_xattrs(int from, int to, struct error *err)
{
	char names[NAMES_MAX], value[4096];
	ssize_t length = flistxattr(from, names, sizeof(names));

	/* A file system without any has none to copy. */
	if (length < 0)
		return errno == ENOTSUP ? 0 : error_errno(err, "cannot list its attributes");
	for (const char *name = names; name < names + length; name += strlen(name) + 1) {
		ssize_t n = fgetxattr(from, name, value, sizeof(value));

		if (n < 0 || fsetxattr(to, name, value, (size_t)n, 0) < 0)
			return error_errno(err, "cannot copy the attribute '%s'", name);
	}
	return 0;
}

/* The owner first: a change of it takes away bits of the mode and file capabilities. */
static int copy_attributes(int from, int to, const struct stat *st, struct error *err)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
		return error_errno(err, "cannot set its owner and mode");
	if (copy_xattrs(from, to, err) < 0)
		return -1;
	return futimens(to, times) < 0 ? error_errno(err, "cannot set its time") : 0;
}

static int copy_data(int from, int to, off_t size, struct error *err)
{
	while (size > 0) {
		ssize_t n = sendfile(to, from, NULL, size > CHUNK ? CHUNK : (size_t)size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? error_errno(err, "cannot copy its contents") : error_set(err, "it is cut short");
		size -= n;
	}
	return 0;
}

static int copy_file(int from_dir, int to_dir, const char *name, const struct stat *st, struct error *err)
{
	autoclose int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (from < 0 || to < 0)
		return error_errno(err, "cannot open it");
	return copy_data(from, to, st->st_size, err) < 0 ? -1 : copy_attributes(from, to, st, err);
}

/* Symlinks, device nodes, pipes: what has no contents to open. */
static int copy_node(int from_dir, int to_dir, const char *name, const struct stat *st, struct error *err)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	char target[PATH_MAX];
	ssize_t n = S_ISLNK(st->st_mode) ? readlinkat(from_dir, name, target, sizeof(target) - 1) : 0;
	int r = -1;

	if (n >= 0) {
		target[n] = '\0';
		r = S_ISLNK(st->st_mode) ? symlinkat(target, to_dir, name) : mknodat(to_dir, name, st->st_mode, st->st_rdev);
	}
	if (r < 0 || fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (!S_ISLNK(st->st_mode) && fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0) ||
	    utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot make it");
	return 0;
}

/* True where the file has another name in the copy, which it is linked to then. */
static bool link_again(struct copying *c, int to_dir, const char *name, const char *path, const struct stat *st)
{
	struct linked *link;

	if (st->st_nlink < 2)
		return false;
	for (size_t i = 0; i < c->links_count; i++)
		if (c->links[i].device == st->st_dev && c->links[i].inode == st->st_ino)
			return linkat(c->top, c->links[i].path, to_dir, name, 0) == 0;
	link = arena_push(&c->arena, &c->links, &c->links_count, sizeof(*link));
	*link = (struct linked){ .device = st->st_dev, .inode = st->st_ino, .path = path };
	return false;
}

static int copy_subdirectory(struct copying *c, int from_dir, int to_dir, const char *name, const char *path)
{
	autoclose int from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int to = -1;
	int r;

	if (c->depth >= DEPTH_MAX)
		return error_set(c->err, "directories more than %u deep", DEPTH_MAX);
	if (from < 0 || mkdirat(to_dir, name, 0700) < 0)
		return error_errno(c->err, "cannot make the directory");
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return error_errno(c->err, "cannot open the directory");
	c->depth++;
	r = copy_directory(c, from, to, path);
	c->depth--;
	return r;
}

static int copy_entry(struct copying *c, int from_dir, int to_dir, const char *name, const char *path)
{
	struct stat st;

	if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(c->err, "cannot look at it");
	if (S_ISDIR(st.st_mode))
		return copy_subdirectory(c, from_dir, to_dir, name, path);
	if (S_ISSOCK(st.st_mode) || link_again(c, to_dir, name, path, &st))
		return 0;
	return S_ISREG(st.st_mode) ? copy_file(from_dir, to_dir, name, &st, c->err)
				   : copy_node(from_dir, to_dir, name, &st, c->err);
}

static int copy_entries(struct copying *c, int from, int to, const char *path)
{
	int again = dup(from);
	autoclosedir DIR *directory = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry;

	if (!directory)
		return error_errno(c->err, "cannot list the directory");
	while ((entry = readdir(directory))) {
		const char *inner;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		inner = arena_printf(&c->arena, "%s%s%s", path, *path ? "/" : "", entry->d_name);
		if (copy_entry(c, from, to, entry->d_name, inner) < 0)
			return error_context(c->err, "'%s'", entry->d_name);
	}
	return 0;
}

static int copy_directory(struct copying *c, int from, int to, const char *path)
{
	struct stat st;

	if (copy_entries(c, from, to, path) < 0)
		return -1;
	/* After the entries, which change its time. */
	if (fstat(from, &st) < 0)
		return error_errno(c->err, "cannot look at the directory");
	return copy_attributes(from, to, &st, c->err);
}

int copy_tree(int from, int to, struct error *err)
{
	struct copying c = { .top = to, .err = err };
	int r = copy_directory(&c, from, to, "");

	arena_release(&c.arena);
	return r;
}
