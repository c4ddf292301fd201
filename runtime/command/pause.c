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

static int stop(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	(void)data;
	return freeze(operands->items[0], true, arena, err);
}

static int go_on(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	(void)data;
	return freeze(operands->items[0], false, arena, err);
}

const struct command command_pause = {
	.words = { "pause", "CONTAINER", "stop all processes of a container for a while", NULL, 1, 1, false, NULL },
	.act = stop,
};

const struct command command_resume = {
	.words = { "resume", "CONTAINER", "let the processes of a paused container go on", NULL, 1, 1, false, NULL },
	.act = go_on,
};
