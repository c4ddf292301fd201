/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boots PID 1 as the first process of namespaces of its own, lets it work until its nth system call, and makes that one fail: for
 * every n from its first instruction to the end of the machine, with each error that the call may fail with. Whatever fails,
 * PID 1 neither exits nor hangs: either all services become ready, or a line of the log names step and cause; then the
 * machine ends in order.
 *
 *	fail_nth_init [-q N | -n N] ROOT DEV CGROUP
 *
 * ROOT is an image's root, and a mount; DEV becomes its /dev and has the FIFOs kmsg, console and verdict, into which a service
 * writes once all are ready and ends the machine; below CGROUP (version 2) each run has a cgroup. -q takes every
 * Nth failure, -n those of the Nth call alone, with the log. Prints TAP lines and the number of failures it made.
 */
#include "tests/conformance/failing.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

enum { CALLS_MAX = 8192, NUMBERS_MAX = 512, ERRORS_MAX = 7, SECONDS_MAX = 20, LOG_MAX = 65536 };

/* What a call may fail with; the default is the last row. */
static const struct {
	long number;
	int errors[ERRORS_MAX];
} failures[] = {
	{ SYS_mmap, { ENOMEM } },
	{ SYS_brk, { ENOMEM } },
	{ SYS_mprotect, { ENOMEM } },
	{ SYS_clone, { EAGAIN, ENOMEM } },
	{ SYS_clone3, { EAGAIN, ENOMEM, ENOSPC } },
	{ SYS_open, { EMFILE, ENFILE, ENOMEM, ENOSPC, EIO, EINTR } },
	{ SYS_openat, { EMFILE, ENFILE, ENOMEM, ENOSPC, EIO, EINTR } },
	{ SYS_openat2, { EMFILE, ENOMEM, EIO, EAGAIN } },
	{ SYS_pipe2, { EMFILE, ENFILE, ENOMEM } },
	{ SYS_dup, { EMFILE } },
	{ SYS_dup2, { EMFILE, EINTR } },
	{ SYS_fcntl, { EMFILE, EAGAIN } },
	{ SYS_socket, { EMFILE, ENFILE, ENOMEM } },
	{ SYS_bind, { ENOMEM } },
	{ SYS_accept4, { EMFILE, ENOMEM, EAGAIN, EINTR } },
	{ SYS_recvfrom, { ENOMEM, EAGAIN, EINTR } },
	{ SYS_sendto, { ENOMEM, EAGAIN, EINTR } },
	{ SYS_sendmsg, { ENOMEM, EAGAIN, EINTR } },
	{ SYS_recvmsg, { ENOMEM, EAGAIN, EINTR } },
	{ SYS_read, { EIO, ENOMEM, EAGAIN, EINTR } },
	{ SYS_pread64, { EIO, EINTR } },
	{ SYS_write, { EIO, ENOSPC, ENOMEM, EAGAIN, EINTR } },
	{ SYS_mkdir, { ENOSPC, ENOMEM, EIO } },
	{ SYS_mkdirat, { ENOSPC, ENOMEM, EIO } },
	{ SYS_epoll_create1, { EMFILE, ENFILE, ENOMEM } },
	{ SYS_epoll_ctl, { ENOMEM, ENOSPC } },
	{ SYS_epoll_wait, { EINTR } },
	{ SYS_epoll_pwait, { EINTR } },
	{ SYS_poll, { ENOMEM, EINTR } },
	{ SYS_ppoll, { ENOMEM, EINTR } },
	{ SYS_wait4, { EINTR } },
	{ SYS_signalfd4, { EMFILE, ENFILE, ENOMEM } },
	{ SYS_timerfd_create, { EMFILE, ENFILE, ENOMEM } },
	{ SYS_pidfd_open, { EMFILE, ENFILE, ENOMEM } },
	{ SYS_inotify_init1, { EMFILE, ENFILE, ENOMEM } },
	{ SYS_inotify_add_watch, { ENOMEM, ENOSPC } },
	{ SYS_mount, { ENOMEM, ENOSPC, EIO } },
	{ SYS_move_mount, { ENOMEM, ENOSPC, EIO } },
	{ SYS_finit_module, { ENOMEM, ENOSPC, EIO, EAGAIN, EINTR } },
	{ SYS_fsopen, { EMFILE, ENFILE, ENOMEM } },
	{ SYS_fsmount, { EMFILE, ENFILE, ENOMEM } },
	{ SYS_open_tree, { EMFILE, ENFILE, ENOMEM } },
	{ SYS_nanosleep, { EINTR } },
	{ SYS_clock_nanosleep, { EINTR } },
	{ -1, { ENOMEM, EIO, EINTR, EAGAIN } },
};

