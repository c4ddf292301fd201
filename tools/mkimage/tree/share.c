/* SPDX-License-Identifier: Apache-2.0 */
/* What several directories have in common, kept once. */
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/mkimage/tree/node.h"

struct share {
	struct tree *tree;
	const char *below;
	unsigned int depth;
	struct arena arena;
	void *files;			/* tsearch(3) of struct shared */
};

struct shared {
	const char *path;		/* from its own directory on */
	struct tree_inode *inode;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_xattrs(const struct tree_inode *a, const struct tree_inode *b)
{
	int r = compare_numbers(a->xattrs_count, b->xattrs_count);

	for (size_t i = 0; r == 0 && i < a->xattrs_count; i++) {
		const struct tree_xattr *x = &a->xattrs[i], *y = &b->xattrs[i];

		r = strcmp(x->name, y->name);
		if (r == 0)
			r = compare_numbers(x->length, y->length);
		if (r == 0 && x->length > 0)
			r = memcmp(x->value, y->value, x->length);
	}
	return r;
}

/* The spool has the same contents in one place. */
static int compare_inodes(const struct tree_inode *a, const struct tree_inode *b)
{
	const uint64_t of_a[] = { a->spool_offset, a->size, a->mode, a->uid, a->gid, (uint64_t)a->mtime };
	const uint64_t of_b[] = { b->spool_offset, b->size, b->mode, b->uid, b->gid, (uint64_t)b->mtime };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(of_a) / sizeof(*of_a); i++)
		r = compare_numbers(of_a[i], of_b[i]);
	return r ? r : compare_xattrs(a, b);
}

static int compare_files(const void *a, const void *b)
{
	const struct shared *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : compare_inodes(x->inode, y->inode);
}

/* NULL for what is not so deep. */
static const char *own_path(const struct share *s, const char *path)
{
	size_t length = strlen(s->below);

	if (strncmp(path, s->below, length) != 0 || path[length] != '/')
		return NULL;
	path += length;
	for (unsigned int i = 0; path && i <= s->depth; i++)
		path = strchr(path + 1, '/');
	return path;
}

static int share_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct share *s = context;
	const char *own = own_path(s, path);
	struct shared *file, **found;

	(void)err;
	if (!own || !S_ISREG(node->inode->mode) || node->inode->size == 0)
		return 0;
	file = arena_alloc(&s->arena, sizeof(*file));
	*file = (struct shared){ arena_strdup(&s->arena, own), node->inode };
	found = tsearch(file, &s->files, compare_files);
	if (!found)
		arena_out_of_memory();
	if ((*found)->inode != node->inode)
		node_set_inode(s->tree, node, (*found)->inode);
	return 0;
}

static void keep(void *file)
{
	(void)file;
}

void tree_share(struct tree *tree, const char *below, unsigned int depth)
{
	struct share s = { .tree = tree, .below = below, .depth = depth };

	(void)tree_walk(tree, share_node, &s, NULL);
	tdestroy(s.files, keep);
	arena_release(&s.arena);
}
