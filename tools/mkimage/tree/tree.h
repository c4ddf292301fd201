/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of files in memory: names, owners, modes, times, xattrs, device
 * numbers and hard links as they will be in an image, whoever runs the
 * build. Contents are spooled to an unlinked temporary file, each distinct
 * content once (by sha256), so that memory is bounded whatever an image holds.
 *
 * Paths are relative to the root of the tree, cleaned by path_clean(), without a
 * leading slash; "" is the root directory. (One that is not clean is cleaned on
 * the way in.) Entries of a directory are kept sorted by strcmp(), which is the order of every output.
 *
 * A node stays valid until it is removed or the tree is closed; an inode until its last
 * node is gone or takes another inode.
 */
#ifndef MKIMAGE_TREE_TREE_H
#define MKIMAGE_TREE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

#define TREE_ENTRIES_MAX 4000000u
#define TREE_PATH_MAX 4095u
#define TREE_NAME_MAX 255u
#define TREE_TARGET_MAX 4095u		/* bytes of a symlink's target */
#define TREE_SYMLINKS_MAX 40u		/* followed for one path, as the kernel does */
#define TREE_PARTS_MAX 4096u		/* of one path, those of the symlinks it leads through included */
/* Linux's own (linux/limits.h): XATTR_NAME_MAX, XATTR_SIZE_MAX, XATTR_LIST_MAX. */
#define TREE_XATTR_NAME_MAX 255u
#define TREE_XATTR_VALUE_MAX 65536u
#define TREE_XATTRS_MAX 65536u		/* bytes of all names of one inode, with their NULs */

struct tree_xattr {
	const char *name;		/* "user.x", "security.capability" */
	const void *value;
	size_t length;
};

/*
 * What a hard link shares. Several nodes may point to one inode; `links` counts them.
 */
struct tree_inode {
	mode_t mode;			/* type and permission bits */
	uint32_t uid, gid;
	int64_t mtime;			/* seconds since the epoch; clamped to 0..2^32-1 */
	uint32_t links;
	uint32_t number;		/* unique in the tree, from 1, in order of creation */
	uint64_t size;			/* regular files */
	uint64_t spool_offset;		/* regular files: where the contents are */
	const char *target;		/* symlinks */
	uint32_t rdev_major, rdev_minor;	/* device nodes */
	struct tree_xattr *xattrs;	/* sorted by name */
	size_t xattrs_count;
	void *user;			/* for writers: scratch, NULL at start */
};

struct tree_node {
	const char *name;		/* "" for the root */
	struct tree_inode *inode;
	struct tree_node *parent;	/* NULL for the root */
	struct tree_node **children;	/* directories: sorted by name */
	size_t children_count, children_capacity;
	uint16_t origin;		/* what tree_set_origin() said when it was put; 0: nothing in particular */
	/* The rest is the tree's own (node.c, layer_whiteout.c). */
	void *index;			/* tsearch(3) of the children while `unsorted` */
	uint32_t layer;			/* the layer that put the entry here */
	uint32_t cleared;		/* the last layer whose whiteouts went over all below */
	uint16_t path_length;		/* bytes */
	bool unsorted, dirty, gone;	/* states inside a batch only */
};

struct tree;

/* `spool_directory` NULL: $TMPDIR, else /var/tmp, else /tmp. */
int tree_open(const char *spool_directory, struct tree **tree, struct error *err);
/* A descriptor of a file without a name, in the same place, for what is too large to be held in memory; -1 with the error. */
int tree_temporary(const char *spool_directory, struct error *err);
void tree_close(struct tree *tree);

struct tree_node *tree_root(struct tree *tree);

/* The arena that lives as long as the tree. */
struct arena *tree_arena(struct tree *tree);

/* The node at a path, NULL where there is none. Symlinks are not followed. */
struct tree_node *tree_find(struct tree *tree, const char *path);

/*
 * The path with symlinks followed inside the tree as a chroot would (at most 40),
 * NULL where it leads nowhere. The last part is followed only when `follow_last`.
 */
struct tree_node *tree_resolve(struct tree *tree, const char *path, bool follow_last);

/*
 * What is put from now on has this origin, a number that means something to the caller. layer_apply_image() counts it up:
 * each layer has the next one. tree_graft() and tree_copy() keep the origins of what they copy.
 */
void tree_set_origin(struct tree *tree, uint16_t origin);

/* What an entry shall be; zero is root's, mode 0, time 0. */
struct tree_attributes {
	mode_t mode;			/* permission bits */
	uint32_t uid, gid;
	int64_t mtime;
};

