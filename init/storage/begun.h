/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mark in the first sector while something is made on a device, which no file system uses for itself. It is
 * written before anything else and taken away when the rest is on the disk: where the power goes in between, the device is
 * known for what it is, and what was begun is begun again.
 */
#ifndef INIT_STORAGE_BEGUN_H
#define INIT_STORAGE_BEGUN_H

#include <sys/types.h>		/* which <ext2fs/ext2fs.h> counts on */

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define BEGUN_BYTES 512u		/* a sector: written whole or not at all */

/* The first BEGUN_BYTES of a device are the mark. */
bool begun_is_mark(const unsigned char *sector);

/*
 * All writing goes through libext2fs's channels, so that tests can see every write and flush. `size` is the
 * device's, in bytes.
 */

/* Writes the mark, then zeros over all else within the first and last MiB, where signatures of earlier things may be. */
int begun_set(io_manager manager, const char *path, uint64_t size, struct error *err);

/* Takes the mark away; everything else must be on the disk by then. */
int begun_clear(io_manager manager, const char *path, struct error *err);

#endif
