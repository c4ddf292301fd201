/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/clone_inside.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "runtime/linux/syscalls.h"

/* What the process in between leaves in memory that both see. */
struct report {
	pid_t pid;
	int pidfd;			/* a number of the table of descriptors, which they share */
	struct error err;
};

static pid_t make(struct clone_args *args, struct report *report, int (*enter)(void *data, struct error *err),
		  void *data)
{
	int r;

	if (enter(data, &report->err) < 0)
		_exit(1);
	args->flags |= CLONE_PARENT;
	args->exit_signal = 0;		/* as the process in between has it */
	args->pidfd = (uint64_t)(uintptr_t)&report->pidfd;
	r = kernel_clone3(args);
	if (r == 0)
		return 0;
	report->pid = r;
	if (r < 0)
		error_errno(&report->err, "cannot make the container's process");
	_exit(r < 0);
}

static int wait_for(pid_t between, struct error *err)
{
	while (waitpid(between, NULL, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for a process");
	return 0;
}

pid_t clone_inside(struct clone_args *args, int (*enter)(void *data, struct error *err), void *data,
		   struct error *err)
{
	struct clone_args between = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	int *pidfd = (int *)(uintptr_t)args->pidfd;
	struct report *report =
		mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (report == MAP_FAILED)
		return error_errno(err, "cannot share memory");
	*report = (struct report){ .pid = -1, .pidfd = -1 };
	pid = kernel_clone3(&between);
	if (pid == 0) {
		(void)make(args, report, enter, data);
		(void)munmap(report, sizeof(*report));
		return 0;
	}
	if (pid < 0) {
		error_errno(err, "cannot make a process");
	} else if (wait_for(pid, err) == 0) {
		pid = report->pid;
		if (pid > 0)
			*pidfd = report->pidfd;
		else if (*report->err.message)
			*err = report->err;
		else
			error_set(err, "a process ended before it could make the container's");
	} else {
		pid = -1;
	}
	(void)munmap(report, sizeof(*report));
	return pid;
}