/*
 * Each puts an entry at a path, in place of what was there, except that a
 * directory over a directory keeps its children and takes the new attributes (its
 * xattrs are dropped, for the caller to set anew), and that a non-directory over a
 * directory takes the place of the whole of it. Parents that are missing are made (mode 0755,
 * root's, time 0). Where a parent is a symlink it is followed inside the tree, and where it
 * leads nowhere that is made; a parent that is another kind of file is an error.
 */
int tree_add_directory(struct tree *tree, const char *path, const struct tree_attributes *attributes,
		       struct tree_node **node, struct error *err);
int tree_add_symlink(struct tree *tree, const char *path, const char *target,
		     const struct tree_attributes *attributes, struct tree_node **node, struct error *err);
int tree_add_file(struct tree *tree, const char *path, const void *data, size_t length,
		  const struct tree_attributes *attributes, struct tree_node **node, struct error *err);
/* `type` is S_IFCHR, S_IFBLK, S_IFIFO or S_IFSOCK. */
int tree_add_special(struct tree *tree, const char *path, mode_t type, uint32_t major, uint32_t minor,
		     const struct tree_attributes *attributes, struct tree_node **node, struct error *err);
/* A hard link to the file at `existing`, which must be there and not be a directory. */
int tree_add_link(struct tree *tree, const char *path, const char *existing, struct tree_node **node,
		  struct error *err);

/* A file from the host, by descriptor: contents only. */
int tree_add_file_fd(struct tree *tree, const char *path, int fd, const struct tree_attributes *attributes,
		     struct tree_node **node, struct error *err);

/*
 * A file in pieces: begin, add ..., end (which gives the node, and ends it when it fails, too).
 * tree_spool_discard is safe after end. One at a time on one spool.
 */
struct tree_spool;
int tree_spool_begin(struct tree *tree, struct tree_spool **spool, struct error *err);
int tree_spool_add(struct tree_spool *spool, const void *data, size_t length, struct error *err);
/* A hole: `length` zero bytes. */
int tree_spool_zeros(struct tree_spool *spool, uint64_t length, struct error *err);
int tree_spool_end(struct tree_spool *spool, const char *path, const struct tree_attributes *attributes,
		   struct tree_node **node, struct error *err);
void tree_spool_discard(struct tree_spool *spool);

/* Sets an xattr of the inode, in place of one of that name. */
int tree_set_xattr(struct tree *tree, struct tree_node *node, const char *name, const void *value, size_t length,
		   struct error *err);

/* Takes the entry and all below it away; true where there was one. The root stays. */
bool tree_remove(struct tree *tree, const char *path);

/* All below a directory, not itself. */
void tree_remove_children(struct tree *tree, struct tree_node *directory);

/*
 * Puts the whole of `from` (its root's children, attributes and xattrs) at `path` of `to`:
 * hard links inside stay links. Both stay usable; contents are copied between spools, or
 * shared where both trees have the same one (tree_open_shared).
 */
int tree_graft(struct tree *to, const char *path, struct tree *from, struct error *err);

/* The same for one entry of `from`, with all below it where it is a directory. Symlinks on the way are followed. */
int tree_copy(struct tree *to, const char *path, struct tree *from, const char *from_path, struct error *err);

/* A new empty tree on the same spool. */
int tree_open_shared(struct tree *with, struct tree **tree, struct error *err);

/* Contents of a regular file: reads at an offset. Bytes read, 0 at the end, -1 with the error. */
long tree_read(const struct tree *tree, const struct tree_inode *inode, uint64_t offset, void *data, size_t length,
	       struct error *err);

/* The whole file as bytes in the arena, NUL behind them; longer than `max` is an error. */
int tree_read_whole(const struct tree *tree, const struct tree_inode *inode, size_t max, struct arena *arena,
		    char **data, size_t *length, struct error *err);

/*
 * Of all files below the directory `below` that are the same in contents, attributes and xattrs, and have the same path from
 * `depth` directories further down on, one is kept and the others become hard links to it. Never two of one directory of that depth.
 */
void tree_share(struct tree *tree, const char *below, unsigned int depth);

/*
 * Visits every node, a directory before its children, siblings in order. `path` is valid
 * during the call only. A visitor that returns -1 ends the walk, which returns -1. It may
 * change inodes, but not add or remove entries.
 */
typedef int tree_visitor(struct tree_node *node, const char *path, void *context, struct error *err);
int tree_walk(struct tree *tree, tree_visitor *visit, void *context, struct error *err);

/* The path of a node, in the arena. */
const char *tree_path(const struct tree_node *node, struct arena *arena);

uint32_t tree_inodes(const struct tree *tree);	/* how many there are */

/* Every mtime above `limit` becomes `limit` (SOURCE_DATE_EPOCH). */
void tree_clamp_times(struct tree *tree, int64_t limit);

#endif
