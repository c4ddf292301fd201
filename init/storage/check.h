/* SPDX-License-Identifier: Apache-2.0 */
/* Checks an ext file system before it is mounted. */
#ifndef INIT_STORAGE_CHECK_H
#define INIT_STORAGE_CHECK_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Replays the journal where there is something in it, and looks at everything where the superblock says that there were errors or
 * no clean end; a file system that was unmounted is not even opened. What can be mended without a loss is; with
 * `repair` everything is mended, whatever it costs, else that is an error.
 */
int check_ext(const char *device, bool repair, struct error *err);

#endif
