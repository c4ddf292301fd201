/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/tree/node.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const struct tree_attributes implied_directory = { .mode = 0755 };

/* --- inodes ---------------------------------------------------------------------------------- */

void inode_set_attributes(struct tree_inode *inode, const struct tree_attributes *attributes)
{
	int64_t mtime = attributes->mtime;

	inode->mode = (inode->mode & S_IFMT) | (attributes->mode & 07777);
	inode->uid = attributes->uid;
	inode->gid = attributes->gid;
	inode->mtime = mtime < 0 ? 0 : mtime > UINT32_MAX ? UINT32_MAX : mtime;
}

struct tree_inode *inode_new(struct tree *tree, mode_t type, const struct tree_attributes *attributes,
			     struct error *err)
{
	struct tree_inode *inode;

	if (tree->last_number == UINT32_MAX) {
		error_set(err, "too many files came and went: more than %u", UINT32_MAX);
		return NULL;
	}
	inode = calloc(1, sizeof(*inode));
	if (!inode)
		arena_out_of_memory();
	inode->mode = type;
	inode_set_attributes(inode, attributes);
	inode->number = ++tree->last_number;
	tree->inodes++;
	return inode;
}

void inode_clear_xattrs(struct tree_inode *inode)
{
	/* Name and value are one allocation: see tree_set_xattr. */
	for (size_t i = 0; i < inode->xattrs_count; i++)
		free((void *)inode->xattrs[i].name);
	free(inode->xattrs);
	inode->xattrs = NULL;
	inode->xattrs_count = 0;
}

void inode_release(struct tree *tree, struct tree_inode *inode)
{
	if (inode->links > 0)
		return;
	inode_clear_xattrs(inode);
	free((void *)inode->target);
	free(inode);
	tree->inodes--;
}

/* --- finding entries ------------------------------------------------------------------------- */

