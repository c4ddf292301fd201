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

int settings_loopback_up(struct error *err)
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

/*
 * The kernel's command line has it from the start; a boot loader that left it out is made up for. There is no
 * way back, so that more than was asked for is fine.
 */
static int lock_down(const char *level, struct error *err)
{
	if (!level || strcmp(level, "none") == 0)
		return 0;
	if (write_text(AT_FDCWD, "/sys/kernel/security/lockdown", level) < 0 && errno != EPERM)
		return error_errno(err, "cannot lock the kernel down to '%s'", level);
	return 0;
}

int settings_apply(const struct plan *plan, struct error *err)
{
	/*
	 * The kernel drops what userspace logs too fast, unless told otherwise: boot messages must not be lost. It takes
	 * the word with the end of its line only, and does not let go (EINVAL) of what its command line says.
	 */
	if (write_text(AT_FDCWD, "/proc/sys/kernel/printk_devkmsg", "on\n") < 0 && errno != EINVAL)
		log_warning("messages may be lost: cannot set 'kernel.printk_devkmsg': %s", strerror(errno));
	/* Ctrl-Alt-Del comes as SIGINT, for an orderly end. */
	if (reboot(RB_DISABLE_CAD) < 0)
		log_warning("Ctrl-Alt-Del resets the machine: %s", strerror(errno));
	if (sethostname(plan->machine.hostname, strlen(plan->machine.hostname)) < 0)
		return error_errno(err, "cannot set the host name '%s'", plan->machine.hostname);
	if (make_resolv_conf(err) < 0)
		return -1;
	for (size_t i = 0; i < plan->sysctls_count; i++)
		if (set_sysctl(&plan->sysctls[i], err) < 0)
			return -1;
	if (lock_down(plan->machine.lockdown, err) < 0)
		return -1;
	return settings_loopback_up(err);
}

static const char *const controllers[] = { "cpu", "memory", "pids", "io", "cpuset", "hugetlb" };

/* "cpuset cpu io": true where `word` is one of them. */
static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *p = words; *p; p += strcspn(p, " \n"), p += strspn(p, " \n"))
		if (strcspn(p, " \n") == length && strncmp(p, word, length) == 0)
			return true;
	return false;
}

/* One by one, so that one that the kernel refuses keeps back no other. */
static void hand_down_each(int dirfd, const char *available, const char *of)
{
	char word[32];

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		(void)snprintf(word, sizeof(word), "+%s", controllers[i]);
		if (has_word(available, controllers[i]) && write_text(dirfd, "cgroup.subtree_control", word) < 0)
			log_warning("cgroup '%s': no limits of '%s' below it: %s", of, controllers[i], strerror(errno));
	}
}

/* Those that the kernel has and that are known here, in one write where it takes them so. */
static void hand_down_controllers(int dirfd, const char *of)
{
	autoclose int fd = openat(dirfd, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
	char available[256] = "", words[128] = "";
	size_t used = 0;

	if (fd < 0 || read(fd, available, sizeof(available) - 1) < 0)
		log_warning("cgroup '%s': no limits below it: cannot read its controllers: %s", of, strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (has_word(available, controllers[i]))
			used += (size_t)snprintf(words + used, sizeof(words) - used, "+%s ", controllers[i]);
	if (used > 0 && write_text(dirfd, "cgroup.subtree_control", words) < 0)
		hand_down_each(dirfd, available, of);
}

int settings_cgroup_root(struct error *err)
{
	int fd = open(SETTINGS_CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", SETTINGS_CGROUP_ROOT);
	hand_down_controllers(fd, "/");
	return fd;
}

static int open_cgroup(int root_fd, const char *path)
{
	return openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Those on the way hand their controllers down, and hold no processes for that. */
static int make_on_the_way(int root_fd, const char *path, struct error *err)
{
	autoclose int fd = -1;

	if (mkdirat(root_fd, path, 0755) < 0)
		return errno == EEXIST ? 0 : error_errno(err, "cannot create the cgroup '%s'", path);
	fd = open_cgroup(root_fd, path);
	if (fd < 0)
		return error_errno(err, "cannot open the cgroup '%s'", path);
	hand_down_controllers(fd, path);
	return 0;
}

int settings_cgroup_make(int root_fd, const char *path, struct error *err)
{
	char whole[512];
	int fd, n;

	path += strspn(path, "/");
	n = snprintf(whole, sizeof(whole), "%s", *path ? path : ".");
	if (n < 0 || (size_t)n >= sizeof(whole))
		return error_set(err, "cgroup '%s': name too long", path);
	/* From its second start on it is there. */
	fd = open_cgroup(root_fd, whole);
	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? error_errno(err, "cannot open the cgroup '%s'", whole) : fd;
	for (char *slash = strchr(whole, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (make_on_the_way(root_fd, whole, err) < 0)
			return -1;
		*slash = '/';
	}
	if (mkdirat(root_fd, whole, 0755) < 0 && errno != EEXIST)
		return error_errno(err, "cannot create the cgroup '%s'", whole);
	fd = open_cgroup(root_fd, whole);
	return fd < 0 ? error_errno(err, "cannot open the cgroup '%s'", whole) : fd;
}
