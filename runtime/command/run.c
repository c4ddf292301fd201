/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include "runtime/container/service_manager.h"

#define VALUE(field) offsetof(struct create_values, field)

static const struct option options[] = {
	CREATE_OPTIONS,
	{ OPTION_FLAG, 'd', "detach", NULL, "do not wait for the container to end", VALUE(detach) },
	{ OPTION_FLAG, 0, "keep", NULL, "do not delete the container when it has ended", VALUE(keep) },
	{ OPTION_FLAG, 0, "no-subreaper", NULL, "do not reap what the container's processes leave", VALUE(no_subreaper) },
	OPTION_TABLE_END,
};

static int run(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	const struct create_values *values = data;
	struct container_create_options create;
	struct container container;
	struct container_process process;
	struct error ignored;
	int status = -1;

	create_options_read(values, operands->items[0], &create);
	create.start = true;
	create.foreground = !values->detach && !values->console_socket;
	if (!values->detach)
		foreground_prepare(!values->no_subreaper);
	if (container_create(&create, arena, &container, &process, err) < 0)
		return -1;
	if (container_run(&container, &process, arena, err) < 0) {
		(void)container_delete(&container, true, arena, &ignored);
	} else if (values->detach) {
		status = create.notify ? service_manager_wait(process.notify, service_manager_address(), process.pid,
							      process.pidfd, err) : 0;
	} else {
		status = foreground_wait(&process, err);
		/* It has been reaped, and its number may be another's. */
		if (status >= 0)
			container.state.start_time = 0;
		if (!values->keep && container_delete(&container, true, arena, err) < 0)
			status = -1;
	}
	container_process_close(&process);
	return status;
}

const struct command command_run = {
	.words = { "run", "CONTAINER", "create a container, start it, and wait for its end", options, 1, 1, false, NULL },
	.values_size = sizeof(struct create_values), .act = run,
};
