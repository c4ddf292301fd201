/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/qemu.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "tools/slipway/console.h"
#include "tools/slipway/guest_status.h"

#define FILES_STEP 50			/* milliseconds between two looks at files */
#define FILE_BYTES_MAX (4ll << 30)

/* The signals that ask us to end; each asks the guest first. */
static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

struct process {
	const struct qemu_run *run;
	pid_t pid;
	bool ended;
	int wait_status; /* of waitpid(), once ended */
	int signal_fd, timer_fd; /* -1: none */
	bool status_open; /* the guest's side of the port may still speak */
	unsigned int interrupts; /* end signals so far */
	int killed; /* the exit status of having killed it; 0: not killed */
	bool open[QEMU_STREAMS_MAX]; /* a stream may still bring something */
	struct guest_status guest;
};

/* --- starting --- */

/*
 * Ctrl-C signals the whole foreground group, and QEMU would end at once. Blocked signals stay blocked over
 * execve and QEMU never unblocks these, so that it is we who decide. QEMU also never outlives us.
 */
static void become_qemu(const struct qemu_run *run, const struct console *console, const sigset_t *mask,
			pid_t parent)
{
	sigset_t blocked = *mask;

	for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
		if (end_signals[i] != SIGTERM)
			(void)sigaddset(&blocked, end_signals[i]);
	/* It may be one that QEMU has a use for. */
	if (run->poweroff_signal)
		(void)sigdelset(&blocked, run->poweroff_signal);
	(void)sigprocmask(SIG_SETMASK, &blocked, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_NO_STATUS);
	/* The job of a terminal in the background is stopped when it reads or sets it. */
	if (console->background || run->unattended) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (null >= 0)
			(void)dup2(null, STDIN_FILENO);
	}
	/* What it says itself is no output of anybody's test. */
	if (run->unattended)
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	for (size_t i = 0; i < run->give_count; i++)
		(void)fcntl(run->give[i], F_SETFD, 0);
	(void)execvp(run->argv[0], run->argv);
}

static int explain_exec(const struct qemu_run *run, int number, struct error *err)
{
	if (number == ENOENT)
		return error_set(
			err, "'%s' is not there; install the package '%s', or say where it is with --qemu",
			run->argv[0], run->machine->package);
	return error_number(err, number, "cannot run '%s'", run->argv[0]);
}

/* A descriptor that closes at execve tells that it worked; otherwise errno comes through it. */
static int start(struct process *p, const struct console *console, const sigset_t *mask, struct error *err)
{
	int pipe_fds[2], number = 0;
	autoclose int from_child = -1, to_parent = -1;
	pid_t parent = getpid();

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_errno(err, "cannot start '%s'", p->run->argv[0]);
	from_child = pipe_fds[0];
	to_parent = pipe_fds[1];
	p->pid = fork();
	if (p->pid < 0)
		return error_errno(err, "cannot start '%s'", p->run->argv[0]);
	if (p->pid == 0) {
		become_qemu(p->run, console, mask, parent);
		number = errno;
		if (write(to_parent, &number, sizeof(number)) < 0)
			_exit(EXIT_NO_STATUS);
		_exit(EXIT_NO_STATUS);
	}
	fd_replace(&to_parent, -1);
	for (size_t i = 0; i < p->run->give_count; i++)
		(void)close(p->run->give[i]);
	if (read(from_child, &number, sizeof(number)) != sizeof(number))
		return 0;
	(void)waitpid(p->pid, NULL, 0);
	return explain_exec(p->run, number, err);
}

/* --- while it runs --- */

static void kill_qemu(struct process *p, int status)
{
	p->killed = status;
	(void)kill(p->pid, SIGKILL);
}

