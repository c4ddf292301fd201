/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds of which nothing has changed: neither what went in, nor what came out. A file of the store's cache has, for each prefix
 * of output files, a digest of all inputs and the identity of each output (device, inode, size, times), as make(1) has its times.
 */
#ifndef SLIPWAY_UNCHANGED_H
#define SLIPWAY_UNCHANGED_H

#include <stdbool.h>

#include "tools/slipway/build.h"
#include "tools/slipway/compilation.h"

struct unchanged {
	struct arena arena;
	const char *record;		/* the file; NULL where nothing can be known */
	const char *inputs;		/* their digest */
	const char *prefix;		/* of the outputs; borrowed */
};

/* After compilation_resolve(). `programs` are files that go into the image or make it, ended by NULL. */
void unchanged_open(struct unchanged *u, const struct build_options *options, const struct image_format *format,
		    const struct compilation *c, const char *const *programs, const char *prefix);
void unchanged_close(struct unchanged *u);

bool unchanged_is(struct unchanged *u);

/* After a build: all outputs are there. */
void unchanged_note(struct unchanged *u);

#endif
