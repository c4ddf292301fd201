/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of a manifest: which digest each image reference stood for. `app.yml` has
 * `app.lock` beside it, a text file of lines `REFERENCE DIGEST [INDEX]`, sorted, the
 * reference normalised, the digest that of the platform's manifest. An index is named where it
 * is what was signed: the signature is found again by its digest.
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
	struct digest index;		/* text "": none */
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

/* What a name is pinned to, or NULL. */
const struct lock_entry *lock_find(const struct lock *lock, const char *name);

/* Writes the file whole; entries are sorted and double ones left out. */
int lock_write(const char *path, struct lock *lock, struct error *err);

#endif