/* Those that have no way to fail with what they are given. */
static const long cannot_fail[] = {
	SYS_getpid, SYS_getuid, SYS_geteuid, SYS_gettid, SYS_umask, SYS_clock_gettime, SYS_timerfd_settime, SYS_pause,
	SYS_munmap, SYS_execve, SYS_rt_sigaction, SYS_sync,
};

/* Failures that need no word in the log, as long as all services become ready. */
static const struct {
	long number;
	const char *detail;		/* in the path that the call is about; NULL for any */
	const char *why;
} untold[] = {
	{ SYS_dup2, NULL, "of a standard descriptor: those of PID 1 lead nowhere anyway" },
	{ SYS_brk, NULL, "the allocator goes on with mmap" },
	{ SYS_mmap, NULL, "the same the other way round, and its guard page" },
	{ SYS_unlink, NULL, "of a socket that is not there; where it is, the bind tells" },
	{ SYS_mkdir, NULL, "of a mount point that is there; where it is not, the mount tells" },
	{ SYS_write, "init: ", "the log itself" },
	{ SYS_write, "+", "controllers of a cgroup, which are handed down one by one then" },
	{ SYS_openat, "cgroup.subtree_control", "the same" },
};

/* What would change the machine that this runs on: PID 1 and its children see it work, and it is not done. */
static const long pretended[] = {
	SYS_finit_module, SYS_init_module, SYS_delete_module, SYS_clock_settime, SYS_settimeofday,
	SYS_clock_adjtime, SYS_adjtimex, SYS_swapon, SYS_syslog, SYS_kexec_file_load,
};

static struct {
	const char *root, *dev;
	char cgroup[4096];
	int kmsg, console, verdict;
	unsigned int every, only;
} test;

static struct {
	pid_t pid;
	unsigned int nth, which;	/* the call, and which of its errors; 0 is no call */
	unsigned int count;
	int error;
	long number;			/* of the call that was made to fail */
	char detail[128];		/* the path it was about */
	bool pending, injected, pretends, timed_out, ended, ready;
	long pretends_result;
	int status;
	char log[LOG_MAX];
} run;

static long calls[CALLS_MAX];
static struct {
	unsigned int made, ready, refused;
} outcomes[NUMBERS_MAX];
static unsigned int made, bad, candidates;
static volatile sig_atomic_t alarmed;

static void on_alarm(int signal)
{
	(void)signal;
	alarmed = 1;
}

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "fail_nth_init: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ------------------------------------------------------------ the machine */

/* A root of cgroups that holds processes hands no controllers down, unless it is the machine's own: one below it holds PID 1. */
static int enter_leaf(void)
{
	char path[4200];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/init", test.cgroup);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/init/cgroup.procs", test.cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, "0", 1) == 1 ? 0 : -1;
}

