/* SPDX-License-Identifier: Apache-2.0 */
#include "init/api_mounts.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

struct api_mount {
	const char *source, *target, *type, *data;
	unsigned long flags;
	bool needed;
};

/* devtmpfs may be mounted by the kernel already (CONFIG_DEVTMPFS_MOUNT): EBUSY is fine everywhere. */
static const struct api_mount early[] = {
	{ "dev",   "/dev",  "devtmpfs", "mode=0755", MS_NOSUID | MS_NOEXEC,            true },
	{ "proc",  "/proc", "proc",     NULL,        MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "sysfs", "/sys",  "sysfs",    NULL,        MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "tmpfs", "/run",  "tmpfs",    "mode=0755", MS_NOSUID | MS_NODEV,             true },
};

static const struct api_mount late[] = {
	{ "devpts",     "/dev/pts",                "devpts",     "gid=5,mode=0620,ptmxmode=0666", MS_NOSUID | MS_NOEXEC, true },
	{ "tmpfs",      "/dev/shm",                "tmpfs",      "mode=1777", MS_NOSUID | MS_NODEV,             true },
	{ "mqueue",     "/dev/mqueue",             "mqueue",     NULL,        MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "tmpfs",      "/tmp",                    "tmpfs",      "mode=1777", MS_NOSUID | MS_NODEV,             true },
	{ "cgroup2",    "/sys/fs/cgroup",          "cgroup2",    "nsdelegate", MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "bpf",        "/sys/fs/bpf",             "bpf",        "mode=0700", MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "securityfs", "/sys/kernel/security",    "securityfs", NULL,        MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "debugfs",    "/sys/kernel/debug",       "debugfs",    NULL,        MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "tracefs",    "/sys/kernel/tracing",     "tracefs",    NULL,        MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "efivarfs",   "/sys/firmware/efi/efivars", "efivarfs", NULL,        MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
};

static int mount_all(const struct api_mount *mounts, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct api_mount *m = &mounts[i];

		/* Below /sys the kernel made the directories that matter; elsewhere they may be missing. */
		(void)mkdir(m->target, 0755);
		if (mount(m->source, m->target, m->type, m->flags, m->data) == 0 || errno == EBUSY)
			continue;
		if (m->needed)
			return error_errno(err, "cannot mount '%s' at '%s'", m->type, m->target);
		/* ENODEV, ENOENT: this kernel has no such thing. */
		if (errno != ENODEV && errno != ENOENT)
			log_warning("cannot mount '%s' at '%s': %s", m->type, m->target, strerror(errno));
	}
	return 0;
}

/* Names that programs count on, and that the kernel does not make. */
static const struct {
	const char *target, *path;
} links[] = {
	{ "/proc/self/fd", "/dev/fd" },		 { "/proc/self/fd/0", "/dev/stdin" },
	{ "/proc/self/fd/1", "/dev/stdout" },	 { "/proc/self/fd/2", "/dev/stderr" },
	{ "/proc/kcore", "/dev/core" },
};

static void make_links(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlink(links[i].target, links[i].path) < 0 && errno != EEXIST)
			log_warning("cannot make '%s': %s", links[i].path, strerror(errno));
}

int api_mounts_early(struct error *err)
{
	return mount_all(early, ARRAY_SIZE(early), err);
}

int api_mounts_late(struct error *err)
{
	make_links();
	return mount_all(late, ARRAY_SIZE(late), err);
}
