/* SPDX-License-Identifier: Apache-2.0 */
/* The few fields of an ext superblock that decide what is done with it. */
#ifndef INIT_STORAGE_SUPERBLOCK_H
#define INIT_STORAGE_SUPERBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct superblock {
	bool clean;			/* it was unmounted, or has a journal that tells the rest */
	bool errors;			/* the kernel found errors in it */
	bool replay;			/* the journal holds what is not in its place yet */
	bool projects;			/* it counts what projects use */
	uint64_t blocks;
	uint32_t block_size;		/* bytes */
};

/* False where it has a checksum that is not its own, as when the power went while it was written. libblkid does not look. */
bool superblock_is_whole(int fd);

int superblock_read(const char *device, struct superblock *super, struct error *err);

#endif
