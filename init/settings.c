/* SPDX-License-Identifier: Apache-2.0 */
#include "init/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define RESOLV_CONF_DIRECTORY "/run/resolvconf"

static int write_text(int dirfd, const char *path, const char *text)
{
	autoclose int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
	size_t length = strlen(text);

	return fd >= 0 && write(fd, text, length) == (ssize_t)length ? 0 : -1;
}

static int set_sysctl(const struct plan_sysctl *sysctl, struct error *err)
{
	char path[256];
	int n = snprintf(path, sizeof(path), "/proc/sys/%s", sysctl->key);

	if (n < 0 || (size_t)n >= sizeof(path))
		return error_set(err, "sysctl '%s': name too long", sysctl->key);
	for (char *p = path + strlen("/proc/sys/"); *p; p++)
		if (*p == '.')
			*p = '/';
	if (write_text(AT_FDCWD, path, sysctl->value) < 0)
		return error_errno(err, "cannot set the sysctl '%s' to '%s'", sysctl->key, sysctl->value);
	return 0;
}

static int loopback_up(struct error *err)
{
	struct ifreq request = { .ifr_name = "lo" };
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT))
		return 0;	/* a kernel without IPv4 has no loopback to bring up */
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_errno(err, "cannot bring the loopback interface up");
	return 0;
}

/* What /etc/resolv.conf points to is there from the start, so that it can be bound before a lease comes. */
static int make_resolv_conf(struct error *err)
{
	autoclose int fd = -1;

	if (file_mkdirs(AT_FDCWD, RESOLV_CONF_DIRECTORY, 0755, err) < 0)
		return -1;
	fd = open(RESOLV_CONF_DIRECTORY "/resolv.conf", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd < 0 ? error_errno(err, "cannot create '%s/resolv.conf'", RESOLV_CONF_DIRECTORY) : 0;
}

int settings_apply(const struct plan *plan, struct error *err)
{
	/* The kernel drops what userspace logs too fast, unless told otherwise: boot messages must not be lost. */
	(void)write_text(AT_FDCWD, "/proc/sys/kernel/printk_devkmsg", "on");
	/* Ctrl-Alt-Del comes as SIGINT, for an orderly end. */
	(void)reboot(RB_DISABLE_CAD);
	if (sethostname(plan->machine.hostname, strlen(plan->machine.hostname)) < 0)
		return error_errno(err, "cannot set the host name '%s'", plan->machine.hostname);
	if (make_resolv_conf(err) < 0)
		return -1;
	for (size_t i = 0; i < plan->sysctls_count; i++)
		if (set_sysctl(&plan->sysctls[i], err) < 0)
			return -1;
	return loopback_up(err);
}

/* One at a time: a kernel that lacks one refuses them all in a single write. */
static void hand_down_controllers(int dirfd)
{
	static const char *const controllers[] = { "+cpu", "+memory", "+pids", "+io", "+cpuset", "+hugetlb" };

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		(void)write_text(dirfd, "cgroup.subtree_control", controllers[i]);
}

int settings_cgroup_root(struct error *err)
{
	int fd = open(CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", CGROUP_ROOT);
	hand_down_controllers(fd);
	return fd;
}

int settings_cgroup_make(int root_fd, const char *path, struct error *err)
{
	autoclose int fd = dup(root_fd);
	char part[256];

	while (fd >= 0) {
		size_t length;
		int next;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 0)
			return fd_take(&fd);
		if (length >= sizeof(part))
			return error_set(err, "cgroup '%s': name too long", path);
		memcpy(part, path, length);
		part[length] = '\0';
		path += length;
		if (mkdirat(fd, part, 0755) < 0 && errno != EEXIST)
			return error_errno(err, "cannot create the cgroup '%s'", part);
		next = openat(fd, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd_replace(&fd, next);
		/* Only on the way: a cgroup that hands controllers down may hold no processes. */
		if (fd >= 0 && path[strspn(path, "/")] != '\0')
			hand_down_controllers(fd);
	}
	return error_errno(err, "cannot open the cgroup '%s'", path);
}
