/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees kept from one build to the next, so that layers which have not changed need not be decompressed, hashed and taken apart
 * again. A snapshot is one file: contents, then a list of all nodes, then a check of that. Contents are checked against their
 * sha256 when they are read.
 *
 * Making one costs little: its file is where the contents of the tree are spooled to. Where it cannot be made, or grows too
 * large, there is none. Old ones go when there are too many.
 */
#ifndef MKIMAGE_TREE_SNAPSHOT_H
#define MKIMAGE_TREE_SNAPSHOT_H

#include <stdbool.h>

#include "tools/mkimage/tree/tree.h"

#define SNAPSHOT_BYTES_MAX  (1ull << 30)	/* of one */
#define SNAPSHOTS_BYTES_MAX (4ull << 30)	/* of all in a cache */

struct snapshot_name {
	const char *cache;		/* what store_cache() gives; NULL: nothing is kept */
	const char *key;		/* all that the files of the tree depend on */
	const char *stamp;		/* of what it was made from: where that has been written to since, it is made anew, and checked */
};

/*
 * Fills a tree, which must be empty, with what was kept under a name, and says whether there was any. The origins of the nodes
 * count from that of the tree (tree_set_origin).
 */
bool snapshot_load(struct tree *tree, const struct snapshot_name *name);

struct snapshot;

/* Begins one of a tree that is empty yet; NULL where it cannot be. Trees that share the spool with this one are left alone until its end. */
struct snapshot *snapshot_begin(struct tree *tree, const struct snapshot_name *name);

/* Ends it, and puts it in place where the tree is `whole`. NULL is fine. */
void snapshot_end(struct snapshot *snapshot, bool whole);

#endif
