/* SPDX-License-Identifier: Apache-2.0 */
/* A device found, and made into what is wanted where that is decided. */
#ifndef INIT_STORAGE_MAKE_H
#define INIT_STORAGE_MAKE_H

#include "init/storage/find.h"

/* Finds the device and makes what is not there yet. An error says what was wanted and what was found. */
int make_ready(const struct plan_storage *wanted, int events, struct found *found, struct error *err);

#endif
