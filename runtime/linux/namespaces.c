/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/linux/net_devices.h"
#include "runtime/linux/syscalls.h"

/* The user namespace is first: joining it gives the rights to join what it owns. */
const struct namespace_type namespace_types[NAMESPACE_TYPES] = {
	{ "user",    CLONE_NEWUSER,   "user"   },
	{ "pid",     CLONE_NEWPID,    "pid"    },
	{ "network", CLONE_NEWNET,    "net"    },
	{ "ipc",     CLONE_NEWIPC,    "ipc"    },
	{ "uts",     CLONE_NEWUTS,    "uts"    },
	{ "cgroup",  CLONE_NEWCGROUP, "cgroup" },
	{ "time",    CLONE_NEWTIME,   "time"   },
	{ "mount",   CLONE_NEWNS,     "mnt"    },
};

static int type_find(const char *name)
{
	for (int i = 0; i < NAMESPACE_TYPES; i++)
		if (strcmp(namespace_types[i].name, name) == 0)
			return i;
	return -1;
}

unsigned int namespace_flag(const char *name)
{
	int i = type_find(name);

	return i < 0 ? 0 : namespace_types[i].flag;
}

const char *namespace_name(unsigned int flag)
{
	for (int i = 0; i < NAMESPACE_TYPES; i++)
		if (namespace_types[i].flag == flag)
			return namespace_types[i].name;
	return "unknown";
}

static int open_one(const struct namespace_type *type, const char *path, int *out, struct error *err)
{
	autoclose int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	int kind;

	if (fd < 0)
		return error_errno(err, "cannot open the %s namespace '%s'", type->name, path);
	kind = ioctl(fd, NS_GET_NSTYPE);
	if (kind < 0 || (unsigned int)kind != type->flag)
		return error_set(err, "'%s' is not a %s namespace", path, type->name);
	*out = fd_take(&fd);
	return 0;
}

/* setns(2) refuses the user namespace that one is in already. */
static bool is_own(const struct namespace_type *type, int fd)
{
	struct stat theirs, own;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", type->proc_name);
	return fstat(fd, &theirs) == 0 && stat(path, &own) == 0 && theirs.st_ino == own.st_ino &&
	       theirs.st_dev == own.st_dev;
}

int namespaces_open(const struct oci_config *config, struct namespaces *namespaces, struct error *err)
{
	const struct oci_linux *l = &config->linux_;

	*namespaces = (struct namespaces)NAMESPACES_NONE;
	for (size_t n = 0; n < l->namespaces_count; n++) {
		const struct oci_namespace *wanted = &l->namespaces[n];
		int i = type_find(wanted->type);

		if (i < 0) {
			error_set(err, "unknown namespace '%s'", wanted->type);
			goto undo;
		}
		if ((namespaces->make | namespaces->join) & namespace_types[i].flag) {
			error_set(err, "the namespace '%s' is given twice", wanted->type);
			goto undo;
		}
		if (!wanted->path || !*wanted->path) {
			namespaces->make |= namespace_types[i].flag;
			continue;
		}
		if (open_one(&namespace_types[i], wanted->path, &namespaces->fds[i], err) < 0)
			goto undo;
		namespaces->join |= namespace_types[i].flag;
		if (namespace_types[i].flag == CLONE_NEWUSER && is_own(&namespace_types[i], namespaces->fds[i])) {
			namespaces->join &= ~namespace_types[i].flag;
			fd_replace(&namespaces->fds[i], -1);
		}
	}
	if (net_devices_open(l, &namespaces->outside, err) == 0)
		return 0;
	namespaces_close(namespaces);
	return -1;
undo:
	namespaces_close(namespaces);
	return error_context(err, "linux.namespaces");
}

void namespaces_close(struct namespaces *namespaces)
{
	for (int i = 0; i < NAMESPACE_TYPES; i++)
		fd_replace(&namespaces->fds[i], -1);
	fd_replace(&namespaces->outside, -1);
}

