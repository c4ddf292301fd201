/* SPDX-License-Identifier: Apache-2.0 */
#include "init/networks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/links.h"
#include "init/settings.h"

/* Directories and the file itself; others join through it. */
static int make_file(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	autofree char *directory = slash ? strndup(path, (size_t)(slash - path)) : NULL;
	autoclose int fd = -1;

	if (directory && *directory && file_mkdirs(AT_FDCWD, directory, 0755, err) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0444);
	return fd < 0 ? error_errno(err, "cannot create '%s'", path) : 0;
}

static bool is_pinned(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

/* A new namespace, pinned to the file; this process ends up where it was. */
static int pin(const char *path, int machine, struct error *err)
{
	int r = 0;

	if (unshare(CLONE_NEWNET) < 0)
		return error_errno(err, "cannot make a network namespace");
	if (mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL) < 0)
		r = error_errno(err, "cannot pin the network namespace at '%s'", path);
	else
		r = settings_loopback_up(err);
	if (setns(machine, CLONE_NEWNET) < 0)
		return error_errno(err, "cannot go back to the machine's network namespace");
	return r;
}

/* LinuxKit's three ways: moved, made here and put there, made there. */
static int add_interface(const struct plan_prepare *p, int machine, int namespace_fd, struct error *err)
{
	int r;

	if (!p->add)
		return namespace_fd < 0 ? 0 : link_move(p->name, namespace_fd, err);
	if (p->create_in_root || namespace_fd < 0)
		return link_make(p->name, p->add, p->peer, namespace_fd, err);
	if (setns(namespace_fd, CLONE_NEWNET) < 0)
		return error_errno(err, "cannot enter the network namespace");
	r = link_make(p->name, p->add, p->peer, -1, err);
	if (setns(machine, CLONE_NEWNET) < 0)
		return error_errno(err, "cannot go back to the machine's network namespace");
	return r;
}

int networks_prepare(const struct plan *plan, const struct plan_container *container, bool again, struct error *err)
{
	autoclose int machine = -1, namespace_fd = -1;
	const char *pinned = NULL;

	for (size_t i = 0; i < plan->prepares_count; i++) {
		const struct plan_prepare *p = &plan->prepares[i];

		if (&plan->containers[p->container] != container ||
		    (p->kind != PLAN_NETWORK && p->kind != PLAN_INTERFACE))
			continue;
		if (machine < 0)
			machine = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (p->kind == PLAN_NETWORK) {
			/* A second start: the namespace has its interfaces. */
			if (is_pinned(p->path))
				return 0;
			if (make_file(p->path, err) < 0 || pin(p->path, machine, err) < 0)
				return -1;
			pinned = p->path;
			namespace_fd = open(p->path, O_RDONLY | O_CLOEXEC);
			if (namespace_fd < 0)
				return error_errno(err, "cannot open '%s'", p->path);
		} else if (again && namespace_fd < 0 && p->add && if_nametoindex(p->name) != 0) {
			continue;
		} else if (add_interface(p, machine, namespace_fd, err) < 0) {
			/* Half of it is none: the next start makes it anew. */
			if (pinned)
				(void)umount2(pinned, MNT_DETACH | UMOUNT_NOFOLLOW);
			return -1;
		}
	}
	return 0;
}
