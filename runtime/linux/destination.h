/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LINUX_DESTINATION_H
#define RUNTIME_LINUX_DESTINATION_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Where a mount goes, inside the rootfs: opened O_PATH, and made where it is missing, as a
 * directory or an empty file. Unlike path_make_in_root(), a symlink whose target is missing is
 * followed, inside the root, and the target made: images have /var/run -> /run without a /run.
 */
int destination_open(int root, const char *path, bool directory, struct error *err);

#endif
