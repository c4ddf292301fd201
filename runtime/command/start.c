/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include "base/cleanup.h"
#include "runtime/container/service_manager.h"

/* With a service manager, `start` is over when the program has said that it is ready. */
static int start(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	const char *manager = service_manager_address();
	struct container container = { 0 };
	autoclose int pidfd = -1, notify = -1;

	(void)data;
	if (container_load(runtime_globals.root, operands->items[0], arena, &container, err) < 0)
		return -1;
	if (!manager)
		return container_start(&container, arena, err);
	pidfd = container_pidfd(&container);
	if (service_manager_open(container.directory, &notify, err) < 0 || container_start(&container, arena, err) < 0)
		return -1;
	return notify < 0 || pidfd < 0 ? 0 : service_manager_wait(notify, manager, container.state.pid, pidfd, err);
}

const struct command command_start = {
	.words = { "start", "CONTAINER", "start the program of a container that was created", NULL, 1, 1, false, NULL },
	.act = start,
};
