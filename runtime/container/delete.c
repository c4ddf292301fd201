/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/container.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/container/state.h"
#include "runtime/linux/hooks.h"
#include "runtime/linux/syscalls.h"

#define KILL_WAIT_MS 10000		/* SIGKILL works at once, but for a process stuck in the kernel */

/* Ends the first process and waits for it by its pidfd; then what it left in the cgroup. */
static int kill_and_wait(struct container *container, struct error *err)
{
	autoclose int pidfd = container_pidfd(container);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	struct error ignored;
	int ready = 1;

	if (pidfd >= 0) {
		if (kernel_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
			return error_errno(err, "cannot kill the container's process");
		/* A frozen process does not die. */
		if (cgroup_is_frozen(&container->cgroup))
			(void)cgroup_freeze(&container->cgroup, false, &ignored);
		do
			ready = poll(&p, 1, KILL_WAIT_MS);
		while (ready < 0 && errno == EINTR);
	}
	if (ready == 0)
		return error_set(err, "the container's process %d does not end", (int)container->state.pid);
	(void)cgroup_signal(&container->cgroup, SIGKILL, &ignored);
	return 0;
}

static void run_poststop_hooks(struct container *container, struct arena *arena)
{
	const struct oci_hook_list *hooks = &container->config->hooks.poststop;

	/* A failure is logged and no more: runtime.md, "Lifecycle", 13. */
	if (hooks->count > 0)
		hooks_run_all(hooks, "poststop", state_for_hooks(container->config, container->state.id,
								 container->state.bundle, 0, "stopped", arena));
}

int container_delete(struct container *container, bool force, struct arena *arena, struct error *err)
{
	enum container_status status = container_status(container);
	struct error ignored;
	bool known, gone;

	log_debug("delete: %s", container_status_names[status]);
	/* One that was never started holds nobody up. */
	if (status != CONTAINER_STOPPED && status != CONTAINER_CREATED && !force)
		return error_set(err, "cannot delete container %s that is not stopped: %s", container->state.id,
				 container_status_names[status]);
	/* Most leave nobody behind. */
	gone = status == CONTAINER_STOPPED && cgroup_remove_empty(&container->cgroup);
	if (!gone && (status != CONTAINER_STOPPED || force) && kill_and_wait(container, err) < 0)
		return -1;
	if (!gone && cgroup_delete(&container->cgroup, err) < 0)
		return -1;
	/* The config is in the directory that goes; one that cannot be read must not keep the rest. */
	known = container_config(container, arena, &ignored) == 0;
	if (state_remove(container->root, container->state.id, err) < 0)
		return -1;
	if (known)
		run_poststop_hooks(container, arena);
	return 0;
}
