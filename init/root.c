/* SPDX-License-Identifier: Apache-2.0 */
#include "init/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "init/uevents.h"
#include "init/verity.h"

/* <sys/mount.h> and <linux/mount.h> cannot be included together. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
#define MOUNT_RDONLY  1ul
#define MOUNT_REMOUNT 32ul
#define MOUNT_BIND    4096ul
#define MOUNT_REC     16384ul
#define MOUNT_SHARED  (1ul << 20)

#define RW_DIRECTORY "/run/slipway/rw"

static const struct image_type {
	const char *name;
	unsigned long magic;		/* of statfs(2), where the kernel mounted it as the root itself */
} image_types[] = {
	{ "squashfs", SQUASHFS_MAGIC },
	{ "erofs", EROFS_SUPER_MAGIC_V1 },
};

static bool is_root_already(const char *type)
{
	struct statfs fs;

	if (strcmp(type, "initramfs") == 0)
		return true;
	if (statfs("/", &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(image_types); i++)
		if (strcmp(type, image_types[i].name) == 0 && (unsigned long)fs.f_type == image_types[i].magic)
			return true;
	return false;
}

int root_mount_image(struct machine *machine, struct error *err)
{
	const struct plan_machine *m = &machine->plan.machine;
	const char *source = m->root_source;
	char verified[VERITY_DEVICE_MAX];

	if (file_mkdirs(AT_FDCWD, IMAGE_DIRECTORY, 0755, err) < 0)
		return -1;
	if (is_root_already(m->root_type)) {
		if (mount("/", IMAGE_DIRECTORY, NULL, MOUNT_BIND, NULL) < 0 ||
		    mount(NULL, IMAGE_DIRECTORY, NULL, MOUNT_BIND | MOUNT_REMOUNT | MOUNT_RDONLY, NULL) < 0)
			return error_errno(err, "cannot bind the root at '%s'", IMAGE_DIRECTORY);
		return 0;
	}
	if (uevents_wait_for(machine->uevents.fd, m->root_source, m->root_timeout, err) < 0)
		return error_context(err, "root device");
	if (m->root_verity) {
		if (verity_open(verified, err) < 0)
			return error_context(err, "root device");
		source = verified;
	}
	if (mount(source, IMAGE_DIRECTORY, m->root_type, MOUNT_RDONLY, NULL) < 0)
		return error_errno(err, "cannot mount '%s' (%s)", source, m->root_type);
	return 0;
}

static int set_string(int fs, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}

/* The overlay as a mount that is not attached yet. */
static int overlay_open(struct error *err)
{
	autoclose int fs = -1;
	int fd;

	if (file_mkdirs(AT_FDCWD, RW_DIRECTORY, 0755, err) < 0)
		return -1;
	if (mount("tmpfs", RW_DIRECTORY, "tmpfs", 0, "mode=0755") < 0)
		return error_errno(err, "cannot mount a tmpfs for what is written");
	if (mkdir(RW_DIRECTORY "/upper", 0755) < 0 || mkdir(RW_DIRECTORY "/work", 0700) < 0)
		return error_errno(err, "cannot create the upper layer");
	fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
	if (fs < 0)
		return error_errno(err, "cannot use overlayfs (is the module 'overlay' in the image?)");
	if (set_string(fs, "source", "overlay") < 0 || set_string(fs, "lowerdir", IMAGE_DIRECTORY) < 0 ||
	    set_string(fs, "upperdir", RW_DIRECTORY "/upper") < 0 ||
	    set_string(fs, "workdir", RW_DIRECTORY "/work") < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_errno(err, "cannot make the overlay over the root image");
	fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? error_errno(err, "cannot make the overlay over the root image") : fd;
}

static const char *const moved[] = { "/dev", "/proc", "/sys", "/run" };

static int open_api_mounts(int from[], struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++) {
		from[i] = open(moved[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (from[i] < 0)
			return error_errno(err, "cannot open '%s'", moved[i]);
	}
	return 0;
}

static int move_api_mounts(const int from[], struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++) {
		(void)mkdir(moved[i], 0755);
		if (syscall(SYS_move_mount, from[i], "", AT_FDCWD, moved[i], MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return error_errno(err, "cannot move '%s' to the new root", moved[i]);
	}
	return 0;
}

/*
 * The initramfs is memory that nobody can reach any more: given back, unless it is
 * itself the image. Best effort; what stays is only memory.
 */
static void free_initramfs(const struct machine *machine, int old_root)
{
	struct statfs fs;
	struct error ignored;
	static const char *const names[] = { "init", "lib", "etc" };

	if (is_root_already(machine->plan.machine.root_type) || fstatfs(old_root, &fs) < 0 ||
	    (fs.f_type != RAMFS_MAGIC && fs.f_type != TMPFS_MAGIC))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)file_remove_tree(old_root, names[i], &ignored);
}

int root_switch(struct machine *machine, struct error *err)
{
	autoclose int root = overlay_open(err);
	autoclose int old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int from[ARRAY_SIZE(moved)];
	int r;

	if (root < 0)
		return -1;
	if (old_root < 0)
		return error_errno(err, "cannot open the old root");
	if (open_api_mounts(from, err) < 0)
		return -1;
	/*
	 * Mounted over "/", which always exists, and entered by its descriptor. The old root stays
	 * below it, which is what lets containers pivot_root: the initramfs itself cannot.
	 */
	if (syscall(SYS_move_mount, root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(root) < 0 ||
	    chroot(".") < 0)
		return error_errno(err, "cannot enter the new root");
	r = move_api_mounts(from, err);
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++)
		cleanup_close(&from[i]);
	if (r < 0)
		return -1;
	free_initramfs(machine, old_root);
	/* Containers that mount for the machine (LinuxKit's `mount` and its like) need a shared root. */
	if (mount(NULL, "/", NULL, MOUNT_REC | MOUNT_SHARED, NULL) < 0)
		return error_errno(err, "cannot make the root shared");
	return 0;
}
