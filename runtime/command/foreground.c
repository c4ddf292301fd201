/* SPDX-License-Identifier: Apache-2.0 */
/* While a container is in the foreground: one loop for signals, its terminal, its news for a service manager, its end. */
#include "runtime/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "runtime/container/service_manager.h"
#include "runtime/linux/execute.h"
#include "runtime/linux/syscalls.h"
#include "runtime/linux/terminal.h"

enum { SIGNALS, END, MASTER, INPUT, NOTIFY, SOURCES };

struct foreground {
	const struct container_process *process;
	const char *manager;		/* $NOTIFY_SOCKET */
	struct pollfd p[SOURCES];
	char typed[4096];		/* read from our terminal, not taken by the container's yet */
	size_t typed_length;
	bool has_input;
	bool ended;
	int status;
};

/* What stays this process's own: its stops and its faults. */
static void all_but_own(sigset_t *set)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGTTIN, SIGTTOU, SIGURG,
				   SIGPIPE };

	(void)sigfillset(set);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		(void)sigdelset(set, own[i]);
}

void foreground_prepare(bool subreaper)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	all_but_own(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	/* Where a caller has it ignored, the kernel reaps, and nobody learns how it ended. */
	if (execute_may_ignore(SIGCHLD))
		(void)sigaction(SIGCHLD, &action, NULL);
	if (subreaper)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* Our child, and what the container's processes left to us as their nearest reaper. */
static void reap(struct foreground *f)
{
	int status;
	pid_t pid;

	while (!f->ended && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != f->process->pid)
			continue;
		f->ended = true;
		f->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static void take_signal(struct foreground *f)
{
	struct signalfd_siginfo info;

	if (read(f->p[SIGNALS].fd, &info, sizeof(info)) != (ssize_t)sizeof(info) || info.ssi_signo == SIGCHLD)
		return;
	if (info.ssi_signo == SIGWINCH && f->p[MASTER].fd >= 0)
		terminal_pass_size(f->p[MASTER].fd);
	else
		(void)kernel_pidfd_send_signal(f->process->pidfd, (int)info.ssi_signo);
}

/* 1: there may be more, 0: not now, -1: never again. */
static int show_output(struct foreground *f)
{
	char bytes[8192];
	ssize_t n = read(f->p[MASTER].fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR;
	/* EIO: nobody in there has the terminal open any more. */
	if (n <= 0 || file_write_all(STDOUT_FILENO, bytes, (size_t)n, "standard output", NULL) < 0)
		return -1;
	return 1;
}

static void read_input(struct foreground *f)
{
	ssize_t n = read(STDIN_FILENO, f->typed, sizeof(f->typed));

	if (n > 0)
		f->typed_length = (size_t)n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		f->has_input = false;
}

/* As much as it takes: a program that does not read must not keep us from showing what it writes. */
static void pass_input(struct foreground *f)
{
	ssize_t n = write(f->p[MASTER].fd, f->typed, f->typed_length);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		f->typed_length = 0;
	if (n <= 0)
		return;
	f->typed_length -= (size_t)n;
	for (size_t i = 0; i < f->typed_length; i++)
		f->typed[i] = f->typed[i + (size_t)n];
}

static void pass_news(struct foreground *f)
{
	struct error err = { 0 };
	bool ready;

	/* For as long as we are here it is we whom the manager watches. */
	if (service_manager_pass(f->p[NOTIFY].fd, f->manager, getpid(), &ready, &err) < 0) {
		log_warning("%s", err.message);
		f->p[NOTIFY].fd = -1;
	}
}

static void turn(struct foreground *f)
{
	if (f->p[SIGNALS].revents)
		take_signal(f);
	if (f->p[MASTER].revents & POLLOUT)
		pass_input(f);
	/* Its output first: what it said last is shown before its end is seen. */
	if ((f->p[MASTER].revents & ~POLLOUT) && show_output(f) < 0) {
		f->p[MASTER].fd = -1;
		f->has_input = false;
	}
	if (f->p[INPUT].revents)
		read_input(f);
	if (f->p[NOTIFY].revents)
		pass_news(f);
	reap(f);
}

static int loop(struct foreground *f, struct error *err)
{
	while (!f->ended) {
		f->p[INPUT].fd = f->has_input && f->typed_length == 0 ? STDIN_FILENO : -1;
		f->p[MASTER].events = (short)(POLLIN | (f->typed_length > 0 ? POLLOUT : 0));
		for (size_t i = 0; i < SOURCES; i++)
			f->p[i].revents = 0;
		if (poll(f->p, SOURCES, -1) < 0 && errno != EINTR)
			return error_errno(err, "cannot wait for the container");
		turn(f);
	}
	while (f->p[MASTER].fd >= 0 && show_output(f) > 0)
		;
	return 0;
}

int foreground_wait(const struct container_process *process, struct error *err)
{
	struct foreground f = {
		.process = process, .manager = service_manager_address(), .has_input = process->master >= 0,
		.p = { [END] = { .fd = process->pidfd, .events = POLLIN }, [MASTER] = { .fd = process->master },
		       [INPUT] = { .events = POLLIN },
		       [NOTIFY] = { .fd = process->notify, .events = POLLIN } },
	};
	autoclose int signals = -1;
	struct termios before;
	bool changed;
	sigset_t set;
	int r;

	all_but_own(&set);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return error_errno(err, "cannot watch for signals");
	f.p[SIGNALS] = (struct pollfd){ .fd = signals, .events = POLLIN };
	if (process->master >= 0 && fcntl(process->master, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return error_errno(err, "cannot watch the terminal");
	changed = process->master >= 0 && terminal_make_raw(process->master, &before);
	r = loop(&f, err);
	if (changed)
		terminal_restore(&before);
	return r < 0 ? -1 : f.status;
}
