/* SPDX-License-Identifier: Apache-2.0 */
#include "init/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>		/* not every C library has statx(2) */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/credentials.h"
#include "init/networks.h"
#include "init/settings.h"

static const struct flag_option {
	const char *name;
	unsigned long flag;
} flag_options[] = {
	{ "bind", MS_BIND },             { "rbind", MS_BIND | MS_REC },     { "ro", MS_RDONLY },
	{ "rw", 0 },                     { "nosuid", MS_NOSUID },           { "nodev", MS_NODEV },
	{ "noexec", MS_NOEXEC },         { "relatime", MS_RELATIME },       { "noatime", MS_NOATIME },
	{ "strictatime", MS_STRICTATIME }, { "remount", MS_REMOUNT },       { "sync", MS_SYNCHRONOUS },
	{ "private", MS_PRIVATE },       { "rprivate", MS_PRIVATE | MS_REC }, { "shared", MS_SHARED },
	{ "rshared", MS_SHARED | MS_REC }, { "slave", MS_SLAVE },           { "rslave", MS_SLAVE | MS_REC },
};

#define PROPAGATION (MS_PRIVATE | MS_SHARED | MS_SLAVE | MS_UNBINDABLE)

/* Splits the options into flags and the file system's own data. */
static int read_options(const struct plan_strings *options, unsigned long *flags, char *data, size_t size,
			struct error *err)
{
	size_t used = 0;

	*flags = 0;
	data[0] = '\0';
	for (size_t i = 0; i < options->count; i++) {
		const char *option = options->items[i];
		size_t k;
		int n;

		for (k = 0; k < ARRAY_SIZE(flag_options); k++)
			if (strcmp(option, flag_options[k].name) == 0)
				break;
		if (k < ARRAY_SIZE(flag_options)) {
			*flags |= flag_options[k].flag;
			continue;
		}
		n = snprintf(data + used, size - used, "%s%s", used ? "," : "", option);
		if (n < 0 || (size_t)n >= size - used)
			return error_set(err, "mount options too long");
		used += (size_t)n;
	}
	return 0;
}

/* An overlay's upper and work directories are made where they are missing, as LinuxKit does. */
static int make_overlay_directories(const struct plan_strings *options, struct error *err)
{
	static const char *const keys[] = { "upperdir=", "workdir=" };

	for (size_t i = 0; i < options->count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			if (strncmp(options->items[i], keys[k], strlen(keys[k])) == 0 &&
			    file_mkdirs(AT_FDCWD, options->items[i] + strlen(keys[k]), 0755, err) < 0)
				return -1;
	return 0;
}

/* True for the root of a mount: the kernel refuses to come to it from its directory without crossing mounts. */
static bool is_mounted(const char *path)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_XDEV };
	const char *slash = strrchr(path, '/');
	autofree char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : NULL;
	autoclose int above = directory ? open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	autoclose int fd = above < 0 ? -1 : (int)syscall(SYS_openat2, above, slash + 1, &how, sizeof(how));

	return above >= 0 && fd < 0 && errno == EXDEV;
}

static int run_mount(const struct plan_prepare *p, bool again, struct error *err)
{
	unsigned long flags;
	char data[2048];

	/* One more over it would hide what the service wrote, and one more after each restart would fill the machine. */
	if (again && is_mounted(p->path))
		return 0;
	if (read_options(&p->options, &flags, data, sizeof(data), err) < 0 ||
	    file_mkdirs(AT_FDCWD, p->path, 0755, err) < 0)
		return -1;
	if (p->type && strcmp(p->type, "overlay") == 0 && make_overlay_directories(&p->options, err) < 0)
		return -1;
	/* Propagation is a call of its own: the kernel takes it with no other flag. */
	if (!(flags & MS_REMOUNT) || (flags & ~(MS_REMOUNT | PROPAGATION | MS_REC)))
		if (mount(p->source, p->path, p->type, flags & ~PROPAGATION, data) < 0)
			return error_errno(err, "cannot mount '%s' at '%s'", p->source ? p->source : p->type, p->path);
	if (flags & PROPAGATION)
		if (mount(NULL, p->path, NULL, flags & (PROPAGATION | MS_REC), NULL) < 0)
			return error_errno(err, "cannot set the propagation of '%s'", p->path);
	return 0;
}

