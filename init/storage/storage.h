/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disks, swap, volumes: what the `storage` records of the plan ask for, one at a time. All of it may block and allocates,
 * so it runs in a child of PID 1 (init/worker.h); what it mounts stays when it ends.
 */
#ifndef INIT_STORAGE_STORAGE_H
#define INIT_STORAGE_STORAGE_H

#include <stdbool.h>

#include "base/error.h"
#include "plan/storage.h"

/* Where things are on this machine. */
struct storage_places {
	const char *state;		/* the state partition's directory, mounted or to be mounted */
	bool has_state;			/* it is mounted */
	const char *image;		/* the root image, with the first contents of volumes */
	int events;			/* becomes readable when devices come and go; it is emptied */
};

/* Makes it so. The error says what was looked for and what was found instead. */
int storage_apply(const struct plan_storage *item, const struct storage_places *places, struct error *err);

/* "state", "swap", "volume": for messages. */
const char *storage_kind_name(enum plan_storage_kind kind);

#endif
