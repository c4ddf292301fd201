/* SPDX-License-Identifier: Apache-2.0 */
#include "init/disks.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/storage/storage.h"
#include "init/uevents.h"
#include "init/worker.h"

struct work {
	const struct plan_storage *item;
	struct storage_places places;
};

/* In the child. Its own socket: what PID 1's has to tell is for PID 1. */
static int run(void *context, struct error *err)
{
	struct work *work = context;

	work->places.events = uevents_open(err);
	return work->places.events < 0 ? -1 : storage_apply(work->item, &work->places, err);
}

static int apply(struct machine *machine, const struct plan_storage *item, struct error *err)
{
	struct work work = { item, { STATE_DIRECTORY, machine->has_state, IMAGE_DIRECTORY, -1 } };
	const struct worker_job job = { storage_kind_name(item->kind), run, &work, item->wait + item->time_limit };

	if (worker_wait(&job, err) < 0)
		return -1;
	if (item->kind == PLAN_STATE)
		machine->has_state = true;
	return 0;
}

int disks_apply(struct machine *machine, struct error *err)
{
	static const char *const policies[] = { [PLAN_STORAGE_STOP] = "poweroff", [PLAN_STORAGE_REBOOT] = "reboot" };

	for (size_t i = 0; i < machine->plan.storage_count; i++) {
		const struct plan_storage *item = &machine->plan.storage[i];

		if (apply(machine, item, err) == 0)
			continue;
		if (item->on_failure != PLAN_STORAGE_CONTINUE) {
			machine->failure_policy = policies[item->on_failure];
			return -1;
		}
		log_warning("storage: %s; the machine goes on without it", err->message);
	}
	return 0;
}
