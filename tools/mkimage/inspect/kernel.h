/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel's file says of itself. */
#ifndef MKIMAGE_INSPECT_KERNEL_H
#define MKIMAGE_INSPECT_KERNEL_H

#include <stddef.h>

#include "base/arena.h"

/* "6.12.1 (who@where) #1 SMP ...", of a bzImage or an uncompressed vmlinux; NULL where it is not found. */
const char *kernel_version(const void *data, size_t length, struct arena *arena);

#endif