bool namespaces_made_inside(const struct namespaces *namespaces)
{
	if (namespaces->join & CLONE_NEWUSER)
		return true;
	return (namespaces->make & CLONE_NEWUSER) && (namespaces->join & ~(unsigned int)CLONE_NEWPID);
}

/* What can be joined with the rights outside of the user namespace; the rest may be its own. */
static unsigned int join_from_outside(const struct namespaces *namespaces, unsigned int which)
{
	unsigned int joined = 0;

	for (int i = 0; i < NAMESPACE_TYPES; i++) {
		const struct namespace_type *type = &namespace_types[i];

		if ((which & type->flag) && type->flag != CLONE_NEWUSER && setns(namespaces->fds[i], (int)type->flag) == 0)
			joined |= type->flag;
	}
	return joined;
}

int namespaces_join(const struct namespaces *namespaces, unsigned int which, struct error *err)
{
	which &= namespaces->join;
	if (which & CLONE_NEWUSER)
		which &= ~join_from_outside(namespaces, which);
	for (int i = 0; i < NAMESPACE_TYPES; i++) {
		const struct namespace_type *type = &namespace_types[i];

		if (!(which & type->flag))
			continue;
		if (setns(namespaces->fds[i], (int)type->flag) < 0)
			return error_errno(err, "cannot join the %s namespace", type->name);
	}
	return 0;
}

int namespaces_unshare(const struct namespaces *namespaces, unsigned int which, struct error *err)
{
	unsigned int flags = namespaces->make & which;

	if (flags && unshare((int)flags) < 0) {
		/* One at a time tells which it was. */
		int number = errno;

		for (int i = 0; i < NAMESPACE_TYPES; i++)
			if ((flags & namespace_types[i].flag) && unshare((int)namespace_types[i].flag) < 0)
				return error_errno(err, "cannot make a new %s namespace", namespace_types[i].name);
		return error_number(err, number, "cannot make new namespaces");
	}
	return 0;
}

static int write_offsets(const struct oci_linux *config, struct error *err)
{
	autoclose int fd = openat(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	char text[64];

	if (fd < 0)
		return error_errno(err, "cannot open '/proc/self/timens_offsets'");
	for (size_t i = 0; i < config->time_offsets_count; i++) {
		const struct oci_time_offset *o = &config->time_offsets[i];
		int n = snprintf(text, sizeof(text), "%s %lld %u\n", o->clock, (long long)o->secs, o->nanosecs);

		if (write(fd, text, (size_t)n) != n)
			return error_errno(err, "linux.timeOffsets: cannot set the clock '%s' to %lld s and %u ns", o->clock,
					   (long long)o->secs, o->nanosecs);
	}
	return 0;
}

int namespaces_enter_time(const struct namespaces *namespaces, const struct oci_linux *config, struct error *err)
{
	autoclose int fd = -1;

	if (!(namespaces->make & CLONE_NEWTIME))
		return 0;
	if (config->time_offsets_count > 0 && write_offsets(config, err) < 0)
		return -1;
	/* unshare(2) makes it for children, and older kernels do not take it for who calls execve(2) either. */
	fd = openat(AT_FDCWD, "/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		return error_errno(err, "cannot enter the new time namespace");
	return 0;
}

int namespaces_become_root(struct error *err)
{
	/* EINVAL: there is none. Who made the namespace, or joined it, has its rights all the same. */
	if ((syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0) && errno != EINVAL)
		return error_errno(err, "cannot become root of the user namespace");
	return 0;
}

int namespaces_own_files(struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return error_errno(err, "cannot own the files of the process");
	return 0;
}

int namespaces_set_names(const char *hostname, const char *domainname, struct error *err)
{
	if (hostname && *hostname && sethostname(hostname, strlen(hostname)) < 0)
		return error_errno(err, "cannot set the hostname '%s'", hostname);
	if (domainname && *domainname && setdomainname(domainname, strlen(domainname)) < 0)
		return error_errno(err, "cannot set the domainname '%s'", domainname);
	return 0;
}
