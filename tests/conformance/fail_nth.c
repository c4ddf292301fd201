/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets the runtime work until its nth system call, and makes that one fail: for every n, in the runtime itself and in the set-up
 * of the container, with each error that the call may fail with. Each time the failure must be told, by an exit
 * status and a message, and nothing may be left: no process, mount, cgroup or state directory.
 *
 *	fail_nth [-q] RUNTIME ROOT BUNDLE COMMAND ID CGROUP...
 *
 * COMMAND is `run` or `create`; each CGROUP/ID is the directory that the container's cgroup would have in one hierarchy.
 * -q takes one error for each call. Prints TAP lines, and the number of failures it made.
 */
#include "tests/conformance/failing.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

enum { CALLS_MAX = 4096, TASKS_MAX = 64, ERRORS_MAX = 6, SECONDS_MAX = 20 };
enum role { RUNTIME, SETUP, OTHER };

static const char *const role_names[] = { "the runtime", "the set-up" };

/* Failures that the runtime may live with, and why. */
static const struct {
	long number;
	const char *why;
} tolerated[] = {
	{ SYS_munmap, "memory that is not given back ends with the process" },
	{ SYS_madvise, "a hint" },
	{ SYS_brk, "the allocator goes on with mmap" },
	{ SYS_mmap, "of the page that guards the allocator's own" },
	{ SYS_fcntl, "asks whether a standard descriptor is open" },
	{ SYS_readlink, "asks whether something is a symlink" },
	{ SYS_open_tree, "the runtime runs from a sealed copy of its program instead" },
	{ SYS_mount_setattr, "the same" },
	{ SYS_execveat, "the same" },
	{ SYS_mremap, "the runtime executes its program again instead" },
	{ SYS_clone, "the network namespace is made with the first process instead" },
	{ SYS_statfs, "asks whether the program is on a read-only file system" },
	{ SYS_geteuid, "cannot fail" },
	{ SYS_getuid, "cannot fail" },
	{ SYS_getpid, "cannot fail" },
	{ SYS_umask, "cannot fail" },
	{ SYS_prctl, "PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE and the end of the capabilities" },
	{ SYS_rt_sigaction, "a signal that cannot be reset keeps its meaning" },
	{ SYS_unlinkat, "of what need not be there" },
	{ SYS_mount, "is done again with fsopen" },
	{ SYS_openat, "of files that need not be there" },
	{ SYS_openat2, "of files that need not be there" },
	{ SYS_open, "of files that need not be there" },
	{ SYS_read, "of files that need not be there" },
	{ SYS_access, "asks whether something is there" },
	{ SYS_stat, "asks whether something is there" },
	{ SYS_lstat, "asks whether something is there" },
	{ SYS_fstat, "asks whose standard descriptors are" },
	{ SYS_mkdirat, "is tried again in the longer way" },
	{ SYS_mknodat, "where devices cannot be made, the host's are bound" },
	{ SYS_rmdir, "is tried again after looking for who is left" },
	{ SYS_fchown, "of standard descriptors that are somebody else's" },
	{ SYS_capget, "then all are taken to be there; capset tells" },
	{ SYS_clone3, "hooks are started with fork where a filter refuses it" },
	{ SYS_accept4, "when create has long succeeded: start tells" },
	{ SYS_setgroups, "a user namespace made without privilege has none" },
	{ SYS_wait4, "for what others left" },
	{ SYS_sched_getaffinity, "asks" },
	{ SYS_sched_setaffinity, "the CPUs are those that the caller is bound to" },
	{ SYS_keyctl, "kernels without keyrings" },
	{ SYS_pidfd_open, "of what has ended" },
	{ SYS_lseek, "asks" },
	{ SYS_poll, "is done again" },
	{ SYS_chdir, "to where the program begins; asked again as its user" },
	{ SYS_setsid, "who leads a group of processes already" },
};

