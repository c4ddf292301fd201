/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted for the machine: the state partition, other disks, tmpfs. */
#ifndef INIT_STORAGE_MOUNT_H
#define INIT_STORAGE_MOUNT_H

#include "init/storage/storage.h"

int mount_state(const struct plan_storage *item, const struct storage_places *places, struct error *err);
int mount_disk(const struct plan_storage *item, const struct storage_places *places, struct error *err);

/* Also for a volume in memory. */
int mount_tmpfs(const struct plan_storage *item, const struct storage_places *places, struct error *err);

#endif
