/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the device that the plan means, and waits for it. */
#ifndef INIT_STORAGE_FIND_H
#define INIT_STORAGE_FIND_H

#include "init/storage/decide.h"

#define FIND_PATH 288			/* "/dev/" and a name of sysfs */

struct found {
	char path[FIND_PATH];		/* "/dev/vdb1" */
	struct probe probe;
};

/*
 * `events` becomes readable when devices come and go; it is emptied. Where nothing is meant by label yet and may be
 * made, the one blank disk of the machine is found, after a while in which nothing else came.
 */
int find_device(const struct plan_storage *wanted, int events, struct found *found, struct error *err);

#endif