/* What a call may fail with; the default is the last row. */
static const struct {
	long number;
	int errors[ERRORS_MAX];
} failures[] = {
	{ SYS_mmap, { ENOMEM } },
	{ SYS_brk, { ENOMEM } },
	{ SYS_clone3, { EAGAIN, ENOMEM, ENOSPC, EPERM } },
	{ SYS_clone, { EAGAIN, ENOMEM } },
	{ SYS_fork, { EAGAIN, ENOMEM } },
	{ SYS_vfork, { EAGAIN, ENOMEM } },
	{ SYS_openat, { EMFILE, ENOMEM, EIO, EPERM } },
	{ SYS_openat2, { EMFILE, ENOMEM, EIO, EPERM } },
	{ SYS_open, { EMFILE, ENOMEM, EIO, EPERM } },
	{ SYS_mkdir, { ENOSPC, ENOMEM, EIO, EPERM } },
	{ SYS_mkdirat, { ENOSPC, ENOMEM, EIO, EPERM } },
	{ SYS_mknodat, { ENOSPC, ENOMEM, EIO, EPERM } },
	{ SYS_symlinkat, { ENOSPC, ENOMEM, EIO, EPERM } },
	{ SYS_renameat, { ENOSPC, EIO, EPERM } },
	{ SYS_write, { ENOSPC, EIO, EPERM } },
	{ SYS_read, { EIO } },
	{ SYS_sendto, { ENOMEM, EPERM } },
	{ SYS_recvfrom, { ENOMEM } },
	{ SYS_socketpair, { EMFILE, ENOMEM } },
	{ SYS_socket, { EMFILE, ENOMEM } },
	{ SYS_mount, { ENOMEM, EPERM, EIO } },
	{ SYS_fsopen, { EMFILE, ENOMEM, EPERM } },
	{ SYS_bpf, { ENOMEM, EPERM } },
	{ SYS_execve, { ENOMEM, EIO, EAGAIN } },
	{ -1, { EPERM, ENOMEM } },
};

struct task {
	pid_t pid;
	enum role role;
	bool started;			/* its first stop has been seen */
	bool pending;			/* the call it is in fails */
	unsigned int count;
};

static struct {
	const char *runtime, *root, *bundle, *command, *id, **cgroups;
	bool quick;
	char mounts[65536];		/* mountinfo at the start */
} test;

static struct {
	struct task tasks[TASKS_MAX];
	int tasks_count;
	enum role target;
	unsigned int nth;		/* 0: none */
	int error;
	long number;			/* of the call that was made to fail */
	bool injected, child_seen, timed_out;
	int status;
	long calls[2][CALLS_MAX];
	unsigned int calls_count[2];
} run;

static unsigned int made, bad;
static volatile sig_atomic_t alarmed;

static void on_alarm(int signal)
{
	(void)signal;
	alarmed = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "fail_nth: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ------------------------------------------------------------ one run */

static struct task *find_task(pid_t pid)
{
	for (int i = 0; i < run.tasks_count; i++)
		if (run.tasks[i].pid == pid)
			return &run.tasks[i];
	if (run.tasks_count == TASKS_MAX)
		die("too many processes");
	run.tasks[run.tasks_count] = (struct task){ .pid = pid, .role = OTHER };
	return &run.tasks[run.tasks_count++];
}

static void forget_task(pid_t pid)
{
	for (int i = 0; i < run.tasks_count; i++)
		if (run.tasks[i].pid == pid)
			run.tasks[i] = run.tasks[--run.tasks_count];
}

static void at_call(struct task *t)
{
	struct __ptrace_syscall_info info;

	if (t->role == OTHER || ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		t->count++;
		if (run.nth == 0 && t->count < CALLS_MAX) {
			run.calls[t->role][t->count] = (long)info.entry.nr;
			run.calls_count[t->role] = t->count;
		}
		if (run.target != t->role || t->count != run.nth || !failing_is_possible((long)info.entry.nr))
			return;
		run.number = (long)info.entry.nr;
		run.injected = t->pending = true;
		(void)failing_skip(t->pid);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && t->pending) {
		t->pending = false;
		(void)failing_set_result(t->pid, -run.error);
	}
}

static void at_event(struct task *t, int event)
{
	unsigned long message = 0;
	enum role role = t->role;

	if (event == PTRACE_EVENT_EXEC && role == SETUP) {
		t->role = OTHER;	/* the container's program */
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		(void)ptrace(PTRACE_GETEVENTMSG, t->pid, NULL, &message);
		if (role == RUNTIME && event == PTRACE_EVENT_FORK && !run.child_seen) {
			run.child_seen = true;
			find_task((pid_t)message)->role = SETUP;
		} else {
			(void)find_task((pid_t)message);
		}
	}
}

/* Returns when the runtime has ended; with `all`, when everything has. */
static void trace(pid_t runtime, bool all)
{
	while (run.tasks_count > 0) {
		int status, signal = 0;
		pid_t pid = waitpid(-1, &status, __WALL);
		struct task *t;

		if (pid < 0 && errno == ECHILD)
			return;
		if (alarmed || pid < 0) {
			run.timed_out = true;
			return;
		}
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			forget_task(pid);
			if (pid == runtime)
				run.status = status;
			if (pid == runtime && !all)
				return;
			continue;
		}
		t = find_task(pid);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			at_call(t);
		else if (status >> 16)
			at_event(t, status >> 16);
		else if (!t->started && WSTOPSIG(status) == SIGSTOP)
			t->started = true;
		else
			signal = WSTOPSIG(status);
		(void)ptrace(PTRACE_SYSCALL, pid, NULL, signal);
	}
}

