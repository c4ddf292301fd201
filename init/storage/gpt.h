/* SPDX-License-Identifier: Apache-2.0 */
/* The partition table of a disk (UEFI 2.10, 5.3): its last partition grown to the end of the disk. */
#ifndef INIT_STORAGE_GPT_H
#define INIT_STORAGE_GPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define GPT_ALIGN (1u << 20)		/* bytes: partitions end at multiples of it */

/*
 * Grows partition `number` (from 1), which must begin at `start` (sectors), where it is the last one of the disk and
 * there is room behind it. `size` is its new size in sectors; 0 where nothing was to be done. Both headers and both tables
 * must be whole before; the second ones are written first, to the new end, so that one pair is whole at any moment.
 */
int gpt_grow(int disk, unsigned int number, uint64_t start, uint64_t *size, struct error *err);

/*
 * The power went while the first header was written: taken over from the second one at the end of the disk.
 * `mended` is false where the first is whole, or the second is not.
 */
int gpt_mend(int disk, bool *mended, struct error *err);

#endif