static int compare_nodes(const void *a, const void *b)
{
	const struct tree_node *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int compare_slots(const void *a, const void *b)
{
	struct tree_node *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Where `name` is or belongs among sorted children. */
static size_t position(const struct tree_node *directory, const char *name)
{
	size_t low = 0, high = directory->children_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(directory->children[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct tree_node *node_child(const struct tree_node *directory, const char *name)
{
	size_t at;

	if (directory->unsorted) {
		struct tree_node key = { .name = name };
		struct tree_node **slot = tfind(&key, &directory->index, compare_nodes);

		return slot ? *slot : NULL;
	}
	at = position(directory, name);
	if (at == directory->children_count || directory->children[at]->gone ||
	    strcmp(directory->children[at]->name, name) != 0)
		return NULL;
	return directory->children[at];
}

/* --- batches --------------------------------------------------------------------------------- */

static void keep_index_keys(void *node)
{
	(void)node;
}

static void index_drop(struct tree_node *directory)
{
	tdestroy(directory->index, keep_index_keys);
	directory->index = NULL;
	directory->unsorted = false;
}

static void index_add(struct tree_node *directory, struct tree_node *node)
{
	if (!tsearch(node, &directory->index, compare_nodes))
		arena_out_of_memory();
}

static void *grow(void *items, size_t *capacity, size_t size)
{
	size_t bytes;

	*capacity = *capacity ? *capacity * 2 : 4;
	if (__builtin_mul_overflow(*capacity, size, &bytes))
		arena_out_of_memory();
	items = realloc(items, bytes);
	if (!items)
		arena_out_of_memory();
	return items;
}

static void mark_dirty(struct tree *tree, struct tree_node *directory)
{
	if (directory->dirty)
		return;
	if (tree->dirty_count == tree->dirty_capacity)
		tree->dirty = grow(tree->dirty, &tree->dirty_capacity, sizeof(struct tree_node *));
	tree->dirty[tree->dirty_count++] = directory;
	directory->dirty = true;
}

static void mend(struct tree_node *directory)
{
	size_t kept = 0;

	for (size_t i = 0; i < directory->children_count; i++) {
		if (!directory->children[i]->gone)
			directory->children[kept++] = directory->children[i];
	}
	directory->children_count = kept;
	if (!directory->unsorted)
		return;
	index_drop(directory);
	qsort(directory->children, kept, sizeof(struct tree_node *), compare_slots);
}

static void free_gone(struct tree *tree)
{
	while (tree->gone) {
		struct tree_node *node = tree->gone;

		tree->gone = node->parent;
		free(node);
	}
}

void tree_batch_begin(struct tree *tree)
{
	tree->batches++;
}

void tree_batch_end(struct tree *tree)
{
	assert(tree->batches > 0);
	if (--tree->batches > 0)
		return;
	for (size_t i = 0; i < tree->dirty_count; i++) {
		struct tree_node *directory = tree->dirty[i];

		directory->dirty = false;
		if (!directory->gone)
			mend(directory);
	}
	free(tree->dirty);
	tree->dirty = NULL;
	tree->dirty_count = tree->dirty_capacity = 0;
	free_gone(tree);
}

/* --- taking away ----------------------------------------------------------------------------- */

static void bury(struct tree *tree, struct tree_node *node);

void node_set_inode(struct tree *tree, struct tree_node *node, struct tree_inode *inode)
{
	struct tree_inode *old = node->inode;

	if (inode)
		inode->links++;
	node->inode = inode;
	if (old) {
		old->links--;
		inode_release(tree, old);
	}
}

static void bury_children(struct tree *tree, struct tree_node *directory)
{
	for (size_t i = 0; i < directory->children_count; i++) {
		if (!directory->children[i]->gone)
			bury(tree, directory->children[i]);
	}
	free(directory->children);
	directory->children = NULL;
	directory->children_count = directory->children_capacity = 0;
	index_drop(directory);
}

/* The node gives up all that it holds; itself it is freed when nothing can point to it any more. */
static void bury(struct tree *tree, struct tree_node *node)
{
	bury_children(tree, node);
	node_set_inode(tree, node, NULL);
	node->gone = true;
	node->parent = tree->gone;
	tree->gone = node;
	tree->nodes--;
}

void tree_remove_children(struct tree *tree, struct tree_node *directory)
{
	bury_children(tree, directory);
	if (tree->batches == 0)
		free_gone(tree);
}

void node_remove(struct tree *tree, struct tree_node *node)
{
	struct tree_node *parent = node->parent;
	size_t at;

	if (tree->batches > 0) {
		if (parent->unsorted)
			(void)tdelete(node, &parent->index, compare_nodes);
		mark_dirty(tree, parent);
		bury(tree, node);
		return;
	}
	at = position(parent, node->name);
	assert(at < parent->children_count && parent->children[at] == node);
	memmove(parent->children + at, parent->children + at + 1,
		(--parent->children_count - at) * sizeof(struct tree_node *));
	bury(tree, node);
	free_gone(tree);
}

/* --- putting --------------------------------------------------------------------------------- */

static void insert_at(struct tree_node *directory, size_t at, struct tree_node *node)
{
	if (directory->children_count == directory->children_capacity)
		directory->children =
			grow(directory->children, &directory->children_capacity, sizeof(struct tree_node *));
	memmove(directory->children + at + 1, directory->children + at,
		(directory->children_count - at) * sizeof(struct tree_node *));
	directory->children[at] = node;
	directory->children_count++;
}

static void insert(struct tree *tree, struct tree_node *directory, struct tree_node *node)
{
	size_t count = directory->children_count;
	bool last = count == 0 || strcmp(directory->children[count - 1]->name, node->name) < 0;

	if (tree->batches == 0) {
		insert_at(directory, last ? count : position(directory, node->name), node);
		return;
	}
	if (!directory->unsorted && !last) {
		for (size_t i = 0; i < count; i++) {
			if (!directory->children[i]->gone)
				index_add(directory, directory->children[i]);
		}
		directory->unsorted = true;
		mark_dirty(tree, directory);
	}
	insert_at(directory, count, node);
	if (directory->unsorted)
		index_add(directory, node);
}

static struct tree_node *node_new(struct tree *tree, struct tree_node *directory, const char *name,
				  struct error *err)
{
	size_t length = strlen(name);
	size_t path_length = directory->path_length + (directory->parent ? 1 : 0) + length;
	struct tree_node *node;
	char *copy;

	assert(length > 0 && !strchr(name, '/'));
	if (length > TREE_NAME_MAX || path_length > TREE_PATH_MAX) {
		error_set(err, "the path is too long: at most %u bytes, each name at most %u", TREE_PATH_MAX,
			  TREE_NAME_MAX);
		return NULL;
	}
	if (tree->nodes >= TREE_ENTRIES_MAX) {
		error_set(err, "too many files: at most %u", TREE_ENTRIES_MAX);
		return NULL;
	}
	node = calloc(1, sizeof(*node) + length + 1);
	if (!node)
		arena_out_of_memory();
	copy = (char *)(node + 1);
	memcpy(copy, name, length);
	node->name = copy;
	node->parent = directory;
	node->path_length = (uint16_t)path_length;
	tree->nodes++;
	insert(tree, directory, node);
	return node;
}

struct tree_node *node_put(struct tree *tree, struct tree_node *directory, const char *name,
			   struct tree_inode *inode, struct error *err)
{
	struct tree_node *node = node_child(directory, name);

	if (node) {
		/* The new inode first: it may be one that lives below what goes. */
		node_set_inode(tree, node, inode);
		tree_remove_children(tree, node);
	} else {
		node = node_new(tree, directory, name, err);
		if (!node) {
			inode_release(tree, inode);
			return NULL;
		}
		node_set_inode(tree, node, inode);
	}
	node->layer = tree->layer;
	node->origin = tree->origin;
	return node;
}

struct tree_node *node_put_directory(struct tree *tree, struct tree_node *directory, const char *name,
				     const struct tree_attributes *attributes, struct error *err)
{
	struct tree_node *node = node_child(directory, name);
	struct tree_inode *inode;

	if (!node || !S_ISDIR(node->inode->mode)) {
		inode = inode_new(tree, S_IFDIR, attributes, err);
		return inode ? node_put(tree, directory, name, inode, err) : NULL;
	}
	inode_set_attributes(node->inode, attributes);
	inode_clear_xattrs(node->inode);
	node->layer = tree->layer;
	node->origin = tree->origin;
	return node;
}