static void end_all(void)
{
	for (int i = 0; i < run.tasks_count; i++)
		(void)kill(run.tasks[i].pid, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	run.tasks_count = 0;
}

/* Standard error goes to a file; the others to nowhere. */
static void __attribute__((noreturn)) become_runtime(void)
{
	int null = open("/dev/null", O_RDWR), log = open("stderr", O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log, 2) < 0)
		_exit(126);
	close(null);
	close(log);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
		_exit(126);
	execl(test.runtime, test.runtime, "--root", test.root, test.command, "--bundle", test.bundle, test.id, (char *)NULL);
	_exit(127);
}

static void run_once(enum role target, unsigned int nth, int error)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	pid_t pid;
	int status;

	run.tasks_count = 0;
	run.target = target;
	run.nth = nth;
	run.error = error;
	run.injected = run.child_seen = run.timed_out = false;
	run.status = -1;
	alarmed = 0;
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		become_runtime();
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status) || ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0)
		die("cannot trace");
	find_task(pid)->role = RUNTIME;
	find_task(pid)->started = true;
	(void)alarm(SECONDS_MAX);
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, 0);
	/* What `create` leaves running is meant to. */
	trace(pid, strcmp(test.command, "run") == 0);
}

/* ------------------------------------------------------------ what is left */

static size_t read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t used = 0;
	ssize_t n = 0;

	while (fd >= 0 && used + 1 < size && (n = read(fd, out + used, size - used - 1)) > 0)
		used += (size_t)n;
	if (fd >= 0)
		close(fd);
	out[used] = '\0';
	return used;
}

/* The first thing that is there and should not be; NULL for none. */
static const char *left_over(void)
{
	static char path[4096], now[sizeof(test.mounts)];

	(void)snprintf(path, sizeof(path), "%s/%s", test.root, test.id);
	if (access(path, F_OK) == 0)
		return path;
	for (const char **c = test.cgroups; *c; c++) {
		(void)snprintf(path, sizeof(path), "%s/%s", *c, test.id);
		if (access(path, F_OK) == 0)
			return path;
	}
	(void)read_text("/proc/self/mountinfo", now, sizeof(now));
	return strcmp(now, test.mounts) == 0 ? NULL : "a mount";
}

