/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <string.h>

#include "runtime/container/state.h"

struct values {
	bool force;
};

static const struct option options[] = {
	{ OPTION_FLAG, 'f', "force", NULL, "end a container that runs, and take no offence at one that is not there",
	  offsetof(struct values, force) },
	OPTION_TABLE_END,
};

static int delete(const char *id, bool force, struct arena *arena, struct error *err)
{
	struct container container = { 0 };
	struct error ignored;
	int r = container_load(runtime_globals.root, id, arena, &container, err);

	if (r < 0 && force && state_check_id(id, &ignored) == 0)
		/* What a creation that was cut short left behind. */
		return state_remove(runtime_globals.root, id, err);
	if (r == 0)
		r = container_delete(&container, force, arena, err);
	return r;
}

static int run(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct values values = { 0 };
	struct option_list operands = { 0 };
	struct error err = { 0 };
	int status;

	if (command_parse(&command_delete, argc, argv, &values, &operands, &arena, &status) &&
	    delete(operands.items[0], values.force, &arena, &err) < 0)
		status = runtime_fail(&err, 1);
	arena_release(&arena);
	return status;
}

const struct option_command command_delete = {
	"delete", "CONTAINER", "remove what a container that has stopped holds", options, 1, 1, false, run,
};
