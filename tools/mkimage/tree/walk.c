/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/tree/tree.h"

#include <assert.h>
#include <string.h>

#include "tools/mkimage/tree/node.h"

struct walk {
	tree_visitor *visit;
	void *context;
	char path[TREE_PATH_MAX + 1];
};

/* `length` bytes of the path are there already: those of the node. */
static int walk_node(struct walk *walk, struct tree_node *node, size_t length, struct error *err)
{
	walk->path[length] = '\0';
	if (walk->visit(node, walk->path, walk->context, err) < 0)
		return -1;
	for (size_t i = 0; i < node->children_count; i++) {
		struct tree_node *child = node->children[i];
		size_t start = length > 0 ? length + 1 : 0;

		if (length > 0)
			walk->path[length] = '/';
		memcpy(walk->path + start, child->name, child->path_length - start);
		if (walk_node(walk, child, child->path_length, err) < 0)
			return -1;
	}
	return 0;
}

int tree_walk(struct tree *tree, tree_visitor *visit, void *context, struct error *err)
{
	struct walk walk = { .visit = visit, .context = context };

	assert(tree->batches == 0);
	return walk_node(&walk, tree->root, 0, err);
}

const char *tree_path(const struct tree_node *node, struct arena *arena)
{
	size_t end = node->path_length;
	char *path = arena_alloc(arena, end + 1);

	for (; node->parent; node = node->parent) {
		size_t length = strlen(node->name);

		memcpy(path + end - length, node->name, length);
		end -= length;
		if (end > 0)
			path[--end] = '/';
	}
	return path;
}

static int clamp(struct tree_node *node, const char *path, void *context, struct error *err)
{
	const int64_t *limit = context;

	(void)path;
	(void)err;
	if (node->inode->mtime > *limit)
		node->inode->mtime = *limit;
	return 0;
}

void tree_clamp_times(struct tree *tree, int64_t limit)
{
	(void)tree_walk(tree, clamp, &limit, NULL);
}
