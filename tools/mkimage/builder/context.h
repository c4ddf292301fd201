/* SPDX-License-Identifier: Apache-2.0 */
/* A context: the files that a build can use, as far as they make a difference to it. */
#ifndef MKIMAGE_BUILDER_CONTEXT_H
#define MKIMAGE_BUILDER_CONTEXT_H

#include "base/error.h"
#include "tools/mkimage/builder/ignore.h"
#include "tools/mkimage/source/hash.h"

#define CONTEXT_FILES_MAX 1000000u
#define CONTEXT_DEPTH_MAX 100u		/* directories within one another, each an open file */
#define CONTEXT_IGNORE_BYTES_MAX (1u << 20)
#define DOCKERFILE_BYTES_MAX (1u << 20)

/*
 * Adds the names, kinds, permissions and contents of all files below the directory to the hash, in an order of their own, but
 * for those that are ignored. Owners and times make no difference: builders do not keep them.
 */
int context_add(const char *directory, const struct ignore *ignore, struct hash *hash, struct error *err);

/* Where a file lies below the directory, both followed to where they are; NULL where it does not. In the arena. */
const char *context_inside(const char *directory, const char *file, struct arena *arena);

#endif
