/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of a manifest: which digest each image reference stood for. `app.yml` has
 * `app.lock` beside it, a text file of lines `REFERENCE DIGEST`, sorted, the
 * reference normalised and the digest that of the platform's manifest.
 */
#ifndef MKIMAGE_SOURCE_LOCK_H
#define MKIMAGE_SOURCE_LOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"

#define LOCK_BYTES_MAX (1u << 20)

struct lock_entry {
	const char *name;		/* normalised reference */
	struct digest digest;
};

struct lock {
	bool present;			/* there is such a file */
	struct lock_entry *entries;
	size_t count;
};

/* "app.lock" for "app.yml" or "app.yaml"; the name with ".lock" behind it otherwise. */
const char *lock_path(const char *manifest_path, struct arena *arena);

/* A file that is not there gives the empty lock. Errors read "FILE:LINE: ...". */
int lock_read(const char *path, struct arena *arena, struct lock *lock, struct error *err);

/* The digest a name is pinned to, or NULL. */
const struct digest *lock_find(const struct lock *lock, const char *name);

/* Writes the file whole; entries are sorted and double ones left out. */
int lock_write(const char *path, struct lock *lock, struct error *err);

#endif
