/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a swap area (mkswap(8)) on a device or in a file, safe against a loss of power like ext4.h. */
#ifndef INIT_STORAGE_SWAP_AREA_H
#define INIT_STORAGE_SWAP_AREA_H

#include <sys/types.h>		/* which <ext2fs/ext2fs.h> counts on */

#include <ext2fs/ext2fs.h>
#include <stdint.h>

#include "base/error.h"

struct swap_wish {
	uint64_t size;			/* bytes */
	const char *label;		/* at most 16 bytes; "" is none */
	unsigned char uuid[16];
};

#define SWAP_HEADER_BYTES 4096u		/* a page: all that is written */

/* The header, as it is on a disk. */
void swap_area_header(const struct swap_wish *wish, unsigned char header[SWAP_HEADER_BYTES]);

int swap_area_make(io_manager manager, const char *path, const struct swap_wish *wish, struct error *err);

#endif
