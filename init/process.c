/* SPDX-License-Identifier: Apache-2.0 */
#include "init/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/log.h"

#define KEEP_MAX 8

static void __attribute__((noreturn)) out_of_memory(void)
{
	_exit(126);
}

/* close_range(2) for each gap between those that stay. */
static void close_others(const int *keep, size_t count)
{
	int last = STDERR_FILENO;

	for (;;) {
		int next = -1;

		for (size_t i = 0; i < count; i++)
			if (keep[i] > last && (next < 0 || keep[i] < next))
				next = keep[i];
		if (next < 0)
			break;
		if (next > last + 1)
			(void)syscall(SYS_close_range, (unsigned int)last + 1, (unsigned int)next - 1, 0);
		last = next;
	}
	(void)syscall(SYS_close_range, (unsigned int)last + 1, ~0u, 0);
}

static void become(const char *name, const int *keep, size_t count)
{
	sigset_t none;

	arena_out_of_memory = out_of_memory;
	(void)setsid();
	(void)prctl(PR_SET_NAME, name);
	if (keep)
		close_others(keep, count);
	/* The log's own descriptor may be among those that went. */
	log_open("init", open("/dev/kmsg", O_WRONLY | O_CLOEXEC), LOG_LEVEL_INFO, true);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t process_make(const char *name, const int *keep, size_t keep_count)
{
	/* Not fork(3): what the C library would do for threads and handlers is not needed. */
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);

	if (pid == 0)
		become(name, keep, keep_count);
	return pid;
}

static void start_again(struct machine *machine, struct loop_timer *timer)
{
	struct helper *helper = CONTAINER_OF(timer, struct helper, again);
	struct error err = { 0 };

	if (helper_start(machine, helper, &err) < 0)
		log_error("%s", err.message);
}

/* At once, but not more often than once in PROCESS_PAUSE. */
static void ended(struct machine *machine, struct loop_child *child, int wait_status)
{
	struct helper *helper = CONTAINER_OF(child, struct helper, child);

	(void)machine;
	(void)wait_status;
	helper->again.deadline = helper->started + PROCESS_PAUSE;
}

void helper_open(struct machine *machine, struct helper *helper)
{
	helper->child.reaped = ended;
	helper->again.due = start_again;
	loop_add_child(machine, &helper->child);
	loop_add_timer(machine, &helper->again);
}

int helper_start(struct machine *machine, struct helper *helper, struct error *err)
{
	pid_t pid;

	if (helper->child.pid != 0)
		return 0;
	helper->started = loop_now();
	pid = helper->start(machine, helper, err);
	if (pid < 0) {
		helper->again.deadline = helper->started + PROCESS_PAUSE;
		return -1;
	}
	helper->child.pid = pid;
	if (pid > 0)
		helper->starts++;
	return 0;
}
