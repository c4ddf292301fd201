/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/patience.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

_Static_assert(PATIENCE_ANSWER_MAX <= 4096, "a pipe takes it whole (PIPE_BUF)");

#define SILENT_MAX 16
#define SUBJECT_BYTES 256

static struct {
	char subjects[SILENT_MAX][SUBJECT_BYTES];
	size_t count;
} silent;

static bool is_silent(const char *subject)
{
	for (size_t i = 0; i < silent.count; i++)
		if (strncmp(silent.subjects[i], subject, SUBJECT_BYTES - 1) == 0)
			return true;
	return false;
}

static void note_silent(const char *subject)
{
	if (silent.count < SILENT_MAX)
		(void)snprintf(silent.subjects[silent.count++], SUBJECT_BYTES, "%s", subject);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* True once there is something to read, or nothing will ever be. */
static bool comes_by(int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		int64_t left = deadline - now_ms();

		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n != 0;
}

/* Not fork(), which would let other threads' locks be as they are: there are none. */
static pid_t make_asker(void (*ask)(void *context, void *answer), void *context, void *answer, size_t size, int out)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);

	if (pid != 0)
		return pid;
	ask(context, answer);
	_exit(write(out, answer, size) == (ssize_t)size ? 0 : 1);
}

static int too_late(void)
{
	errno = ETIMEDOUT;
	return -1;
}

int patience_ask(const char *subject, void (*ask)(void *context, void *answer), void *context, void *answer, size_t size,
		 unsigned int timeout)
{
	autoclose int in = -1, out = -1;
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	assert(size > 0 && size <= PATIENCE_ANSWER_MAX);
	if (is_silent(subject))
		return too_late();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	in = ends[0];
	out = ends[1];
	pid = make_asker(ask, context, answer, size, out);
	if (pid < 0)
		return -1;
	fd_replace(&out, -1);
	if (!comes_by(in, now_ms() + timeout)) {
		(void)kill(pid, SIGKILL);
		note_silent(subject);
		return too_late();
	}
	do {
		n = read(in, answer, size);
	} while (n < 0 && errno == EINTR);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == (ssize_t)size)
		return 0;
	/* It crashed. */
	errno = EIO;
	return -1;
}
