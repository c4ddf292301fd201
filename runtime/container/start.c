/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/container/state.h"
#include "runtime/container/sync.h"
#include "runtime/linux/hooks.h"
#include "runtime/linux/scheduling.h"

/* The program runs. A poststart hook that fails ends it: runtime.md, "Lifecycle", 10. */
static int run_poststart_hooks(struct container *container, struct arena *arena, struct error *err)
{
	const struct oci_config *config = container->config;
	struct error ignored;
	const char *state;

	if (config->hooks.poststart.count == 0)
		return 0;
	state = state_for_hooks(config, container->state.id, container->state.bundle, container->state.pid, "running",
				arena);
	if (hooks_run(&config->hooks.poststart, "poststart", state, err) == 0)
		return 0;
	(void)container_kill(container, SIGKILL, false, arena, &ignored);
	return -1;
}

/* The first process has stayed on one processor up to its program: see cgroup_is_tight(). */
static void let_go_of_cpu(const struct container *container)
{
	if (cgroup_is_tight(container->config->linux_.resources) &&
	    state_start_time(container->state.pid) == container->state.start_time)
		scheduling_use_all_cpus(container->state.pid);
}

int container_run(struct container *container, struct container_process *process, struct arena *arena,
		  struct error *err)
{
	if ((!process->goes_on && sync_send(process->sync, SYNC_GO, err) < 0) ||
	    sync_expect(process->sync, SYNC_END, err) < 0)
		return -1;
	fd_replace(&process->sync, -1);
	let_go_of_cpu(container);
	return run_poststart_hooks(container, arena, err);
}

static int connect_start_socket(const char *directory, struct error *err)
{
	autoclose int dirfd = openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (dirfd < 0 || fd < 0)
		return error_errno(err, "cannot open '%s'", directory);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" STATE_SOCKET, dirfd);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "cannot reach the container's first process");
	/* One starts it; who comes later finds it started. */
	if (unlinkat(dirfd, STATE_SOCKET, 0) < 0)
		return error_set(err, "cannot start an already running container");
	return fd_take(&fd);
}

int container_start(struct container *container, struct arena *arena, struct error *err)
{
	autoclose int connection = -1;

	switch (container_status(container)) {
	case CONTAINER_CREATED:
		break;
	case CONTAINER_STOPPED:
		return error_set(err, "cannot start a container that has stopped");
	default:
		return error_set(err, "cannot start an already running container");
	}
	if (container_config(container, arena, err) < 0)
		return -1;
	if (!container->config->process)
		return error_set(err, "the config has no process to start");
	connection = connect_start_socket(container->directory, err);
	if (connection < 0 || sync_expect(connection, SYNC_END, err) < 0)
		return -1;
	let_go_of_cpu(container);
	return run_poststart_hooks(container, arena, err);
}