/* Nobody may be listening yet: the guest reads it when it gets that far. */
static void ask_poweroff(const struct process *p)
{
	(void)send(p->run->status_fd, GUEST_STATUS_POWEROFF, strlen(GUEST_STATUS_POWEROFF), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void take_end_signal(struct process *p)
{
	if (p->interrupts++ > 0 || p->run->unattended) {
		kill_qemu(p, EXIT_INTERRUPTED);
		return;
	}
	log_info("asking the guest to power off; once more ends it at once");
	ask_poweroff(p);
}

static void take_signals(struct process *p)
{
	struct signalfd_siginfo info;

	while (read(p->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (p->run->poweroff_signal && (int)info.ssi_signo == p->run->poweroff_signal)
			ask_poweroff(p);
		else if (info.ssi_signo != SIGCHLD)
			take_end_signal(p);
		else if (waitpid(p->pid, &p->wait_status, WNOHANG) == p->pid)
			p->ended = true;
	}
}

/* 0 at the end of it, -1 with EAGAIN where there is nothing now: of a file the same. */
static ssize_t read_some(const struct process *p, int fd, char *data, size_t size)
{
	return p->run->files ? read(fd, data, size) : recv(fd, data, size, MSG_DONTWAIT);
}

static bool is_open(const struct process *p, ssize_t n)
{
	return p->run->files || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void take_status(struct process *p)
{
	char data[4096];
	ssize_t n;

	while ((n = read_some(p, p->run->status_fd, data, sizeof(data))) > 0)
		guest_status_feed(&p->guest, data, (size_t)n);
	p->status_open = is_open(p, n);
}

/* At most so much at a time, for a guest that never stops writing is to be ended, too. False where there was nothing. */
static bool take_stream(struct process *p, size_t i)
{
	const struct qemu_stream *stream = &p->run->streams[i];
	char data[65536];
	ssize_t n = read_some(p, stream->fd, data, sizeof(data));

	p->open[i] = n > 0 || is_open(p, n);
	if (n <= 0 || stream->take(stream->context, data, (size_t)n) == 0)
		return n > 0;
	p->open[i] = false;
	if (!p->ended)
		kill_qemu(p, EXIT_NO_STATUS);
	return false;
}

static void take_timeout(struct process *p)
{
	log_error("the guest did not end within %u seconds", p->run->timeout);
	kill_qemu(p, EXIT_TIMEOUT);
	fd_replace(&p->timer_fd, -1);
}

/* Files that QEMU writes to: what is there now, and a guest that fills the disk is ended. */
static void take_files(struct process *p)
{
	struct stat st;

	for (size_t i = 0; i < p->run->streams_count; i++) {
		if (p->open[i])
			(void)take_stream(p, i);
		if (fstat(p->run->streams[i].fd, &st) < 0 || st.st_size <= FILE_BYTES_MAX || p->killed)
			continue;
		log_error("the guest has written more than %lld MiB", FILE_BYTES_MAX >> 20);
		kill_qemu(p, EXIT_NO_STATUS);
	}
}

static int look_after(struct process *p, struct error *err)
{
	while (!p->ended) {
		struct pollfd fds[3 + QEMU_STREAMS_MAX] = {
			{ .fd = p->signal_fd, .events = POLLIN },
			{ .fd = p->status_open && !p->run->files ? p->run->status_fd : -1, .events = POLLIN },
			{ .fd = p->timer_fd, .events = POLLIN },
		};

		for (size_t i = 0; i < QEMU_STREAMS_MAX; i++)
			fds[3 + i] = (struct pollfd){ .fd = p->open[i] && !p->run->files ? p->run->streams[i].fd : -1, .events = POLLIN };
		if (poll(fds, ARRAY_SIZE(fds), p->run->files ? FILES_STEP : -1) < 0 && errno != EINTR)
			return error_errno(err, "cannot wait for '%s'", p->run->argv[0]);
		if (fds[2].revents)
			take_timeout(p);
		if (fds[1].revents)
			take_status(p);
		for (size_t i = 0; i < QEMU_STREAMS_MAX; i++)
			if (fds[3 + i].revents)
				(void)take_stream(p, i);
		if (p->run->files)
			take_files(p);
		if (fds[0].revents)
			take_signals(p);
	}
	return 0;
}

/* What it said last. All is there by now. */
static void take_rest(struct process *p)
{
	take_status(p);
	for (size_t i = 0; i < p->run->streams_count; i++)
		while (p->open[i] && take_stream(p, i))
			;
}

/* --- the whole of it --- */

static int open_signals(struct process *p, sigset_t *old, struct error *err)
{
	struct sigaction standard = { .sa_handler = SIG_DFL }, hangup;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
		(void)sigaddset(&set, end_signals[i]);
	if (p->run->poweroff_signal)
		(void)sigaddset(&set, p->run->poweroff_signal);
	/* nohup(1). The others count even where a shell ignores them for its background jobs. */
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN)
		(void)sigdelset(&set, SIGHUP);
	(void)sigaction(SIGCHLD, &standard, NULL); /* ignored, children would leave no status */
	p->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->signal_fd < 0 || sigprocmask(SIG_BLOCK, &set, old) < 0)
		return error_errno(err, "cannot receive signals");
	return 0;
}

static int open_timer(struct process *p, struct error *err)
{
	struct itimerspec in = { .it_value.tv_sec = p->run->timeout };

	if (p->run->timeout == 0)
		return 0;
	p->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (p->timer_fd < 0 || timerfd_settime(p->timer_fd, 0, &in, NULL) < 0)
		return error_errno(err, "cannot set the timeout");
	return 0;
}

/* The order is that of how much each tells about why it ended. */
static int exit_status(const struct process *p)
{
	const char *qemu = p->run->argv[0];

	if (p->killed)
		return p->killed;
	if (p->guest.reported)
		return p->guest.status;
	if (WIFSIGNALED(p->wait_status))
		log_error("'%s' was killed by signal %d (%s)", qemu, WTERMSIG(p->wait_status),
			  strsignal(WTERMSIG(p->wait_status)));
	else if (WEXITSTATUS(p->wait_status) != 0)
		log_error("'%s' failed with exit status %d", qemu, WEXITSTATUS(p->wait_status));
	else if (!p->guest.failed)
		log_error("the guest ended without reporting a status");
	return EXIT_NO_STATUS;
}

int qemu_process_run(const struct qemu_run *run, int *status, struct error *err)
{
	struct process p = { .run = run, .signal_fd = -1, .timer_fd = -1, .status_open = true };
	struct console console;
	sigset_t mask;
	int r;

	if (open_signals(&p, &mask, err) < 0 || open_timer(&p, err) < 0) {
		cleanup_close(&p.signal_fd);
		return -1;
	}
	for (size_t i = 0; i < run->streams_count; i++)
		p.open[i] = true;
	console_save(&console);
	if (!run->unattended)
		console_prepare(&console);
	r = start(&p, &console, &mask, err);
	if (r == 0)
		r = look_after(&p, err);
	if (r == 0)
		take_rest(&p);
	console_restore(&console);
	cleanup_close(&p.signal_fd);
	cleanup_close(&p.timer_fd);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	if (r == 0)
		*status = exit_status(&p);
	if (run->guest)
		*run->guest = p.guest;
	return r;
}
