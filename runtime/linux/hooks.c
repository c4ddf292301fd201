/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/hooks.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "runtime/linux/execute.h"
#include "runtime/linux/syscalls.h"

/* A file, not a pipe: nobody has to write while the hook runs, and a hook that does not read breaks nothing. */
static int open_state(const char *state, struct error *err)
{
	autoclose int fd = memfd_create("state", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, state, strlen(state), "state", err) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "cannot pass the state");
	return fd_take(&fd);
}

static void run_child(const struct oci_hook *hook, int state, char *const *environment) __attribute__((noreturn));

/* The specification does not say what a hook without env gets; clients rely on what runc and crun do. */
static void run_child(const struct oci_hook *hook, int state, char *const *environment)
{
	const char *name[] = { hook->path };
	const struct oci_strings alone = { name, 1 };
	struct arena arena = { 0 };

	if (dup2(state, STDIN_FILENO) >= 0 && kernel_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		(void)execve(hook->path, execute_vector(hook->args.count ? &hook->args : &alone, &arena),
			     hook->env.items ? execute_vector(&hook->env, &arena) : environment);
	_exit(errno == ENOENT ? 127 : 126);
}

static int wait_for(const struct oci_hook *hook, pid_t pid, int pidfd, struct error *err)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int status = 0, ready;

	/* Without a descriptor, which a filter may refuse, no time is kept: the wait is below. */
	do
		ready = pidfd < 0 ? 1 : poll(&p, 1, hook->has_timeout && hook->timeout > 0 ? hook->timeout * 1000 : -1);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		(void)kernel_pidfd_send_signal(pidfd, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ready == 0)
		return error_set(err, "'%s' did not end within %d seconds", hook->path, hook->timeout);
	if (WIFSIGNALED(status)) {
		const char *name = strsignal(WTERMSIG(status));

		return error_set(err, "'%s' was ended by signal %d: %c%s", hook->path, WTERMSIG(status),
				 tolower((unsigned char)*name), name + 1);
	}
	if (WEXITSTATUS(status) != 0)
		return error_set(err, "'%s' exited with status %d", hook->path, WEXITSTATUS(status));
	return 0;
}

static int run_one(const struct oci_hook *hook, const char *state, char *const *environment, struct error *err)
{
	autoclose int state_fd = open_state(state, err), pidfd = -1;
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd, .exit_signal = SIGCHLD };
	pid_t pid;

	if (state_fd < 0)
		return -1;
	pid = kernel_clone3(&args);
	/* Filters tend to refuse clone3(2), whose arguments they cannot see. */
	if (pid < 0 && (errno == ENOSYS || errno == EPERM)) {
		pid = fork();
		if (pid > 0)
			pidfd = kernel_pidfd_open(pid);
	}
	if (pid < 0)
		return error_errno(err, "cannot start '%s'", hook->path);
	if (pid == 0)
		run_child(hook, state_fd, environment);
	return wait_for(hook, pid, pidfd, err);
}

static int run_at(const struct oci_hook_list *hooks, size_t i, const char *name, const char *state,
		  char *const *environment, struct error *err)
{
	log_debug("hooks.%s[%zu]: '%s'", name, i, hooks->items[i].path);
	if (run_one(&hooks->items[i], state, environment, err) < 0)
		return error_context(err, "error running hook #%zu: hooks.%s", i, name);
	return 0;
}

int hooks_run_in(const struct oci_hook_list *hooks, const char *name, const char *state, char *const *environment,
		 struct error *err)
{
	for (size_t i = 0; i < hooks->count; i++)
		if (run_at(hooks, i, name, state, environment, err) < 0)
			return -1;
	return 0;
}

int hooks_run(const struct oci_hook_list *hooks, const char *name, const char *state, struct error *err)
{
	return hooks_run_in(hooks, name, state, environ, err);
}

void hooks_run_all(const struct oci_hook_list *hooks, const char *name, const char *state)
{
	struct error err;

	for (size_t i = 0; i < hooks->count; i++)
		if (run_at(hooks, i, name, state, environ, &err) < 0)
			log_warning("%s", err.message);
}
