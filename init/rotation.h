/* SPDX-License-Identifier: Apache-2.0 */
/* One file that grows to a size and then becomes the first of a row of old ones, the last of which goes. */
#ifndef INIT_ROTATION_H
#define INIT_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct rotation {
	int directory;			/* borrowed */
	const char *name;		/* "web.log"; borrowed. Old ones are "web.log.1" and so on */
	uint64_t size;			/* bytes of a file */
	unsigned int count;		/* files, this one included */
	int fd;				/* -1: not open */
	uint64_t length;
	bool dirty;			/* something was written since the last rotation_sync() */
};

/*
 * Appends text that does not go over two files. A part of it may have been written where it fails, ENOSPC for one; then the
 * next one begins on a line of its own.
 */
int rotation_write(struct rotation *rotation, const char *text, size_t length, struct error *err);

/* Through to the disk. */
int rotation_sync(struct rotation *rotation, struct error *err);

#endif
