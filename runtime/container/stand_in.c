/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/stand_in.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "runtime/container/sync.h"
#include "runtime/linux/syscalls.h"
#include "runtime/linux/user_namespace.h"

struct twin {
	pid_t pid;
	int pidfd;
	int sync;		/* our side; the other is the new process's */
};

bool stand_in_is_needed(const struct namespaces *n)
{
	return (n->make & CLONE_NEWUSER) || (n->join & CLONE_NEWPID) ||
	       ((n->join & CLONE_NEWUSER) && (n->make & CLONE_NEWPID));
}

/* All but what tells of our own faults. */
static void block_signals(void)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
	sigset_t set;

	(void)sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		(void)sigdelset(&set, own[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Ends as the other did, as far as a process can: the first of a PID namespace is deaf to its own signals. */
static void __attribute__((noreturn)) end_as(int status)
{
	const struct rlimit no_core = { 0, 0 };
	sigset_t none;

	if (!WIFSIGNALED(status))
		_exit(WEXITSTATUS(status));
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)signal(WTERMSIG(status), SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)raise(WTERMSIG(status));
	_exit(128 + WTERMSIG(status));
}

/* Reaps whoever there is; ends with the one that matters. */
static void reap(pid_t pid)
{
	int status;
	pid_t ended;

	while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
		if (ended == pid)
			end_as(status);
}

static void __attribute__((noreturn)) stand(const struct twin *twin)
{
	struct signalfd_siginfo info;
	int signals, status;
	sigset_t set;

	/* Also the caller's descriptor that tells of failures: from here on that is the new process's. */
	if (dup2(twin->pidfd, 3) == 3)
		(void)kernel_close_range(4, ~0u, 0);
	(void)sigfillset(&set);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	while (signals >= 0) {
		if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
			break;
		if (info.ssi_signo == SIGCHLD)
			reap(twin->pid);
		else
			(void)kernel_pidfd_send_signal(3, (int)info.ssi_signo);
	}
	/* Deaf, but not gone. */
	while (waitpid(twin->pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(127);
	end_as(status);
}

static int begin(const struct namespaces *n, int sync, struct error *err)
{
	/* The map must be there first. */
	if ((n->make & CLONE_NEWUSER) && sync_expect(sync, SYNC_GO, err) < 0)
		return -1;
	if (!((n->make | n->join) & CLONE_NEWUSER))
		return 0;
	return namespaces_become_root(err) < 0 ? -1 : namespaces_own_files(err);
}

/* Who looks for the container's network by the number of the process it knows finds it: ours. */
static int follow(const struct twin *twin, const struct namespaces *n, struct error *err)
{
	unsigned int shared = n->make & (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);

	if (shared && setns(twin->pidfd, (int)shared) < 0)
		return error_errno(err, "cannot join the namespaces of the container's first process");
	return 0;
}

static int map(const struct twin *twin, const struct namespaces *n, const struct oci_linux *config, struct error *err)
{
	pid_t pid;

	if (!(n->make & CLONE_NEWUSER))
		return 0;
	if (user_namespace_pid_of(twin->pidfd, &pid, err) < 0 || user_namespace_map(pid, config, err) < 0)
		return -1;
	return sync_send(twin->sync, SYNC_GO, err);
}

int stand_in(const struct namespaces *n, const struct oci_linux *config, struct error *err)
{
	struct twin twin = { .pidfd = -1 };
	struct clone_args args = {
		.flags = CLONE_PIDFD | (n->make & ~(unsigned int)(CLONE_NEWCGROUP | CLONE_NEWTIME)),
		.pidfd = (uint64_t)(uintptr_t)&twin.pidfd, .exit_signal = SIGCHLD,
	};
	int sockets[2], r;

	if (namespaces_join(n, ~0u, err) < 0 || sync_open(sockets, err) < 0)
		return -1;
	block_signals();
	twin.sync = sockets[0];
	twin.pid = kernel_clone3(&args);
	if (twin.pid == 0) {
		(void)close(sockets[0]);
		r = begin(n, sockets[1], err);
		(void)close(sockets[1]);
		return r;
	}
	(void)close(sockets[1]);
	if (twin.pid < 0) {
		(void)close(sockets[0]);
		return error_errno(err, "cannot make the container's first process");
	}
	if (follow(&twin, n, err) == 0 && map(&twin, n, config, err) == 0)
		stand(&twin);
	/* It must not tell of a failure that is not its own. */
	(void)kernel_pidfd_send_signal(twin.pidfd, SIGKILL);
	(void)waitpid(twin.pid, NULL, 0);
	(void)close(twin.pidfd);
	(void)close(sockets[0]);
	return -1;
}
