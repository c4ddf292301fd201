/* SPDX-License-Identifier: Apache-2.0 */
/* What container_enter() has made, found again: by its bundle and the process that PID 1 knows. */
#include "runtime/container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/container/prepared.h"
#include "runtime/container/state.h"

#define CHILDREN_BYTES_MAX 65536

static bool same_namespace(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

/* Whether the process only stands in for the container's first one (stand_in.h): then it is still in our mount namespace. */
static bool stands_in(pid_t pid, struct arena *arena)
{
	return same_namespace(arena_printf(arena, "/proc/%d/ns/mnt", (int)pid), "/proc/self/ns/mnt");
}

/* The container's first process is the only child that who stands in for it has. */
static int find_first(pid_t *pid, struct arena *arena, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	const char *path;
	long child;

	if (!stands_in(*pid, arena))
		return 0;
	path = arena_printf(arena, "/proc/%d/task/%d/children", (int)*pid, (int)*pid);
	if (file_read(AT_FDCWD, path, CHILDREN_BYTES_MAX, &text, err) < 0)
		return -1;
	child = strtol(buffer_string(&text), NULL, 10);
	if (child <= 0 || stands_in((pid_t)child, arena))
		return error_set(err, "the container is not set up yet");
	*pid = (pid_t)child;
	return 0;
}

int container_entered(const struct container_enter_options *options, pid_t pid, struct arena *arena,
		      struct container *container, struct error *err)
{
	struct oci_config *config = arena_alloc(arena, sizeof(*config));

	if (pid <= 0)
		return error_set(err, "container not running");
	*container = (struct container){ .config = config };
	if (prepared_read(options->bundle, options->filter, arena, config, &container->filter, err) < 0 ||
	    cgroup_locate(config->linux_.cgroups_path, options->id, arena, &container->cgroup, err) < 0 ||
	    find_first(&pid, arena, err) < 0)
		return -1;
	container->state = (struct oci_state){
		.oci_version = config->oci_version, .id = options->id, .status = "running", .pid = pid,
		.bundle = options->bundle, .annotations = config->annotations, .start_time = state_start_time(pid),
	};
	return 0;
}

/* True when it has ended in time. */
static bool ends_in(int pidfd, unsigned int timeout)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, timeout ? (int)timeout : -1);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

int container_exec_wait(struct container *container, const char *const *args, size_t count, unsigned int timeout,
			struct arena *arena, int *wait_status, struct error *err)
{
	struct container_exec_options how = { 0 };
	struct container_process made;
	struct oci_process process;
	bool late;

	if (container_config(container, arena, err) < 0)
		return -1;
	if (!container->config->process)
		return error_set(err, "the container's config has no process to take the rest from");
	process = *container->config->process;
	process.args = (struct oci_strings){ (const char **)args, count };
	process.terminal = false;
	how.process = &process;
	if (container_exec(container, &how, arena, &made, err) < 0)
		return -1;
	late = !ends_in(made.pidfd, timeout);
	/* It leads a session, and so a group, which has its number until it is reaped. */
	(void)kill(-made.pid, SIGKILL);
	while (waitpid(made.pid, wait_status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for the process");
	container_process_close(&made);
	return late ? error_set(err, "took longer than %u ms", timeout) : 0;
}
