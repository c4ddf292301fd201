/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the tree: nodes, inodes, and batches of changes.
 *
 * Entries are always in order for those who use tree.h. A batch puts that off: it lets a layer bring
 * a directory of a hundred thousand files in any order without moving the array for each. Inside
 * one, a directory may be `unsorted` (an index finds its entries) and may hold
 * nodes that are `gone`; the end of the batch sorts and frees.
 */
#ifndef MKIMAGE_TREE_NODE_H
#define MKIMAGE_TREE_NODE_H

#include "tools/mkimage/tree/spool.h"
#include "tools/mkimage/tree/tree.h"

struct tree {
	struct arena arena;
	struct spool *spool;		/* shared; counted */
	struct tree_node *root;
	uint32_t nodes, inodes;		/* that there are */
	uint32_t last_number;		/* of the inodes */
	uint32_t layer;			/* marks the nodes that are put now */
	uint16_t origin;		/* likewise, and means something to others */
	unsigned int batches;		/* nested */
	struct tree_node **dirty;	/* directories to mend at the end of the batch */
	size_t dirty_count, dirty_capacity;
	struct tree_node *gone;		/* nodes to free at the end of the batch, chained by `parent` */
};

void tree_batch_begin(struct tree *tree);
void tree_batch_end(struct tree *tree);

/* A new inode without a node: hand it to node_put, or to inode_release. */
struct tree_inode *inode_new(struct tree *tree, mode_t type, const struct tree_attributes *attributes,
			     struct error *err);
void inode_set_attributes(struct tree_inode *inode, const struct tree_attributes *attributes);
void inode_clear_xattrs(struct tree_inode *inode);
/* Frees an inode that no node has. */
void inode_release(struct tree *tree, struct tree_inode *inode);

/* The entry `name` of a directory, or NULL. */
struct tree_node *node_child(const struct tree_node *directory, const char *name);

/*
 * Puts `inode` under `name`, in place of what is there with all below it. The inode gains a link; where
 * putting fails and it has none, it is released.
 */
struct tree_node *node_put(struct tree *tree, struct tree_node *directory, const char *name,
			   struct tree_inode *inode, struct error *err);

/* `inode` (NULL is fine) gains a link, and the one that the node had loses one, with which it may go. */
void node_set_inode(struct tree *tree, struct tree_node *node, struct tree_inode *inode);

/* Takes a node away with all below it; not the root. */
void node_remove(struct tree *tree, struct tree_node *node);

/* The directory `name` of `directory`, with these attributes: what is there keeps its children. */
struct tree_node *node_put_directory(struct tree *tree, struct tree_node *directory, const char *name,
				     const struct tree_attributes *attributes, struct error *err);

/*
 * The directory that an entry at `path` goes into, made when missing, with symlinks
 * followed; gives the entry's own name (TREE_NAME_MAX + 1 bytes), "" for the root.
 */
struct tree_node *tree_make_parent(struct tree *tree, const char *path, char *name, struct error *err);

/* A regular file whose contents are in the spool already. */
int tree_add_spooled(struct tree *tree, const char *path, uint64_t offset, uint64_t size,
		     const struct tree_attributes *attributes, struct tree_node **node, struct error *err);

/* A name as it can stand in a message: one line, no control characters, not too long. */
struct shown {
	char text[201];
};
struct shown tree_shown(const char *name);

/* What a directory is that nobody described. */
extern const struct tree_attributes implied_directory;

#endif
