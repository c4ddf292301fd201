/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor under every OCI runtime: what the kernel has to be asked for to run a program in the container that
 * `slipway-runtime spec` describes, and nothing else. No config is read, no state kept, no path checked, no error survived.
 *
 *	floor BUNDLE CGROUP PROGRAM
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* <sys/mount.h> does not go with <linux/mount.h>. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

static const struct {
	const char *source, *target, *type;
	unsigned long flags;
	const char *data;
} mounts[] = {
	{ "proc", "proc", "proc", 0, NULL },
	{ "tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k" },
	{ "devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k" },
	{ "mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL },
	{ "sysfs", "sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL },
	{ "cgroup", "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RELATIME | MS_RDONLY, NULL },
};

static const struct {
	const char *path;
	unsigned int major, minor;
} devices[] = {
	{ "dev/null", 1, 3 }, { "dev/zero", 1, 5 },	{ "dev/full", 1, 7 },
	{ "dev/tty", 5, 0 },  { "dev/random", 1, 8 },	{ "dev/urandom", 1, 9 },
};

static const char *const links[][2] = {
	{ "/proc/self/fd", "dev/fd" }, { "/proc/self/fd/0", "dev/stdin" }, { "/proc/self/fd/1", "dev/stdout" },
	{ "/proc/self/fd/2", "dev/stderr" }, { "pts/ptmx", "dev/ptmx" },
};

static const char *const masked[] = { "acpi", "asound", "kcore", "keys", "latency_stats", "timer_list", "timer_stats",
				      "sched_debug", "scsi" };
static const char *const read_only[] = { "bus", "fs", "irq", "sys", "sysrq-trigger" };

static void must(long result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void mask(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		must(mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=0k"), path);
	else
		must(mount("dev/null", path, NULL, MS_BIND, NULL), path);
}

static void build_root(const char *bundle)
{
	char path[64];

	must(chdir(bundle), bundle);
	must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "make / a slave");
	must(mount("rootfs", "rootfs", NULL, MS_BIND | MS_REC, NULL), "bind the root");
	must(chdir("rootfs"), "rootfs");
	for (size_t i = 0; i < COUNT(mounts); i++) {
		if (strncmp(mounts[i].target, "dev/", 4) == 0)
			must(mkdir(mounts[i].target, 0755), mounts[i].target);
		must(mount(mounts[i].source, mounts[i].target, mounts[i].type, mounts[i].flags, mounts[i].data),
		     mounts[i].target);
	}
	for (size_t i = 0; i < COUNT(devices); i++)
		must(mknod(devices[i].path, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)), devices[i].path);
	for (size_t i = 0; i < COUNT(links); i++)
		must(symlink(links[i][0], links[i][1]), links[i][1]);
	for (size_t i = 0; i < COUNT(masked); i++) {
		snprintf(path, sizeof(path), "proc/%s", masked[i]);
		mask(path);
	}
	mask("sys/firmware");
	for (size_t i = 0; i < COUNT(read_only); i++) {
		snprintf(path, sizeof(path), "proc/%s", read_only[i]);
		if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
			continue;
		must(mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), path);
	}
}

static void enter_root(void)
{
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", 2 /* MNT_DETACH */), "leave the old root");
	must(chdir("/"), "/");
}

static void give_up_rights(void)
{
	static const unsigned int kept[] = { CAP_AUDIT_WRITE, CAP_KILL, CAP_NET_BIND_SERVICE };
	const struct rlimit files = { 1024, 1024 };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	uint32_t set = 0;

	for (size_t i = 0; i < COUNT(kept); i++)
		set |= 1u << kept[i];
	data[0].effective = data[0].permitted = set;
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (i > 31 || !(set & 1u << i))
			must(prctl(PR_CAPBSET_DROP, i, 0, 0, 0), "drop a capability");
	must(setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
	must(setgroups(0, NULL), "setgroups");
	must(syscall(SYS_capset, &header, data), "capset");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

int main(int argc, char **argv)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int status, cgroup;
	pid_t pid;

	if (argc != 4)
		return 2;
	must(mkdir(argv[2], 0755), argv[2]);
	cgroup = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	args.flags = CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWCGROUP |
		     CLONE_INTO_CGROUP;
	args.cgroup = (uint64_t)cgroup;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	must(pid, "clone3");
	if (pid == 0) {
		char *const command[] = { argv[3], NULL }, *const environment[] = { NULL };

		(void)umask(0);
		build_root(argv[1]);
		enter_root();
		must(setsid(), "setsid");
		give_up_rights();
		must(execve(argv[3], command, environment), argv[3]);
	}
	must(waitpid(pid, &status, 0), "wait");
	must(rmdir(argv[2]), argv[2]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
