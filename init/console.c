/* SPDX-License-Identifier: Apache-2.0 */
#include "init/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define CHUNK 4096
#define EVENTS_AT_ONCE 16
#define FILES_PER_CONTAINER 5		/* two ends of the pipe, status pipe, pidfd, one in passing */
#define FILES_OTHER 64

/* ------------------------------------------------------------ the reader */

/* Writes it all, waiting where the console makes it wait. A console that is gone takes nothing. */
static void write_console(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			(void)poll(&p, 1, -1);
			continue;
		}
		if (n < 0)
			return;
		data += n;
		length -= (size_t)n;
	}
}

/* Up to the last end of a line; a line that has not ended yet goes alone, as it is. */
static size_t whole_lines(const char *chunk, size_t length)
{
	const char *end = memrchr(chunk, '\n', length);

	return end ? (size_t)(end - chunk) + 1 : length;
}

/*
 * One chunk at a time from each, so that a container that never stops leaves the others their turn.
 * What is written is a copy (tee(2), through the pipe `aside`): it leaves the container's pipe only once the console
 * has it, so that whoever kills this process takes no line along. False at the end of the pipe.
 */
static bool pass_on(int from, const int aside[2], int console)
{
	char chunk[CHUNK];
	ssize_t n = tee(from, aside[1], sizeof(chunk), SPLICE_F_NONBLOCK);
	size_t length;

	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN);
	n = read(aside[0], chunk, (size_t)n);
	if (n <= 0)
		return false;
	length = whole_lines(chunk, (size_t)n);
	write_console(console, chunk, length);
	return read(from, chunk, length) == (ssize_t)length;
}

static void __attribute__((noreturn)) reader(const struct machine *machine, bool again)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	size_t open_ends = 0;
	sigset_t none;
	int aside[2];

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	(void)prctl(PR_SET_NAME, "console");
	if (epoll_fd < 0 || pipe2(aside, O_CLOEXEC) < 0)
		_exit(1);
	/* The one before may have been in the middle of a line, which comes once more. */
	if (again)
		write_console(machine->console_fd, "\n", 1);
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		const struct console_pipe *pipe = &machine->pipes[i];
		struct epoll_event event = { .events = EPOLLIN, .data.fd = pipe->read_end };

		if (pipe->read_end < 0)
			continue;
		/* Not ours to hold: else we would never see the end. */
		(void)close(pipe->write_end);
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pipe->read_end, &event) == 0)
			open_ends++;
	}
	while (open_ends > 0) {
		int n = epoll_wait(epoll_fd, events, EVENTS_AT_ONCE, -1);

		for (int i = 0; i < n; i++)
			if (!pass_on(events[i].data.fd, aside, machine->console_fd)) {
				(void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, events[i].data.fd, NULL);
				open_ends--;
			}
	}
	_exit(0);
}

/* ------------------------------------------------------------ in PID 1 */

static bool has_pipes(const struct machine *machine)
{
	for (size_t i = 0; i < machine->plan.containers_count; i++)
		if (machine->pipes[i].read_end >= 0)
			return true;
	return false;
}

static struct {
	struct loop_child child;
	struct loop_timer restart;
	int64_t started;		/* when it was last started again */
} the_reader;

static int start_reader(struct machine *machine, bool again, struct error *err)
{
	pid_t pid;

	/* With nothing to read it would end at once. */
	if (!has_pipes(machine))
		return 0;
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
	if (pid == 0)
		reader(machine, again);
	if (pid < 0)
		return error_errno(err, "cannot start the console process");
	the_reader.child.pid = pid;
	return 0;
}

static void start_again(struct machine *machine, struct loop_timer *timer)
{
	struct error err;

	the_reader.started = loop_now();
	if (start_reader(machine, true, &err) == 0)
		return;
	timer->deadline = the_reader.started + CONSOLE_PAUSE;
	log_error("%s", err.message);
}

/* At once, but not more often than once in CONSOLE_PAUSE. */
static void reader_ended(struct machine *machine, struct loop_child *child, int wait_status)
{
	(void)machine;
	(void)child;
	(void)wait_status;
	the_reader.restart.deadline = the_reader.started + CONSOLE_PAUSE;
}

static void raise_file_limit(size_t containers)
{
	rlim_t wanted = containers * FILES_PER_CONTAINER + FILES_OTHER;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		log_warning("cannot read the limit of open files: %s", strerror(errno));
		return;
	}
	if (limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("cannot raise the limit of open files: %s", strerror(errno));
}

int console_open(struct machine *machine, struct error *err)
{
	const struct plan *plan = &machine->plan;

	raise_file_limit(plan->containers_count);
	for (size_t i = 0; i < plan->containers_count; i++) {
		int ends[2];

		if (strcmp(plan->containers[i].log, "null") == 0)
			continue;
		if (pipe2(ends, O_CLOEXEC) < 0)
			return error_errno(err, "cannot make a pipe for the output of '%s'", plan->containers[i].name);
		machine->pipes[i] = (struct console_pipe){ .read_end = ends[0], .write_end = ends[1] };
	}
	the_reader.child.reaped = reader_ended;
	the_reader.restart.due = start_again;
	loop_add_child(machine, &the_reader.child);
	loop_add_timer(machine, &the_reader.restart);
	return start_reader(machine, false, err);
}

int console_of(const struct machine *machine, size_t index)
{
	return machine->pipes[index].write_end;
}

void console_close(struct machine *machine)
{
	autoclose int pidfd = -1;
	struct pollfd p = { .events = POLLIN };

	if (the_reader.child.pid <= 0)
		return;
	/* With the last writing end the reader comes to the end of each pipe, and of its work. */
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		fd_replace(&machine->pipes[i].write_end, -1);
		fd_replace(&machine->pipes[i].read_end, -1);
	}
	pidfd = (int)syscall(SYS_pidfd_open, the_reader.child.pid, 0);
	p.fd = pidfd;
	if (pidfd < 0 || poll(&p, 1, CONSOLE_DRAIN) < 0)
		log_warning("what is left for the console may be lost: %s", strerror(errno));
}
