/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine is made from: a manifest, a Dockerfile, or a compose file; by its name. */
#ifndef SLIPWAY_INPUTS_H
#define SLIPWAY_INPUTS_H

#include "base/arena.h"

enum input_kind { INPUT_MANIFEST, INPUT_DOCKERFILE, INPUT_COMPOSE };

struct input {
	enum input_kind kind;
	const char *path;		/* the file */
	const char *directory;		/* it lies in; "." where that is the current one */
	const char *name;		/* of the directory itself, as a machine can be called */
	/*
	 * Where the manifest is, or would be: DIRECTORY/NAME.yml for the other kinds, so that lock and output have a name
	 * that tells one project from another.
	 */
	const char *manifest_path;
};

/* A file of any kind; or a directory, which stands for the Dockerfile in it, else the compose file; what is neither is a manifest. */
void input_find(const char *operand, struct arena *arena, struct input *input);

#endif
