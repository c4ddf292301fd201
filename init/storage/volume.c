/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On the state partition a volume is volumes/NAME. It is made under another name, with its project and its first
 * contents, and renamed when all of it is on the disk: what has its name is whole. Its project id is its own from then on,
 * in the directory's own attributes.
 */
#include "init/storage/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "init/storage/copy.h"
#include "init/storage/mount.h"

#define VOLUMES	      "volumes"
#define FIRST_PROJECT 1000u		/* those below are for who comes later */

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

/* <sys/mount.h> has macros that <linux/fs.h> has, too. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
#define MOUNT_BIND 4096ul

/* ---------------------------------------------------------------- projects */

/* The id of a directory's project; 0 where it has none, or the file system knows none. */
static unsigned int project_of(int fd)
{
	struct fsxattr attributes;

	return ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0 ? 0 : attributes.fsx_projid;
}

static unsigned int project_of_entry(int directory, const char *name)
{
	autoclose int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? 0 : project_of(fd);
}

/* The first id that no volume has. */
static unsigned int free_project(int volumes)
{
	int again = openat(volumes, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclosedir DIR *directory = again < 0 ? NULL : fdopendir(again);
	unsigned int next = FIRST_PROJECT;
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		unsigned int id = entry->d_name[0] == '.' ? 0 : project_of_entry(volumes, entry->d_name);

		if (id >= next)
			next = id + 1;
	}
	return next;
}

/* What is made in it belongs to it. A file system without projects has none, which matters once there is to be a limit. */
static int set_project(int fd, unsigned int id, struct error *err)
{
	struct fsxattr attributes;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0)
		return errno == ENOTTY || errno == EOPNOTSUPP ? 0 : error_errno(err, "cannot read its project");
	attributes.fsx_projid = id;
	attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	if (ioctl(fd, FS_IOC_FSSETXATTR, &attributes) < 0 && errno != EOPNOTSUPP)
		return error_errno(err, "cannot give it a project");
	return 0;
}

/* Also a limit of none, for one that the manifest had before. */
static int set_limit(int fd, uint64_t size, struct error *err)
{
	unsigned int id = project_of(fd);
	uint64_t kibibytes = (size + 1023) / 1024;
	struct if_dqblk limits = { .dqb_bhardlimit = kibibytes, .dqb_bsoftlimit = kibibytes, .dqb_valid = QIF_BLIMITS };

	if (id != 0 && syscall(SYS_quotactl_fd, fd, QCMD(Q_SETQUOTA, PRJQUOTA), id, &limits) == 0)
		return 0;
	if (size == 0)
		return 0;
	if (id == 0)
		return error_set(err, "its size cannot be limited: the state's file system has no project quotas "
				 "(mkfs.ext4 -O quota,project)");
	return error_errno(err, "its size cannot be limited (is the module 'quota_v2' in the image?)");
}

/* ---------------------------------------------------------------- making */

static int open_directory(int at, const char *path, struct error *err)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_errno(err, "cannot open '%s'", path) : fd;
}

/* The contents that the image has for it. */
static int fill(const struct plan_storage *item, const struct storage_places *places, int to, struct error *err)
{
	char path[PATH_MAX];
	autoclose int from = -1;

	if (!item->filled)
		return 0;
	(void)snprintf(path, sizeof(path), "%s%s", places->image, item->path);
	from = open_directory(AT_FDCWD, path, err);
	return from < 0 ? -1 : copy_tree(from, to, err);
}

/* What the manifest says about it, at every boot. */
static int set_owner(const struct plan_storage *item, int fd, struct error *err)
{
	if ((item->uid != PLAN_ID_KEPT || item->gid != PLAN_ID_KEPT) && fchown(fd, item->uid, item->gid) < 0)
		return error_errno(err, "cannot set its owner");
	if (item->mode && fchmod(fd, (mode_t)strtoul(item->mode, NULL, 8)) < 0)
		return error_errno(err, "cannot set its mode");
	return 0;
}

static int make(const struct plan_storage *item, const struct storage_places *places, int volumes, struct error *err)
{
	char temporary[NAME_MAX + 1];
	autoclose int fd = -1;

	(void)snprintf(temporary, sizeof(temporary), ".%.240s.new", item->name);
	if (file_remove_tree(volumes, temporary, err) < 0)
		return -1;
	if (mkdirat(volumes, temporary, 0755) < 0)
		return error_errno(err, "cannot create it");
	fd = open_directory(volumes, temporary, err);
	if (fd < 0 || set_project(fd, free_project(volumes), err) < 0 || set_limit(fd, item->size, err) < 0 ||
	    fill(item, places, fd, err) < 0)
		return -1;
	if (syncfs(fd) < 0 || renameat(volumes, temporary, volumes, item->name) < 0 || fsync(volumes) < 0)
		return error_errno(err, "cannot put it in its place");
	return 0;
}

static int bind_at(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/" VOLUMES "/%s", places->state, item->name);
	if (file_mkdirs(AT_FDCWD, item->path, 0755, err) < 0)
		return -1;
	if (mount(path, item->path, NULL, MOUNT_BIND, NULL) < 0)
		return error_errno(err, "cannot bind it at '%s'", item->path);
	return 0;
}

static int persistent(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	autoclose int state = open_directory(AT_FDCWD, places->state, err), volumes = -1, fd = -1;

	if (state < 0)
		return -1;
	if (mkdirat(state, VOLUMES, 0755) < 0 && errno != EEXIST)
		return error_errno(err, "cannot create the directory of the volumes");
	volumes = open_directory(state, VOLUMES, err);
	if (volumes < 0)
		return -1;
	if (faccessat(volumes, item->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && make(item, places, volumes, err) < 0)
		return -1;
	fd = open_directory(volumes, item->name, err);
	if (fd < 0 || set_limit(fd, item->size, err) < 0 || set_owner(item, fd, err) < 0)
		return -1;
	return bind_at(item, places, err);
}

static int in_memory(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	autoclose int fd = -1;

	if (item->persistent)
		log_warning("storage: volume '%s': there is no state partition; what is written to it is in memory, and gone "
			    "with the machine", item->name);
	if (mount_tmpfs(item, places, err) < 0)
		return -1;
	fd = open_directory(AT_FDCWD, item->path, err);
	if (fd < 0 || fill(item, places, fd, err) < 0)
		return -1;
	return set_owner(item, fd, err);
}

int volume_apply(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	int r = item->persistent && places->has_state ? persistent(item, places, err) : in_memory(item, places, err);

	return r < 0 ? error_context(err, "volume '%s'", item->name) : 0;
}
