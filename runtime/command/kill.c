/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include "base/signals.h"

struct values {
	bool all;
};

static const struct option options[] = {
	{ OPTION_FLAG, 'a', "all", NULL, "signal all processes of the container", offsetof(struct values, all) },
	OPTION_TABLE_END,
};

static int send_signal(const char *id, const char *signal, bool all, struct arena *arena, struct error *err)
{
	struct container container;
	int number = signal_number(signal), r;

	if (number < 0)
		return error_set(err, "unknown signal \"%s\"", signal);
	if (container_load(runtime_globals.root, id, arena, &container, err) < 0)
		return -1;
	r = container_kill(&container, number, all, err);
	return r;
}

static int run(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct values values = { 0 };
	struct option_list operands = { 0 };
	struct error err = { 0 };
	int status;

	if (command_parse(&command_kill, argc, argv, &values, &operands, &arena, &status) &&
	    send_signal(operands.items[0], operands.count > 1 ? operands.items[1] : "SIGTERM", values.all, &arena,
			&err) < 0)
		status = runtime_fail(&err, 1);
	arena_release(&arena);
	return status;
}

const struct option_command command_kill = {
	"kill", "CONTAINER [SIGNAL]", "send a signal (default: SIGTERM) to a container's first process", options, 1, 2,
	false, run,
};
