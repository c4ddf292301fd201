/* SPDX-License-Identifier: Apache-2.0 */
/* Makes an ext4 file system, in process and safe against a loss of power at any write. */
#ifndef INIT_STORAGE_EXT4_H
#define INIT_STORAGE_EXT4_H

#include <sys/types.h>		/* which <ext2fs/ext2fs.h> counts on */

#include <ext2fs/ext2fs.h>
#include <stdint.h>

#include "base/error.h"

struct ext4_wish {
	uint64_t size;			/* of the device, in bytes */
	const char *label;		/* at most 16 bytes; "" is none */
	unsigned char uuid[16], hash_seed[16];	/* random */
};

/*
 * The device may hold anything, and is destroyed: whether it may be is decide()'s to say. It is opened exclusively.
 * Until the whole of it is on the disk, the device has the mark of begun.h. `manager` is unix_io_manager but in tests.
 */
int ext4_make(io_manager manager, const char *path, const struct ext4_wish *wish, struct error *err);

#endif
