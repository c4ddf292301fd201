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

static int send_signal(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	const struct values *values = data;
	const char *signal = operands->count > 1 ? operands->items[1] : "SIGTERM";
	struct container container;
	int number = signal_number(signal);

	if (number < 0)
		return error_set(err, "unknown signal \"%s\"", signal);
	if (container_load(runtime_globals.root, operands->items[0], arena, &container, err) < 0)
		return -1;
	return container_kill(&container, number, values->all, arena, err);
}

const struct command command_kill = {
	.words = { "kill", "CONTAINER [SIGNAL]", "send a signal (default: SIGTERM) to a container's first process", options, 1, 2, false, NULL },
	.values_size = sizeof(struct values), .act = send_signal,
};
