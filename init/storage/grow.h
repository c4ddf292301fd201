/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that has become larger, as those of virtual machines do: the partition and the file system follow. */
#ifndef INIT_STORAGE_GROW_H
#define INIT_STORAGE_GROW_H

#include "base/error.h"

/* The partition `device`, where it is one, is the last of its disk, and has room behind it. Before it is mounted. */
int grow_partition(const char *device, struct error *err);

/* The mounted ext4 file system at `path`, to the size of its device. */
int grow_file_system(const char *device, const char *path, struct error *err);

#endif
