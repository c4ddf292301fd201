/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the store share. On disk:
 *
 *     oci-layout, index.json, blobs/ALGORITHM/HEX   image-layout.md
 *     .slipway/use.lock     shared while a store is open, exclusive for a gc
 *     .slipway/index.lock   exclusive while index.json is replaced
 *     .slipway/tmp/         files being written, each locked by its owner
 *     .slipway/cache/       what can be had again; a gc empties it
 *
 * Locks are flock(2): they go with the process however it ends, so that a file
 * in tmp/ that nobody has locked is one whose owner died.
 */
#ifndef MKIMAGE_SOURCE_STORE_INTERNAL_H
#define MKIMAGE_SOURCE_STORE_INTERNAL_H

#include "tools/mkimage/source/store.h"
#include "tools/mkimage/source/store_platform.h"

#define STORE_INDEX_BYTES_MAX OCI_DOCUMENT_BYTES_MAX
#define STORE_CACHE ".slipway/cache"
#define STORE_INDEX_DEPTH_MAX 8		/* an index of indexes of ... */

struct store {
	char *path, *cache;		/* owned; `cache` is NULL where the store can only be read */
	int root, temporaries;		/* directories; `temporaries` is -1 where the store can only be read */
	int use_lock;			/* held as long as the store is open; -1 where there is none */
};

/* A file being written: locked, in .slipway/tmp, gone unless placed. */
struct temporary {
	int fd;
	char name[32];			/* "" once it is placed */
};

int store_temporary_open(struct store *store, struct temporary *temporary, struct error *err);
/* fsync, rename to `directory`/`name` below the store, fsync of the directory. */
int store_temporary_place(struct store *store, struct temporary *temporary, const char *directory,
			  const char *name, struct error *err);
void store_temporary_discard(struct store *store, struct temporary *temporary);

/* fsync of a directory below the store. */
int store_sync_directory(struct store *store, const char *name, struct error *err);

/* Replaces a file at the top of the store, whole. */
int store_replace(struct store *store, const char *name, const void *data, size_t length, struct error *err);

/*
 * What a name is to stand for that stood for `there`, once `manifest` is made, too: an index of both, which is put into the store, or
 * `manifest` alone where there is nothing of another platform.
 */
int store_put_beside(struct store *store, const struct oci_descriptor *there, const struct oci_descriptor *manifest, struct arena *arena,
		     struct oci_descriptor *entry, struct error *err);

/* A descriptor that holds the lock until it is closed, or -1. */
int store_lock_index(struct store *store, struct error *err);

/* "blobs/ALGORITHM/HEX" */
const char *store_blob_path(const struct digest *digest, struct arena *arena);

#endif
