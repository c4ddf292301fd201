/* SPDX-License-Identifier: Apache-2.0 */
/* A disk as sectors, by which partition tables count. */
#ifndef INIT_STORAGE_SECTORS_H
#define INIT_STORAGE_SECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SECTOR_MAX 4096u		/* bytes */

struct sectors {
	int fd;				/* borrowed */
	uint32_t size;			/* bytes of one: 512 to SECTOR_MAX */
	uint64_t count;
};

/* An error where the disk has no room for a partition table. A file will do, as a disk with sectors of 512 bytes. */
int sectors_open(int fd, struct sectors *sectors, struct error *err);

/* False where there are not so many bytes. */
bool sectors_read(const struct sectors *sectors, uint64_t at, void *data, size_t length);

/* Whole sectors: what is left of the last one is zeros. */
int sectors_write(const struct sectors *sectors, uint64_t at, const void *data, size_t length, struct error *err);

#endif