/* Without being traced. 0 when it worked. */
static int delete_container(void)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		if (dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(126);
		execl(test.runtime, test.runtime, "--root", test.root, "delete", "--force", test.id, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* By hand, so that the next run is not blamed for what this one left. */
static void clean_up(void)
{
	static const char *const files[] = { "/config.json", "/state.json", "/start.sock", "/.config.json", "/.state.json", "" };
	char path[4096];

	for (const char **c = test.cgroups; *c; c++) {
		(void)snprintf(path, sizeof(path), "%s/%s", *c, test.id);
		(void)rmdir(path);
	}
	for (size_t i = 0; i < COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s%s", test.root, test.id, files[i]);
		(void)remove(path);
	}
}

/* ------------------------------------------------------------ verdicts */

static bool is_tolerated(long number)
{
	for (size_t i = 0; i < COUNT(tolerated); i++)
		if (tolerated[i].number == number)
			return true;
	return false;
}

/* What undoes things cannot be undone itself: then the message is enough, and that `delete` works. */
static bool is_cleaning(long number)
{
	return number == SYS_rmdir || number == SYS_unlinkat || number == SYS_unlink || number == SYS_wait4 ||
	       number == SYS_waitid || number == SYS_poll || number == SYS_openat;
}

static void complain(const char *why, const char *what)
{
	char said[512] = "";

	(void)read_text("stderr", said, sizeof(said));
	said[strcspn(said, "\n")] = '\0';
	printf("not ok %s: call %u of %s (%s) fails with %s: %s%s%s\n", test.command, run.nth, role_names[run.target],
	       failing_name(run.number), strerrorname_np(run.error), why, what ? " " : "", what ? what : "");
	if (*said)
		printf("# it said: %s\n", said);
	bad++;
}

static void judge(void)
{
	bool worked = WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0;
	int alive = run.tasks_count;
	char said[512] = "";
	const char *left;

	(void)read_text("stderr", said, sizeof(said));
	if (run.timed_out) {
		complain("it never ends", NULL);
	} else if (!run.injected) {
		/* This time the call was another one, or there were fewer. */
	} else if (WIFSIGNALED(run.status)) {
		complain("it crashes", NULL);
	} else if (worked) {
		/* runtime.md, "Lifecycle": of hooks after the end, a failure is logged. */
		if (!is_tolerated(run.number) && !strstr(said, "warning: "))
			complain("nobody is told", NULL);
		if (alive && delete_container() != 0)
			complain("what was created cannot be deleted", NULL);
	} else if (!strstr(said, "slipway-runtime: ") && !strstr(said, "out of memory")) {
		complain("no message", NULL);
	}
	if (!worked && !run.timed_out && strcmp(test.command, "create") == 0)
		trace(0, true);		/* whoever is left is on the way out, or hangs */
	if (run.timed_out && !worked)
		complain("a process is left", NULL);
	end_all();
	left = left_over();
	if (left && !(is_cleaning(run.number) && *said) && !worked)
		complain("is left:", left);
	if (left && (delete_container() != 0 || left_over()))
		complain("cannot be deleted:", left);
	clean_up();
}

static const int *errors_of(long number)
{
	size_t i = 0;

	while (failures[i].number != number && failures[i].number != -1)
		i++;
	return failures[i].errors;
}

static void fail_each(enum role target)
{
	unsigned int before = bad, made_before = made;

	/* The first of the runtime is the execve(2) that starts it. */
	for (unsigned int n = target == RUNTIME ? 2 : 1; n <= run.calls_count[target]; n++) {
		const int *errors = errors_of(run.calls[target][n]);
		int count = 0;

		if (!failing_is_possible(run.calls[target][n]))
			continue;
		while (count < ERRORS_MAX && errors[count])
			count++;
		for (int e = 0; e < count; e++) {
			if (test.quick && e != (int)n % count)
				continue;
			run_once(target, n, errors[e]);
			made += run.injected;
			judge();
		}
	}
	printf("%s %s: %u failures in %s\n", bad == before ? "ok" : "not ok", test.command, made - made_before,
	       role_names[target]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };	/* not restarting: waitpid is to notice */
	const char *left;

	test.quick = argc > 1 && strcmp(argv[1], "-q") == 0;
	argv += test.quick;
	argc -= test.quick;
	if (argc < 7) {
		fprintf(stderr, "usage: fail_nth [-q] RUNTIME ROOT BUNDLE COMMAND ID CGROUP...\n");
		return 2;
	}
	test.runtime = argv[1];
	test.root = argv[2];
	test.bundle = argv[3];
	test.command = argv[4];
	test.id = argv[5];
	test.cgroups = (const char **)argv + 6;
	(void)sigaction(SIGALRM, &action, NULL);
	/* In a mount namespace of our own nobody else changes what is mounted. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		die("cannot get a mount namespace");
	(void)read_text("/proc/self/mountinfo", test.mounts, sizeof(test.mounts));
	setvbuf(stdout, NULL, _IOLBF, 0);

	/* Twice: the first makes what stays, such as the directory of all states. */
	for (int i = 0; i < 2; i++) {
		run_once(RUNTIME, 0, 0);
		if (i == 0 && run.tasks_count)
			(void)delete_container();
		if (i == 0)
			end_all();
	}
	if (run.timed_out || !WIFEXITED(run.status) || WEXITSTATUS(run.status) != 0) {
		end_all();
		printf("not ok %s works when nothing fails\n", test.command);
		return 1;
	}
	if (run.tasks_count)
		(void)delete_container();
	end_all();
	left = left_over();
	printf("%s %s works when nothing fails%s%s\n", left ? "not ok" : "ok", test.command, left ? ", but leaves " : "",
	       left ? left : "");
	fail_each(RUNTIME);
	fail_each(SETUP);
	printf("## %s: %u system calls in the runtime and %u in the set-up; %u failures made\n", test.command,
	       run.calls_count[RUNTIME], run.calls_count[SETUP], made);
	return bad ? 1 : 0;
}
