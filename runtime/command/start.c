/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include "base/cleanup.h"
#include "runtime/container/service_manager.h"

/* With a service manager, `start` is over when the program has said that it is ready. */
static int start(struct container *container, struct arena *arena, struct error *err)
{
	const char *manager = service_manager_address();
	autoclose int pidfd = -1, notify = -1;

	if (!manager)
		return container_start(container, arena, err);
	pidfd = container_pidfd(container);
	if (service_manager_open(container->directory, &notify, err) < 0 || container_start(container, arena, err) < 0)
		return -1;
	return notify < 0 || pidfd < 0 ? 0 : service_manager_wait(notify, manager, container->state.pid, pidfd, err);
}

static int run(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct option_list operands = { 0 };
	struct container container = { 0 };
	struct error err = { 0 };
	int status;

	if (command_parse(&command_start, argc, argv, NULL, &operands, &arena, &status)) {
		if (container_load(runtime_globals.root, operands.items[0], &arena, &container, &err) < 0 ||
		    start(&container, &arena, &err) < 0)
			status = runtime_fail(&err, 1);
	}
	arena_release(&arena);
	return status;
}

const struct option_command command_start = {
	"start", "CONTAINER", "start the program of a container that was created", NULL, 1, 1, false, run,
};
