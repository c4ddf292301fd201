/* SPDX-License-Identifier: Apache-2.0 */
/* Swap: on a device, in a file of the state partition, in compressed memory. */
#ifndef INIT_STORAGE_SWAP_H
#define INIT_STORAGE_SWAP_H

#include "init/storage/storage.h"

int swap_on_device(const struct plan_storage *item, const struct storage_places *places, struct error *err);
int swap_on_file(const struct plan_storage *item, const struct storage_places *places, struct error *err);
int swap_on_zram(const struct plan_storage *item, const struct storage_places *places, struct error *err);

#endif
