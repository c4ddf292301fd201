/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compose file (compose-spec) as the manifest of one machine: its services are those of the machine, and share its network, in which
 * each of their names is this machine. What a machine cannot keep is named in a warning and in a comment of the manifest.
 */
#ifndef MKIMAGE_COMPOSE_COMPOSE_H
#define MKIMAGE_COMPOSE_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

struct compose_input {
	const char *path;		/* the file, for messages */
	const char *directory;		/* it lies in: where paths in it begin, and `.env` is */
	const char *name;		/* of the project, where the file does not say */
	const char *prefix;		/* what paths of the manifest begin with, so that they lead there; "." beside the file */
	bool quiet;			/* no warnings */
};

/* Appends the manifest. An error reads "FILE:LINE:COLUMN: what, and what to do". */
int compose_manifest(const struct compose_input *input, const char *text, size_t length, struct arena *arena, struct buffer *out,
		     struct error *err);

#endif
