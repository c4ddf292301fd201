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

static int run_container(const struct create_values *values, const char *id, struct arena *arena, struct error *err)
{
	struct container_create_options create;
	struct container container;
	struct container_process process;
	struct error ignored;
	int status = -1;

	create_options_read(values, id, &create);
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
		if (!values->keep && container_delete(&container, true, arena, err) < 0)
			status = -1;
	}
	container_process_close(&process);
	return status;
}

static int run(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct create_values values = { 0 };
	struct option_list operands = { 0 };
	struct error err = { 0 };
	int status;

	if (command_parse(&command_run, argc, argv, &values, &operands, &arena, &status)) {
		status = run_container(&values, operands.items[0], &arena, &err);
		if (status < 0)
			status = runtime_fail(&err, 1);
	}
	arena_release(&arena);
	return status;
}

const struct option_command command_run = {
	"run", "CONTAINER", "create a container, start it, and wait for its end", options, 1, 1, false, run,
};
