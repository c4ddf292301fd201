/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

static int freeze(const char *id, bool frozen, struct arena *arena, struct error *err)
{
	struct container container = { 0 };
	enum container_status status;
	int r = container_load(runtime_globals.root, id, arena, &container, err);

	if (r == 0) {
		status = container_status(&container);
		if (frozen && status != CONTAINER_RUNNING && status != CONTAINER_CREATED)
			r = error_set(err, "container not running or created: %s", container_status_names[status]);
		else if (!frozen && status != CONTAINER_PAUSED)
			r = error_set(err, "container not paused");
		else
			r = cgroup_freeze(&container.cgroup, frozen, err);
	}
	return r;
}

static int run(const struct option_command *command, bool frozen, int argc, char **argv)
{
	struct arena arena = { 0 };
	struct option_list operands = { 0 };
	struct error err = { 0 };
	int status;

	if (command_parse(command, argc, argv, NULL, &operands, &arena, &status) &&
	    freeze(operands.items[0], frozen, &arena, &err) < 0)
		status = runtime_fail(&err, 1);
	arena_release(&arena);
	return status;
}

static int run_pause(int argc, char **argv)
{
	return run(&command_pause, true, argc, argv);
}

static int run_resume(int argc, char **argv)
{
	return run(&command_resume, false, argc, argv);
}

const struct option_command command_pause = {
	"pause", "CONTAINER", "stop all processes of a container for a while", NULL, 1, 1, false, run_pause,
};

const struct option_command command_resume = {
	"resume", "CONTAINER", "let the processes of a paused container go on", NULL, 1, 1, false, run_resume,
};
