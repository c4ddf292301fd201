/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "runtime/container/state.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/syscalls.h"

const char *const container_status_names[] = {
	[CONTAINER_CREATING] = "creating", [CONTAINER_CREATED] = "created", [CONTAINER_RUNNING] = "running",
	[CONTAINER_PAUSED] = "paused",	   [CONTAINER_STOPPED] = "stopped",
};

int container_load(const char *root, const char *id, struct arena *arena, struct container *container,
		   struct error *err)
{
	*container = (struct container){ .root = root };
	if (state_read(root, id, arena, &container->state, err) < 0)
		return -1;
	container->directory = path_join(arena, root, id);
	state_get_cgroup(&container->state, arena, &container->cgroup);
	return 0;
}

enum container_status container_status(const struct container *container)
{
	struct arena_room room;
	struct arena arena = arena_in(&room);
	bool waits = false;

	if (!container->state.start_time || state_start_time(container->state.pid) != container->state.start_time)
		return CONTAINER_STOPPED;
	/* The socket is there until `start` has taken it away. */
	if (container->directory)
		waits = access(path_join(&arena, container->directory, STATE_SOCKET), F_OK) == 0;
	arena_release(&arena);
	if (waits)
		return CONTAINER_CREATED;
	return cgroup_is_frozen(&container->cgroup) ? CONTAINER_PAUSED : CONTAINER_RUNNING;
}

int container_pidfd(const struct container *container)
{
	autoclose int pidfd = -1;

	if (container->state.pid <= 0 || !container->state.start_time) {
		errno = ESRCH;
		return -1;
	}
	/* The descriptor first, then the look at who it is: the number cannot come to mean another in between. */
	pidfd = kernel_pidfd_open(container->state.pid);
	if (pidfd < 0)
		return -1;
	if (state_start_time(container->state.pid) != container->state.start_time) {
		errno = ESRCH;
		return -1;
	}
	return fd_take(&pidfd);
}

int container_config(struct container *container, struct arena *arena, struct error *err)
{
	struct oci_config *config;

	if (container->config)
		return 0;
	config = arena_alloc(arena, sizeof(*config));
	if (oci_config_read(AT_FDCWD, path_join(arena, container->directory, STATE_CONFIG), arena, config, err) < 0)
		return -1;
	container->config = config;
	return 0;
}

static int signal_processes(struct container *container, int signal, bool all, struct error *err)
{
	autoclose int pidfd = -1;

	/* Without a cgroup it is the first process that has all of them. */
	if (all && container->cgroup.count > 0)
		return cgroup_signal(&container->cgroup, signal, err);
	pidfd = container_pidfd(container);
	if (pidfd < 0 && errno == ESRCH)
		return error_set(err, "container not running");
	if (pidfd < 0)
		return error_errno(err, "cannot find the container's process");
	if (kernel_pidfd_send_signal(pidfd, signal) < 0) {
		if (errno == ESRCH)
			return error_set(err, "container not running");
		return error_errno(err, "cannot signal the container's process");
	}
	return 0;
}

/* The end of the first process is the end of all only in a PID namespace that was made for them. */
static bool ends_with_first(struct container *container, struct arena *arena)
{
	const struct oci_linux *l;
	struct error ignored;

	if (container_config(container, arena, &ignored) < 0)
		return true;
	l = &container->config->linux_;
	for (size_t i = 0; i < l->namespaces_count; i++)
		if (namespace_flag(l->namespaces[i].type) == CLONE_NEWPID)
			return !l->namespaces[i].path || !*l->namespaces[i].path;
	return false;
}

int container_kill(struct container *container, int signal, bool all, struct arena *arena, struct error *err)
{
	struct error ignored;

	if (signal == SIGKILL && !all)
		all = !ends_with_first(container, arena);
	log_debug("signal %d to %s", signal, all ? "all processes" : "the first process");
	if (signal_processes(container, signal, all, err) < 0)
		return -1;
	/* In cgroup version 1 a frozen process does not die before it thaws. */
	if (signal == SIGKILL && cgroup_is_frozen(&container->cgroup))
		(void)cgroup_freeze(&container->cgroup, false, &ignored);
	return 0;
}
