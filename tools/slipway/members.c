/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/members.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

void members_open(struct members *m, size_t count, struct arena *arena)
{
	struct sigaction hangup;
	sigset_t blocked;

	*m = (struct members){ .pids = arena_array(arena, count, sizeof(*m->pids)), .count = count };
	(void)sigemptyset(&m->signals);
	(void)sigaddset(&m->signals, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
		(void)sigaddset(&m->signals, end_signals[i]);
	/* nohup(1) */
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN)
		(void)sigdelset(&m->signals, SIGHUP);
	(void)signal(SIGCHLD, SIG_DFL); /* ignored, children would leave no status */
	blocked = m->signals;
	(void)sigaddset(&blocked, MEMBERS_POWEROFF);
	(void)sigprocmask(SIG_BLOCK, &blocked, &m->mask);
}

int members_start(struct members *m, size_t index, members_main *main, void *context, struct error *err)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return error_errno(err, "cannot make a process for a machine");
	if (pid == 0) {
		sigset_t mask = m->mask;

		if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
			_exit(EXIT_FAILURE);
		(void)sigaddset(&mask, MEMBERS_POWEROFF);
		(void)sigprocmask(SIG_SETMASK, &mask, NULL);
		main(context, index);
		_exit(EXIT_FAILURE);
	}
	m->pids[index] = pid;
	m->running++;
	return 0;
}

/* Others than members are children, too: what serves them ends when all of them have. */
static bool reap(struct members *m, size_t *index, int *wait_status)
{
	pid_t pid;

	while ((pid = waitpid(-1, wait_status, WNOHANG)) > 0)
		for (size_t i = 0; i < m->count; i++)
			if (m->pids[i] == pid) {
				m->pids[i] = 0;
				m->running--;
				*index = i;
				return true;
			}
	return false;
}

static struct timespec left(const struct members *m)
{
	struct timespec now, left = { 0 };
	long long nanoseconds;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	nanoseconds = (m->deadline.tv_sec - now.tv_sec) * 1000000000ll + m->deadline.tv_nsec - now.tv_nsec;
	if (nanoseconds > 0)
		left = (struct timespec){ nanoseconds / 1000000000ll, nanoseconds % 1000000000ll };
	return left;
}

enum members_event members_wait(struct members *m, size_t *index, int *wait_status)
{
	for (;;) {
		struct timespec wait;
		int number;

		if (reap(m, index, wait_status))
			return MEMBERS_ENDED;
		if (m->limited)
			wait = left(m);
		number = sigtimedwait(&m->signals, NULL, m->limited ? &wait : NULL);
		if (number > 0 && number != SIGCHLD)
			return MEMBERS_SIGNAL;
		if (number < 0 && errno == EAGAIN) {
			m->limited = false;
			return MEMBERS_LATE;
		}
	}
}

void members_limit(struct members *m, unsigned int seconds)
{
	(void)clock_gettime(CLOCK_MONOTONIC, &m->deadline);
	m->deadline.tv_sec += seconds;
	m->limited = true;
}

void members_send(const struct members *m, int signal)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->pids[i] > 0)
			(void)kill(m->pids[i], signal);
}

void members_close(const struct members *m)
{
	/* Ctrl-C came more than once: that all has ended is what it asked for. */
	while (sigtimedwait(&m->signals, NULL, &(struct timespec){ 0 }) > 0)
		;
	(void)sigprocmask(SIG_SETMASK, &m->mask, NULL);
}
