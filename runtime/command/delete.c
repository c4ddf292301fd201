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

static int delete(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	const struct values *values = data;
	const char *id = operands->items[0];
	struct container container = { 0 };
	struct error ignored;
	int r = container_load(runtime_globals.root, id, arena, &container, err);

	if (r < 0 && values->force && state_check_id(id, &ignored) == 0)
		/* What a creation that was cut short left behind. */
		return state_remove(runtime_globals.root, id, err);
	if (r == 0)
		r = container_delete(&container, values->force, arena, err);
	return r;
}

const struct command command_delete = {
	.words = { "delete", "CONTAINER", "remove what a container that has stopped holds", options, 1, 1, false, NULL },
	.values_size = sizeof(struct values), .act = delete,
};
