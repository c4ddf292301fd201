/* SPDX-License-Identifier: Apache-2.0 */
/* One tree put into another. */
#include "tools/mkimage/tree/tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/mkimage/tree/node.h"

struct graft {
	struct tree *to, *from;
};

static struct tree_attributes attributes_of(const struct tree_inode *inode)
{
	return (struct tree_attributes){
		.mode = inode->mode & 07777, .uid = inode->uid, .gid = inode->gid, .mtime = inode->mtime
	};
}

static int copy_xattrs(struct tree *to, struct tree_node *node, const struct tree_inode *from,
		       struct error *err)
{
	for (size_t i = 0; i < from->xattrs_count; i++) {
		const struct tree_xattr *x = &from->xattrs[i];

		if (tree_set_xattr(to, node, x->name, x->value, x->length, err) < 0)
			return -1;
	}
	return 0;
}

/* A regular file's contents: the place in the shared spool, or a copy in the other's. */
static int copy_contents(struct graft *g, const struct tree_inode *from, uint64_t *offset, struct error *err)
{
	static char chunk[65536];
	struct tree_spool *spool;
	uint64_t done = 0;
	long n;

	if (g->to->spool == g->from->spool) {
		*offset = from->spool_offset;
		return 0;
	}
	if (tree_spool_begin(g->to, &spool, err) < 0)
		return -1;
	while ((n = tree_read(g->from, from, done, chunk, sizeof(chunk), err)) > 0) {
		if (tree_spool_add(spool, chunk, (size_t)n, err) < 0)
			break;
		done += (uint64_t)n;
	}
	if (n == 0)
		return spool_finish(spool, offset, err);
	tree_spool_discard(spool);
	return -1;
}

static struct tree_inode *copy_inode(struct graft *g, const struct tree_inode *from, struct error *err)
{
	struct tree_attributes attributes = attributes_of(from);
	uint64_t offset = 0;
	struct tree_inode *inode;

	if (S_ISREG(from->mode) && copy_contents(g, from, &offset, err) < 0)
		return NULL;
	inode = inode_new(g->to, from->mode & S_IFMT, &attributes, err);
	if (!inode)
		return NULL;
	inode->size = from->size;
	inode->spool_offset = offset;
	inode->rdev_major = from->rdev_major;
	inode->rdev_minor = from->rdev_minor;
	if (from->target && !(inode->target = strdup(from->target)))
		arena_out_of_memory();
	return inode;
}

/* The copy of an inode; the other links find it through `user`. */
static int graft_file(struct graft *g, struct tree_node *directory, const char *name,
		      const struct tree_node *from, struct error *err)
{
	struct tree_inode *inode = from->inode->user ? from->inode->user : copy_inode(g, from->inode, err);
	bool first = !from->inode->user;
	struct tree_node *node;

	if (!inode)
		return -1;
	node = node_put(g->to, directory, name, inode, err);
	if (!node)
		return -1;
	node->origin = from->origin;
	if (from->inode->links > 1)
		from->inode->user = inode;
	return first ? copy_xattrs(g->to, node, from->inode, err) : 0;
}

static int graft_children(struct graft *g, struct tree_node *directory, const struct tree_node *from,
			  struct error *err)
{
	for (size_t i = 0; i < from->children_count; i++) {
		const struct tree_node *child = from->children[i];
		struct tree_attributes attributes = attributes_of(child->inode);
		struct tree_node *node;

		if (!S_ISDIR(child->inode->mode)) {
			if (graft_file(g, directory, child->name, child, err) < 0)
				return -1;
			continue;
		}
		node = node_put_directory(g->to, directory, child->name, &attributes, err);
		if (!node)
			return -1;
		node->origin = child->origin;
		if (copy_xattrs(g->to, node, child->inode, err) < 0 || graft_children(g, node, child, err) < 0)
			return -1;
	}
	return 0;
}

static int forget(struct tree_node *node, const char *path, void *context, struct error *err)
{
	(void)path;
	(void)context;
	(void)err;
	node->inode->user = NULL;
	return 0;
}

/* A directory with all below it: the root of a whole tree, or one that is named. */
static int graft_directory(struct graft *g, const char *path, const struct tree_node *from, struct error *err)
{
	struct tree_attributes attributes = attributes_of(from->inode);
	struct tree_node *node;

	if (tree_add_directory(g->to, path, &attributes, &node, err) < 0 ||
	    copy_xattrs(g->to, node, from->inode, err) < 0)
		return -1;
	return graft_children(g, node, from, err);
}

static int graft_single(struct graft *g, const char *path, const struct tree_node *from, struct error *err)
{
	char name[TREE_NAME_MAX + 1];
	struct tree_node *parent = tree_make_parent(g->to, path, name, err);

	return parent ? graft_file(g, parent, name, from, err) : -1;
}

static int graft(struct tree *to, const char *path, struct tree *from, const struct tree_node *node,
		 struct error *err)
{
	struct graft g = { .to = to, .from = from };
	int r;

	assert(to != from);
	tree_batch_begin(to);
	if (S_ISDIR(node->inode->mode))
		r = graft_directory(&g, path, node, err);
	else
		r = graft_single(&g, path, node, err);
	tree_batch_end(to);
	(void)tree_walk(from, forget, NULL, NULL);
	return r;
}

int tree_graft(struct tree *to, const char *path, struct tree *from, struct error *err)
{
	return graft(to, path, from, from->root, err);
}

int tree_copy(struct tree *to, const char *path, struct tree *from, const char *from_path, struct error *err)
{
	struct tree_node *node = tree_resolve(from, from_path, true);

	if (!node)
		return error_set(err, "'/%s' is missing", from_path);
	return graft(to, path, from, node, err);
}