static int make_cgroup(const char *path, struct error *err)
{
	autoclose int root = settings_cgroup_root(err);
	autoclose int cgroup = root < 0 ? -1 : settings_cgroup_make(root, path, err);

	return cgroup < 0 ? -1 : 0;
}

/* Devices have their numbers from the order in which drivers came: they are looked up here, and not when the image is built. */
static int limit_device(const struct plan_prepare *p, const char *cgroup, struct error *err)
{
	autoclose int root = settings_cgroup_root(err), own = root < 0 ? -1 : settings_cgroup_make(root, cgroup, err), fd = -1;
	char line[256];
	struct stat st;
	int n;

	if (own < 0)
		return -1;
	if (stat(p->path, &st) < 0)
		return error_errno(err, "io_max: cannot find '%s'", p->path);
	if (!S_ISBLK(st.st_mode))
		return error_set(err, "io_max: '%s' is no block device", p->path);
	n = snprintf(line, sizeof(line), "%u:%u %s", major(st.st_rdev), minor(st.st_rdev), p->source);
	fd = openat(own, "io.max", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, line, (size_t)n) != n)
		return error_errno(err, "io_max: cannot limit '%s'", p->path);
	return 0;
}

int prepare_run(const struct plan *plan, const struct plan_container *container, bool again, struct error *err)
{
	for (size_t i = 0; i < plan->prepares_count; i++) {
		const struct plan_prepare *p = &plan->prepares[i];
		int r = 0;

		if (&plan->containers[p->container] != container)
			continue;
		if (p->kind == PLAN_MKDIR)
			r = file_mkdirs(AT_FDCWD, p->path, 0755, err);
		else if (p->kind == PLAN_CGROUP)
			r = make_cgroup(p->path, err);
		else if (p->kind == PLAN_IO_MAX)
			r = limit_device(p, container->cgroup, err);
		else if (p->kind == PLAN_MOUNT)
			r = run_mount(p, again, err);
		if (r < 0)
			return -1;
	}
	if (credentials_prepare(plan, container, err) < 0)
		return -1;
	return networks_prepare(plan, container, again, err);
}

static int bind_namespace(const struct plan_prepare *p, pid_t pid, struct error *err)
{
	char source[64], directory[256];
	autoclose int fd = -1;
	const char *slash = strrchr(p->path, '/');

	(void)snprintf(source, sizeof(source), "/proc/%d/ns/%.16s", (int)pid, p->namespace_type);
	if (slash && (size_t)(slash - p->path) < sizeof(directory)) {
		memcpy(directory, p->path, (size_t)(slash - p->path));
		directory[slash - p->path] = '\0';
		if (file_mkdirs(AT_FDCWD, directory, 0755, err) < 0)
			return -1;
	}
	/* That of the process before, where there was one. */
	(void)umount2(p->path, MNT_DETACH | UMOUNT_NOFOLLOW);
	fd = open(p->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || mount(source, p->path, NULL, MS_BIND, NULL) < 0)
		return error_errno(err, "cannot bind the namespace '%s' at '%s'", p->namespace_type, p->path);
	return 0;
}

int prepare_bind_namespaces(const struct plan *plan, const struct plan_container *container, pid_t pid,
			    struct error *err)
{
	for (size_t i = 0; i < plan->prepares_count; i++) {
		const struct plan_prepare *p = &plan->prepares[i];

		if (p->kind == PLAN_BIND_NAMESPACE && &plan->containers[p->container] == container &&
		    bind_namespace(p, pid, err) < 0)
			return -1;
	}
	return 0;
}
