/* SPDX-License-Identifier: Apache-2.0 */
/* How much of an image is what: by container, by layer, by directory. */
#ifndef MKIMAGE_INSPECT_SIZES_H
#define MKIMAGE_INSPECT_SIZES_H

#include "tools/mkimage/inspect/inspect.h"

/* Fills all contents_size of an image. */
void sizes_add_up(struct contents *contents, struct arena *arena);

/* A directory with what is below it, or a file. A file with several names counts where it comes first. */
struct size_node {
	const struct tree_node *node;	/* NULL: what was too small to be told of by itself */
	const char *name;		/* UTF-8 */
	struct contents_size size;
	struct size_node *children;	/* largest first */
	size_t children_count;
};

/*
 * All directories of the root. `smallest`: files, too, and what has fewer bytes comes together as one child without a node; 0:
 * directories alone.
 */
struct size_node *sizes_tree(const struct contents *contents, uint64_t smallest, struct arena *arena);

/* The same as JSON: objects of name, files, bytes and children. */
int report_json_tree(const struct size_node *tree, struct buffer *out, struct error *err);

#endif
