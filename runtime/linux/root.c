/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/root.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/linux/mounts.h"
#include "runtime/linux/syscalls.h"

#define MOUNTINFO_BYTES_MAX (16u << 20)

static int set_propagation(const char *path, unsigned long flags, struct error *err)
{
	if (kernel_mount(NULL, path, NULL, flags, NULL) < 0)
		return error_errno(err, "cannot set the propagation of '%s'", path);
	return 0;
}

/*
 * The mount below the rootfs must not be shared: pivot_root(2) refuses it, and
 * what is mounted here would show on the host. Only "shared" as
 * rootfsPropagation leaves it so; then it is cut at the mount that holds the rootfs.
 */
static int make_parent_private(int directory, struct error *err)
{
	char through_fd[32];

	for (unsigned int up = 0; up < 64; up++) {
		autoclose int parent = -1;

		(void)snprintf(through_fd, sizeof(through_fd), "/proc/self/fd/%d", directory);
		if (kernel_mount(NULL, through_fd, NULL, MS_PRIVATE, NULL) == 0)
			return 0;
		/* EINVAL: not the top of a mount; it is further up. */
		if (errno != EINVAL)
			break;
		parent = openat(directory, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (parent < 0 || dup3(parent, directory, O_CLOEXEC) < 0)
			break;
	}
	return error_errno(err, "cannot make the mount that holds the rootfs private");
}

static int bind_root(int lower, struct error *err)
{
	autoclose int tree = mount_clone(lower, "", true, err);

	if (tree < 0 || mount_attach(tree, lower, err) < 0)
		return -1;
	return fd_take(&tree);
}

/* Upper layer, work directory and the merged view, in a tmpfs that covers the rootfs in this namespace. */
static int overlay_root(int lower, struct error *err)
{
	static const char *const directories[] = { "upper", "work", "merged" };
	const char *mode[] = { "mode=0755" };
	const struct mount_options of_tmpfs = { .data = { mode, 1 } };
	autoclose int tmpfs = mount_filesystem("tmpfs", "tmpfs", &of_tmpfs, err), overlay = -1, merged = -1;
	char words[3][64];
	const char *data[] = { words[0], words[1], words[2] };
	const struct mount_options of_overlay = { .data = { data, ARRAY_SIZE(data) } };
	struct stat st;

	if (tmpfs < 0 || mount_attach(tmpfs, lower, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdirat(tmpfs, directories[i], 0755) < 0)
			return error_errno(err, "cannot create '%s' for the overlay", directories[i]);
	/* The merged root looks like the upper directory: it takes owner and mode of the rootfs. */
	if (fstat(lower, &st) < 0 || fchownat(tmpfs, "upper", st.st_uid, st.st_gid, 0) < 0 ||
	    fchmodat(tmpfs, "upper", st.st_mode & 07777, 0) < 0)
		return error_errno(err, "cannot prepare the overlay");
	(void)snprintf(words[0], sizeof(words[0]), "lowerdir=/proc/self/fd/%d", lower);
	(void)snprintf(words[1], sizeof(words[1]), "upperdir=/proc/self/fd/%d/upper", tmpfs);
	(void)snprintf(words[2], sizeof(words[2]), "workdir=/proc/self/fd/%d/work", tmpfs);
	overlay = mount_filesystem("overlay", "overlay", &of_overlay, err);
	merged = openat(tmpfs, "merged", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (overlay < 0 || merged < 0 || mount_attach(overlay, merged, err) < 0)
		return -1;
	return fd_take(&overlay);
}

int root_open(const struct oci_config *config, int bundle, bool own_mounts, struct error *err)
{
	const struct oci_linux *l = &config->linux_;
	const char *overlay = oci_pairs_find(&config->annotations, OCI_ANNOTATION_OVERLAY);
	unsigned long propagation = mount_propagation(l->rootfs_propagation), above;
	autoclose int lower = openat(bundle, config->root.path, O_PATH | O_DIRECTORY | O_CLOEXEC), root = -1;

	if (lower < 0)
		return error_errno(err, "cannot open the rootfs '%s'", config->root.path);
	if (l->rootfs_propagation && *l->rootfs_propagation && !propagation)
		return error_set(err, "linux.rootfsPropagation: unknown value '%s'", l->rootfs_propagation);
	if (overlay && strcmp(overlay, "tmpfs") != 0)
		return error_set(err, "annotation '%s': expected 'tmpfs', got '%s'", OCI_ANNOTATION_OVERLAY, overlay);
	/* What cannot be bound must be bound first: the root itself, and the sources of mounts. */
	above = propagation & MS_UNBINDABLE ? MS_PRIVATE : propagation ? propagation : MS_SLAVE;
	if (own_mounts && set_propagation("/", above | MS_REC, err) < 0)
		return -1;
	if (own_mounts && propagation & MS_SHARED) {
		autoclose int up = openat(lower, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (up < 0 || make_parent_private(up, err) < 0)
			return -1;
	}
	root = overlay ? overlay_root(lower, err) : bind_root(lower, err);
	if (root < 0)
		return error_context(err, "rootfs '%s'", config->root.path);
	return fd_take(&root);
}

void root_unmount(int root)
{
	char through_fd[32];

	(void)snprintf(through_fd, sizeof(through_fd), "/proc/self/fd/%d", root);
	(void)kernel_umount2(through_fd, MNT_DETACH);
}

int root_seal(int root, const struct oci_config *config, struct error *err)
{
	if (!config->root.readonly)
		return 0;
	if (mount_change(root, MOUNT_ATTR_RDONLY, 0, 0, false, err) < 0)
		return error_context(err, "root.readonly");
	return 0;
}

/* One line of mountinfo: number, parent, device, root, mount point, options..., "-", type, ... */
static bool is_whole_proc_or_sys(char *line, const char **where)
{
	char *field[5], *rest = line, *type = strstr(line, " - ");

	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		field[i] = strsep(&rest, " ");
		if (!field[i] || !rest)
			return false;
	}
	*where = field[4];
	return type && strcmp(field[3], "/") == 0 &&
	       (strncmp(type + 3, "proc ", 5) == 0 || strncmp(type + 3, "sysfs ", 6) == 0);
}

/*
 * With chroot(2) the host's mounts stay, out of reach. But a whole /proc or /sys among them is what the kernel looks for
 * when it asks whether a container may mount one without the masks: they go. Octal escapes are for names with
 * blanks, which these two never have.
 */
static int unmount_whole(int root, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	char own[PATH_MAX], through_fd[32];
	ssize_t n;

	(void)snprintf(through_fd, sizeof(through_fd), "/proc/self/fd/%d", root);
	n = readlink(through_fd, own, sizeof(own) - 1);
	if (n < 0 || file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_BYTES_MAX, &text, err) < 0)
		return n < 0 ? error_errno(err, "cannot find the rootfs") : -1;
	own[n] = '\0';
	if (set_propagation("/", MS_SLAVE | MS_REC, err) < 0)
		return -1;
	for (char *next = text.data, *line; (line = strsep(&next, "\n"));) {
		const char *where;

		if (!is_whole_proc_or_sys(line, &where) || (strncmp(where, own, (size_t)n) == 0 && where[n] == '/'))
			continue;
		/* In a user namespace they may be locked in their places; covered they do not count either. */
		if (kernel_umount2(where, MNT_DETACH) < 0 && kernel_mount("tmpfs", where, "tmpfs", 0, NULL) < 0)
			return error_errno(err, "cannot unmount or cover '%s'", where);
	}
	return 0;
}

/* The initial ramfs cannot be pivoted away: the new root is moved over it. */
static int move_over(int root, struct error *err)
{
	if (unmount_whole(root, err) < 0)
		return -1;
	if (fchdir(root) < 0 ||
	    kernel_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return error_errno(err, "cannot move the rootfs to '/'");
	return 0;
}

static bool is_initial_ramfs(void)
{
	struct stat root, parent;
	struct statfs fs;

	return statfs("/", &fs) == 0 && (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC) &&
	       stat("/", &root) == 0 && stat("/..", &parent) == 0 && root.st_ino == parent.st_ino;
}

/*
 * Where rootfsPropagation left the host's mounts shared, unmounting here would unmount there:
 * they become slaves first. Through a descriptor of the old root, for "." is the new one.
 */
static int cut_old_root(int old, struct error *err)
{
	if (fchdir(old) < 0)
		return error_errno(err, "cannot enter the old root");
	return set_propagation(".", MS_SLAVE | MS_REC, err);
}

int root_enter(int root, const struct oci_config *config, bool no_pivot, struct error *err)
{
	bool shared = mount_propagation(config->linux_.rootfs_propagation) & MS_SHARED;
	autoclose int old = shared ? openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (no_pivot)
		return move_over(root, err);
	/*
	 * Both arguments the same: the old root ends up on top of the new one,
	 * and unmounting "." takes it away; no directory inside the rootfs is needed.
	 */
	if (fchdir(root) < 0)
		return error_errno(err, "cannot enter the rootfs");
	if (kernel_pivot_root(".", ".") < 0) {
		if (errno == EINVAL && is_initial_ramfs())
			return move_over(root, err);
		return error_errno(err, "cannot pivot into the rootfs");
	}
	if (shared && cut_old_root(old, err) < 0)
		return -1;
	if (kernel_umount2(".", MNT_DETACH) < 0)
		return error_errno(err, "cannot unmount the old root");
	if (chdir("/") < 0)
		return error_errno(err, "cannot enter the rootfs");
	return 0;
}

int root_change(int root, struct error *err)
{
	if (fchdir(root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return error_errno(err, "cannot change the root");
	return 0;
}

int root_propagate(const struct oci_config *config, struct error *err)
{
	unsigned long propagation = mount_propagation(config->linux_.rootfs_propagation);

	return propagation ? set_propagation("/", propagation, err) : 0;
}
