/* SPDX-License-Identifier: Apache-2.0 */
/* A volume of the manifest, at the path that containers bind: a directory of the state partition, or a tmpfs. */
#ifndef INIT_STORAGE_VOLUME_H
#define INIT_STORAGE_VOLUME_H

#include "init/storage/storage.h"

int volume_apply(const struct plan_storage *item, const struct storage_places *places, struct error *err);

#endif
