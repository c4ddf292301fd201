/* SPDX-License-Identifier: Apache-2.0 */
/* Copies a directory with all that is in it: owners, modes, times, extended attributes, hard links, device nodes. */
#ifndef INIT_STORAGE_COPY_H
#define INIT_STORAGE_COPY_H

#include "base/error.h"

/* From the directory `from` into the directory `to`, which exists and gets the attributes of `from`. Follows no symlink. */
int copy_tree(int from, int to, struct error *err);

#endif
