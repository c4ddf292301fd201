/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/destination.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/path.h"

#define SYMLINKS_MAX 40			/* as many as the kernel follows */

/* The target of the symlink that `name` in `parent` is; NULL where it is none. */
static const char *read_link(int parent, const char *name, struct arena *arena)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(parent, name, target, sizeof(target));

	return n <= 0 || (size_t)n == sizeof(target) ? NULL : arena_strndup(arena, target, (size_t)n);
}

/*
 * Makes the parts of `path` from the front. Returns 0 when all are there, 1 with the path to
 * go on with where one of them is a symlink to what is missing.
 */
static int make_parts(int root, const char *path, bool directory, struct arena *arena, const char **instead,
		      struct error *err)
{
	autoclose int parent = path_open_in_root(root, ".", O_PATH | O_DIRECTORY, 0, err);
	const char *done = "";

	while (parent >= 0 && *path) {
		size_t n = strcspn(path, "/");
		const char *name = arena_strndup(arena, path, n), *rest = path + n + strspn(path + n, "/"), *target;
		const char *at = arena_printf(arena, "%s/%s", done, name);
		int fd = path_open_in_root(root, at, O_PATH, 0, err);

		if (fd < 0 && err->number == ENOENT) {
			target = read_link(parent, name, arena);
			if (target) {
				*instead = arena_printf(arena, "%s/%s%s%s", *target == '/' ? "" : done, target, *rest ? "/" : "", rest);
				return 1;
			}
			if ((*rest || directory ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0644, 0)) < 0 &&
			    errno != EEXIST)
				return error_errno(err, "cannot create '%s' inside the rootfs", at);
			fd = path_open_in_root(root, at, O_PATH, 0, err);
		}
		fd_replace(&parent, fd);
		done = at;
		path = rest;
	}
	return parent < 0 ? -1 : 0;
}

/* As most are: a new name in a directory that is there. -1 also where it takes more than that. */
static int make_last(int root, const char *path, bool directory, struct arena *arena, struct error *err)
{
	const char *name = path_base(path);
	const char *above = name == path ? "." : arena_strndup(arena, path, (size_t)(name - path));
	autoclose int parent = path_open_in_root(root, above, O_PATH | O_DIRECTORY, 0, err);

	if (parent < 0 || (directory ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0644, 0)) < 0)
		return -1;
	/* Not through `parent`: what is there by now may be a symlink. */
	return path_open_in_root(root, path, O_PATH, 0, err);
}

int destination_open(int root, const char *path, bool directory, struct error *err)
{
	struct arena_room room;
	struct arena arena = arena_in(&room);
	int fd = path_open_in_root(root, path, O_PATH, 0, err), r = 1;

	if (fd >= 0 || err->number != ENOENT)
		return fd;
	path = path_clean(&arena, path);
	fd = make_last(root, path, directory, &arena, err);
	for (int hops = 0; hops < SYMLINKS_MAX && r == 1 && fd < 0; hops++) {
		path += strspn(path, "/");
		r = make_parts(root, path, directory, &arena, &path, err);
	}
	if (r == 1 && fd < 0)
		error_number(err, ELOOP, "cannot create the mount point");
	if (r == 0 && fd < 0)
		fd = path_open_in_root(root, *path ? path : ".", O_PATH, 0, err);
	arena_release(&arena);
	return fd;
}
