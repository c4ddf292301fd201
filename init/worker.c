/* SPDX-License-Identifier: Apache-2.0 */
#include "init/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/log.h"

static void __attribute__((noreturn)) child_out_of_memory(void)
{
	_exit(126);
}

static void __attribute__((noreturn)) child(const struct worker_job *job, int pipe)
{
	struct error err = { 0 };
	sigset_t none;

	arena_out_of_memory = child_out_of_memory;
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	if (job->run(job->context, &err) == 0)
		_exit(0);
	if (write(pipe, err.message, strnlen(err.message, WORKER_MESSAGE_MAX)) < 0)
		_exit(126);
	_exit(1);
}

/* Whose failure it is, where who asks has not said it. */
static int named(const char *name, struct error *err)
{
	return *name ? error_context(err, "%s", name) : -1;
}

static int too_late(struct error *err, const char *message)
{
	error_set(err, "%s", message);
	err->number = ETIMEDOUT;
	return -1;
}

/* Not fork(): PID 1 has no handlers to run, and one thread. */
static pid_t make_child(const struct worker_job *job, int *read_end, struct error *err)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_errno(err, "cannot make a pipe");
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
	if (pid == 0)
		child(job, ends[1]);
	if (pid < 0)
		error_errno(err, "cannot make a process");
	(void)close(ends[1]);
	if (pid < 0)
		(void)close(ends[0]);
	else
		*read_end = ends[0];
	return pid;
}

/* What came on the pipe up to now; true at its end. */
static bool read_message(int fd, char *message, size_t *length)
{
	for (;;) {
		ssize_t n = read(fd, message + *length, WORKER_MESSAGE_MAX - *length);

		if (n > 0)
			*length += (size_t)n;
		else if (n == 0 || errno == EAGAIN)
			return n == 0;
		else if (errno != EINTR) {
			log_warning("cannot read what a worker says: %s", strerror(errno));
			return true;
		}
	}
}

/* 0 where it worked. */
static int verdict(int wait_status, bool late, const char *message, size_t length, struct error *err)
{
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
		return 0;
	if (late)
		return too_late(err, "took too long");
	if (length > 0)
		return error_set(err, "%.*s", (int)length, message);
	if (WIFSIGNALED(wait_status))
		return error_set(err, "killed by signal %d", WTERMSIG(wait_status));
	return error_set(err, "failed without saying why (status %d)", WEXITSTATUS(wait_status));
}

/* ------------------------------------------------------------ before the loop */

/* True when it has ended by the deadline (0: whenever that is), or nobody can tell: then it is waited for. */
static bool ends_by(int pidfd, int64_t deadline)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do {
		int64_t left = deadline - loop_now();

		n = poll(&p, 1, deadline == 0 ? -1 : left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		log_warning("the time of a worker is not limited: %s", strerror(errno));
	return n != 0;
}

static int wait_for(const struct worker_job *job, struct error *err)
{
	int64_t deadline = job->timeout ? loop_now() + job->timeout : 0;
	autoclose int pipe = -1, pidfd = -1;
	char message[WORKER_MESSAGE_MAX];
	size_t length = 0;
	bool late;
	int status;
	pid_t pid = make_child(job, &pipe, err);

	if (pid < 0)
		return -1;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		log_warning("the time of a worker is not limited: %s", strerror(errno));
	late = pidfd >= 0 && !ends_by(pidfd, deadline);
	if (late)
		(void)kill(pid, SIGKILL);
	/* In the kernel, at a disk that does not answer: reaped by the loop, if ever. */
	if (late && !ends_by(pidfd, loop_now() + 1000))
		return too_late(err, "took too long, and cannot be killed");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for its process");
	(void)read_message(pipe, message, &length);
	return verdict(status, late, message, length, err);
}

int worker_wait(const struct worker_job *job, struct error *err)
{
	return wait_for(job, err) < 0 ? named(job->name, err) : 0;
}

/* ------------------------------------------------------------ in the loop */

static void on_message(struct machine *machine, struct loop_source *source)
{
	struct worker *worker = CONTAINER_OF(source, struct worker, pipe);

	if (read_message(source->fd, worker->message, &worker->length))
		loop_forget(machine, source);
}

static void on_limit(struct machine *machine, struct loop_timer *timer)
{
	struct worker *worker = CONTAINER_OF(timer, struct worker, limit);

	(void)machine;
	worker->late = true;
	worker_cancel(worker);
}

static void on_reaped(struct machine *machine, struct loop_child *child, int wait_status)
{
	struct worker *worker = CONTAINER_OF(child, struct worker, child);
	struct error err = { 0 };
	bool failed;

	worker->limit.deadline = 0;
	if (worker->pipe.fd >= 0)
		(void)read_message(worker->pipe.fd, worker->message, &worker->length);
	loop_forget(machine, &worker->pipe);
	failed = verdict(wait_status, worker->late, worker->message, worker->length, &err) < 0 &&
		 named(worker->name, &err) < 0;
	worker->done(machine, worker, failed ? &err : NULL);
}

void worker_open(struct machine *machine, struct worker *worker)
{
	worker->pipe = (struct loop_source){ -1, on_message };
	worker->limit.due = on_limit;
	worker->child.reaped = on_reaped;
	loop_add_timer(machine, &worker->limit);
	loop_add_child(machine, &worker->child);
}

int worker_start(struct machine *machine, struct worker *worker, const struct worker_job *job, struct error *err)
{
	pid_t pid;

	assert(!worker_runs(worker));
	pid = make_child(job, &worker->pipe.fd, err);
	if (pid < 0)
		return named(job->name, err);
	worker->child.pid = pid;
	worker->name = job->name;
	worker->late = false;
	worker->length = 0;
	worker->limit.deadline = job->timeout ? loop_now() + job->timeout : 0;
	/* Unwatched, a long message would be cut, and nothing worse. */
	if (loop_watch(machine, &worker->pipe, EPOLLIN, err) < 0)
		log_warning("%s: %s", job->name, err->message);
	return 0;
}

bool worker_runs(const struct worker *worker)
{
	return worker->child.pid != 0;
}

void worker_cancel(struct worker *worker)
{
	if (worker_runs(worker))
		(void)kill(worker->child.pid, SIGKILL);
}
