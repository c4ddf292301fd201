/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/linux/syscalls.h"
#include "runtime/linux/terminal.h"

/* What stays this process's own: its stops, its faults, and news of its children. */
static void passed_on(sigset_t *set)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGTTIN, SIGTTOU, SIGURG,
				   SIGPIPE, SIGCHLD };

	(void)sigfillset(set);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		(void)sigdelset(set, own[i]);
}

void foreground_prepare(bool subreaper)
{
	sigset_t set;

	passed_on(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	if (subreaper)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static void pass_signal(int signals, int pidfd)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		(void)kernel_pidfd_send_signal(pidfd, (int)info.ssi_signo);
}

static int pass_signals_until_end(int pidfd, struct error *err)
{
	struct pollfd p[2] = { { .fd = pidfd, .events = POLLIN }, { .events = POLLIN } };
	autoclose int signals = -1;
	sigset_t set;

	passed_on(&set);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return error_errno(err, "cannot watch for signals");
	p[1].fd = signals;
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return error_errno(err, "cannot wait for the container");
		if (p[1].revents)
			pass_signal(signals, pidfd);
		if (p[0].revents)
			return 0;
	}
}

int foreground_wait(pid_t pid, int pidfd, int master, struct error *err)
{
	int status = 0;

	if (master >= 0 ? terminal_proxy(master, pidfd, err) < 0 : pass_signals_until_end(pidfd, err) < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for the container");
	/* What the container's processes left to us, as their nearest reaper. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
