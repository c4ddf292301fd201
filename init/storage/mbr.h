/* SPDX-License-Identifier: Apache-2.0 */
/* The partition table of old (UEFI 2.10, 5.2.1): its last primary partition grown to the end of the disk. */
#ifndef INIT_STORAGE_MBR_H
#define INIT_STORAGE_MBR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* False for what protects a GPT, and for what is no such table at all. */
bool mbr_is_table(int disk);

/*
 * Grows partition `number` (1 to 4), which must begin at `start` (of 512 bytes), where it is the last one of the disk and there
 * is room behind it, up to the 2^32 sectors that such a table can tell. `size` is its new size in the same unit; 0 where nothing was
 * to be done. One sector is written, which a disk does wholly or not at all. Logical partitions are refused.
 */
int mbr_grow(int disk, unsigned int number, uint64_t start, uint64_t *size, struct error *err);

#endif
