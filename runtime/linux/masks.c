/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of the container that are hidden or made read-only: config-linux.md, "Masked Paths", "Readonly Paths". */
#include "runtime/linux/mounts.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/linux/syscalls.h"

/* One empty, read-only directory; and with one inode nothing else could be in there. */
static int open_empty_directory(struct error *err)
{
	const char *words[] = { "nr_inodes=1" };
	const struct mount_options options = {
		.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		.data = { words, ARRAY_SIZE(words) },
	};

	return mount_filesystem("tmpfs", NULL, &options, err);
}

/*
 * The host's /dev/null, and only if it is that: the container's own could be a
 * symlink or another device, put there by who shares its file system.
 */
static int open_null(struct error *err)
{
	autoclose int fd = openat(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "cannot open '/dev/null'");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return error_set(err, "'/dev/null' is not the null device");
	return fd_take(&fd);
}

/*
 * The first directory gets the empty one itself, the others clones of it: kernels before
 * 6.15 do not clone a mount that is not attached yet.
 */
static int mask_directory(int at, int *empty, struct error *err)
{
	autoclose int tree = -1;

	if (*empty < 0) {
		*empty = open_empty_directory(err);
		return *empty < 0 ? -1 : mount_attach(*empty, at, err);
	}
	tree = mount_clone(*empty, "", false, err);
	return tree < 0 ? -1 : mount_attach(tree, at, err);
}

static int mask_file(int at, int *null, struct error *err)
{
	autoclose int tree = -1;

	if (*null < 0)
		*null = open_null(err);
	if (*null < 0)
		return -1;
	tree = mount_clone(*null, "", false, err);
	return tree < 0 ? -1 : mount_attach(tree, at, err);
}

static int mask_one(int root, const char *path, int *null, int *empty, struct error *err)
{
	autoclose int at = path_open_in_root(root, path, O_PATH, 0, err);
	struct stat st;

	if (at < 0)
		return err->number == ENOENT || err->number == ENOTDIR ? 0 : -1;
	if (fstat(at, &st) < 0)
		return error_errno(err, "cannot stat '%s'", path);
	return S_ISDIR(st.st_mode) ? mask_directory(at, empty, err) : mask_file(at, null, err);
}

int mount_mask_paths(int root, const struct oci_strings *paths, struct error *err)
{
	autoclose int null = -1, empty = -1;

	for (size_t i = 0; i < paths->count; i++)
		if (mask_one(root, paths->items[i], &null, &empty, err) < 0)
			return error_context(err, "linux.maskedPaths[%zu] '%s'", i, paths->items[i]);
	return 0;
}

static int readonly_one(int root, const char *path, struct error *err)
{
	autoclose int at = path_open_in_root(root, path, O_PATH, 0, err), tree = -1;

	if (at < 0)
		return err->number == ENOENT || err->number == ENOTDIR ? 0 : -1;
	tree = mount_clone(at, "", true, err);
	if (tree < 0 || mount_change(tree, MOUNT_ATTR_RDONLY, 0, 0, true, err) < 0)
		return -1;
	return mount_attach(tree, at, err);
}

int mount_readonly_paths(int root, const struct oci_strings *paths, struct error *err)
{
	for (size_t i = 0; i < paths->count; i++)
		if (readonly_one(root, paths->items[i], err) < 0)
			return error_context(err, "linux.readonlyPaths[%zu] '%s'", i, paths->items[i]);
	return 0;
}
