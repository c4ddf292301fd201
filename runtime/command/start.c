/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

static int run(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct option_list operands = { 0 };
	struct container container = { 0 };
	struct error err = { 0 };
	int status;

	if (command_parse(&command_start, argc, argv, NULL, &operands, &arena, &status)) {
		if (container_load(runtime_globals.root, operands.items[0], &arena, &container, &err) < 0 ||
		    container_start(&container, &arena, &err) < 0)
			status = runtime_fail(&err, 1);
	}
	arena_release(&arena);
	return status;
}

const struct option_command command_start = {
	"start", "CONTAINER", "start the program of a container that was created", NULL, 1, 1, false, run,
};