/* In namespaces of its own; whatever is not there is seen by the boot. */
static void __attribute__((noreturn)) become_init(void)
{
	char *const command[] = { (char *)"/init", NULL }, *const environment[] = { (char *)"HOME=/", (char *)"TERM=linux", NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (unshare(CLONE_NEWCGROUP) < 0 || enter_leaf() < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    chdir(test.root) < 0 || mount(test.dev, "dev", NULL, MS_BIND, NULL) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		_exit(125);
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			_exit(125);
	if (failing_pretend(pretended, COUNT(pretended)) < 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(125);
	(void)execve(command[0], command, environment);
	_exit(127);
}

static void start_init(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int cgroup, status;

	(void)mkdir(test.cgroup, 0755);
	cgroup = open(test.cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
	args.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_INTO_CGROUP;
	args.cgroup = (uint64_t)cgroup;
	run.pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (run.pid == 0)
		become_init();
	if (run.pid < 0)
		die("clone3");
	(void)close(cgroup);
	if (waitpid(run.pid, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, run.pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0)
		die("cannot trace");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_DP)
		(void)rmdir(path);
	return 0;
}

/* With the first process of a PID namespace all others have ended. */
static void end_machine(void)
{
	if (!run.ended || run.status < 0)
		(void)kill(run.pid, SIGKILL);
	while (run.status < 0 && waitpid(run.pid, &run.status, __WALL) >= 0 && !WIFEXITED(run.status) && !WIFSIGNALED(run.status))
		run.status = -1;
	(void)nftw(test.cgroup, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ------------------------------------------------------------ its system calls */

static void read_string(uint64_t address, char *out, size_t size)
{
	const size_t wanted = size - 1, page = 4096 - (address & 4095), part = wanted < page ? wanted : page;
	struct iovec here = { out, wanted };
	/* It may end at the end of a page: what is behind that is read if it can be. */
	const struct iovec there[] = {
		{ (void *)(uintptr_t)address, part }, { (void *)(uintptr_t)(address + part), wanted - part },
	};
	ssize_t n = address < 4096 ? -1 : process_vm_readv(run.pid, &here, 1, there, COUNT(there), 0);

	out[n > 0 ? n : 0] = '\0';
	for (char *p = out; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

/* The path of a call that has one, or what its descriptor is open to. */
static void read_detail(const struct __ptrace_syscall_info *info)
{
	static const struct {
		long number;
		int argument;
	} paths[] = { { SYS_open, 0 }, { SYS_openat, 1 }, { SYS_openat2, 1 }, { SYS_mount, 1 }, { SYS_mkdir, 0 }, { SYS_mkdirat, 1 },
		      { SYS_access, 0 }, { SYS_statfs, 0 }, { SYS_write, 1 }, { SYS_umount2, 0 }, { SYS_move_mount, 3 } };

	static const long descriptors[] = { SYS_read, SYS_epoll_ctl, SYS_getdents64, SYS_recvfrom, SYS_fstat, SYS_ioctl };
	char link[64];
	ssize_t n;

	run.detail[0] = '\0';
	for (size_t i = 0; i < COUNT(paths); i++)
		if (paths[i].number == run.number)
			read_string(info->entry.args[paths[i].argument], run.detail, sizeof(run.detail));
	for (size_t i = 0; i < COUNT(descriptors); i++) {
		if (descriptors[i] != run.number)
			continue;
		(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)run.pid,
			       (int)info->entry.args[run.number == SYS_epoll_ctl ? 2 : 0]);
		n = readlink(link, run.detail, sizeof(run.detail) - 1);
		run.detail[n > 0 ? n : 0] = '\0';
	}
}

static const int *errors_of(long number)
{
	size_t i = 0;

	while (failures[i].number != number && failures[i].number != -1)
		i++;
	return failures[i].errors;
}

/* Flags of a descriptor can always be set, and what is listened on forgotten. */
static bool cannot_fail_so(const struct __ptrace_syscall_info *info)
{
	return (info->entry.nr == SYS_fcntl && (info->entry.args[1] == F_SETFD || info->entry.args[1] == F_SETFL)) ||
	       (info->entry.nr == SYS_epoll_ctl && info->entry.args[1] == EPOLL_CTL_DEL);
}

static bool may_fail(long number)
{
	for (size_t i = 0; i < COUNT(cannot_fail); i++)
		if (cannot_fail[i] == number)
			return false;
	return failing_is_possible(number);
}

static unsigned int errors_count(long number)
{
	unsigned int n = 0;

	while (may_fail(number) && n < ERRORS_MAX && errors_of(number)[n])
		n++;
	return n;
}

/* True where it is not to be done; run.pretends_result is what is seen of it. */
static bool is_pretended(const struct __ptrace_syscall_info *info)
{
	char type[16];

	/* Ctrl-Alt-Del is the machine's own. */
	if (info->entry.nr == SYS_reboot && info->entry.args[2] == LINUX_REBOOT_CMD_CAD_OFF) {
		run.pretends_result = 0;
		return true;
	}
	/* As where the kernel has mounted /dev itself. */
	if (info->entry.nr == SYS_mount) {
		read_string(info->entry.args[2], type, sizeof(type));
		run.pretends_result = -EBUSY;
		return strcmp(type, "devtmpfs") == 0;
	}
	return false;
}

static void at_entry(const struct __ptrace_syscall_info *info)
{
	long number = (long)info->entry.nr;

	run.count++;
	if (run.nth == 0 && run.count < CALLS_MAX)
		calls[run.count] = number;
	if (run.count == run.nth && run.which < errors_count(number) && !cannot_fail_so(info)) {
		run.number = number;
		run.error = errors_of(number)[run.which];
		run.injected = run.pending = true;
		read_detail(info);
	}
	run.pretends = !run.pending && is_pretended(info);
	if (number == SYS_reboot && info->entry.args[2] != LINUX_REBOOT_CMD_CAD_OFF)
		run.ended = true;
	if (run.pending || run.pretends)
		(void)failing_skip(run.pid);
}

static void at_exit(void)
{
	if (run.pending || run.pretends)
		(void)failing_set_result(run.pid, run.pending ? -run.error : run.pretends_result);
	run.pending = run.pretends = false;
}

/*
 * Whoever powers a PID namespace off ends its first process by SIGINT (reboot(2)): for PID 1 a process of its own does. And a kernel that
 * cannot end the machine leaves it waiting, as it should.
 */
static bool was_ended(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGINT;
}

static bool waits_for_ever(const struct __ptrace_syscall_info *info)
{
	return run.ended && info->op == PTRACE_SYSCALL_INFO_ENTRY && info->entry.nr == SYS_pause;
}

static void trace(void)
{
	struct __ptrace_syscall_info info;
	int status, signal = 0;

	while (ptrace(PTRACE_SYSCALL, run.pid, NULL, signal) == 0 && !alarmed && waitpid(run.pid, &status, __WALL) == run.pid) {
		signal = 0;
		if (!WIFSTOPPED(status)) {
			run.status = status;
			run.ended = run.ended || was_ended(status);
			return;
		}
		if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
			signal = WSTOPSIG(status);
			continue;
		}
		if (ptrace(PTRACE_GET_SYSCALL_INFO, run.pid, sizeof(info), &info) <= 0)
			continue;
		if (waits_for_ever(&info))
			return;
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			at_entry(&info);
		else
			at_exit();
	}
	run.timed_out = alarmed;
	/* It ended between two looks: the kernel tells how. */
	if (!alarmed && waitpid(run.pid, &status, __WALL) == run.pid) {
		run.status = status;
		run.ended = run.ended || was_ended(status);
	}
}

/* ------------------------------------------------------------ one run */

static size_t drain(int fifo, char *out, size_t size)
{
	char nowhere[4096];
	size_t used = 0;
	ssize_t n;

	while ((n = used + 1 < size ? read(fifo, out + used, size - used - 1) : read(fifo, nowhere, sizeof(nowhere))) > 0)
		used += used + 1 < size ? (size_t)n : 0;
	if (size)
		out[used] = '\0';
	return used;
}

static void run_once(unsigned int nth, unsigned int which)
{
	char verdict[64];
	size_t used;

	memset(&run, 0, sizeof(run));
	run.status = -1;
	run.nth = nth;
	run.which = which;
	alarmed = 0;
	start_init();
	(void)alarm(SECONDS_MAX);
	trace();
	(void)alarm(0);
	end_machine();
	used = drain(test.kmsg, run.log, sizeof(run.log));
	(void)drain(test.console, run.log + used, sizeof(run.log) - used);
	run.ready = drain(test.verdict, verdict, sizeof(verdict)) > 0;
}

/* The first line of the log that is a warning or an error; NULL for none. */
static const char *complaint(void)
{
	static char line[512];
	const char *warning = strstr(run.log, "init: warning: "), *error = strstr(run.log, "init: error: ");
	const char *found = !error || (warning && warning < error) ? warning : error;

	if (!found)
		return NULL;
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(found, "\n"), found);
	return line;
}

/* The C library of PID 1 has words of its own for some errors. */
static bool names_cause(void)
{
	static const struct {
		int error;
		const char *words;
	} of_musl[] = { { ENOMEM, "out of memory" }, { EIO, "I/O error" }, { EMFILE, "No file descriptors available" } };

	for (size_t i = 0; i < COUNT(of_musl); i++)
		if (of_musl[i].error == run.error && strcasestr(run.log, of_musl[i].words))
			return true;
	return strstr(run.log, strerror(run.error)) != NULL;
}

static bool may_be_untold(void)
{
	for (size_t i = 0; i < COUNT(untold); i++)
		if (untold[i].number == run.number && (!untold[i].detail || strstr(run.detail, untold[i].detail)))
			return true;
	/* What only has to be done once more. */
	return run.error == EINTR || run.error == EAGAIN;
}

static void print_log(void)
{
	for (char *rest, *line = strtok_r(run.log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		printf("# | %s\n", line);
}

static void complain(const char *why)
{
	const char *said = complaint();

	printf("not ok call %u of PID 1 (%s%s%s) fails with %s: %s\n", run.nth, failing_name(run.number), *run.detail ? " " : "",
	       run.detail, strerrorname_np(run.error), why);
	printf("# %s; its status is %#x; it said: %s\n", run.ready ? "all services were ready" : "not all services were ready", run.status,
	       said ? said : "nothing");
	print_log();
	bad++;
}

static void judge(void)
{
	const char *said = complaint();

	if (run.timed_out)
		complain("it hangs");
	else if (!run.ended)
		complain("PID 1 exits");
	else if (!run.ready && !said)
		complain("the services are not ready, and nobody is told why");
	else if (!run.ready && !names_cause())
		complain("the services are not ready, and the cause is not told");
	else if (run.ready && !said && !may_be_untold())
		complain("nobody is told");
	if (run.number >= 0 && run.number < NUMBERS_MAX) {
		outcomes[run.number].made++;
		if (run.ready)
			outcomes[run.number].ready++;
		else
			outcomes[run.number].refused++;
	}
}

static int open_fifo(const char *name)
{
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", test.dev, name);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		die(path);
	(void)fcntl(fd, F_SETPIPE_SZ, 1 << 20);
	return fd;
}

static void prepare(char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };	/* not restarting: waitpid is to notice */

	test.root = argv[0];
	test.dev = argv[1];
	(void)snprintf(test.cgroup, sizeof(test.cgroup), "%s/fail-nth-%d", argv[2], (int)getpid());
	test.kmsg = open_fifo("kmsg");
	test.console = open_fifo("console");
	test.verdict = open_fifo("verdict");
	(void)sigaction(SIGALRM, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static void print_outcomes(void)
{
	unsigned int ready = 0, refused = 0;

	for (long number = 0; number < NUMBERS_MAX; number++) {
		if (outcomes[number].made == 0)
			continue;
		printf("# %-16s %4u failures: all services ready after %u, a failed boot that says why after %u\n",
		       failing_name(number), outcomes[number].made, outcomes[number].ready, outcomes[number].refused);
		ready += outcomes[number].ready;
		refused += outcomes[number].refused;
	}
	printf("## PID 1: %u failures made; all services ready after %u, a failed boot that says why after %u\n", made, ready, refused);
}

int main(int argc, char **argv)
{
	unsigned int count;

	test.every = 1;
	if (argc > 2 && (strcmp(argv[1], "-q") == 0 || strcmp(argv[1], "-n") == 0)) {
		*(argv[1][1] == 'q' ? &test.every : &test.only) = (unsigned int)atoi(argv[2]);
		argv += 2;
		argc -= 2;
	}
	if (argc != 4 || test.every == 0) {
		fprintf(stderr, "usage: fail_nth_init [-q N | -n N] ROOT DEV CGROUP\n");
		return 2;
	}
	prepare(argv + 1);
	run_once(0, 0);
	count = run.count < CALLS_MAX ? run.count : CALLS_MAX - 1;
	if (!run.ready || !run.ended || complaint()) {
		printf("not ok the machine boots and ends when nothing fails\n# status %#x, %u calls; it said: %s\n", run.status,
		       run.count, run.log);
		return 1;
	}
	printf("ok the machine boots and ends when nothing fails (%u system calls)\n", count);
	for (unsigned int n = 1; n <= count; n++)
		for (unsigned int e = 0; e < errors_count(calls[n]); e++) {
			if (test.only ? n != test.only : candidates++ % test.every)
				continue;
			run_once(n, e);
			if (!run.injected)
				continue;	/* this time the call was another one, or there were fewer */
			made++;
			judge();
			if (test.only && printf("# it failed with %s:\n", strerrorname_np(run.error)) > 0)
				print_log();
		}
	print_outcomes();
	printf("%s whatever fails, PID 1 goes on or says why: %u failures\n", bad ? "not ok" : "ok", made);
	return bad ? 1 : 0;
}
