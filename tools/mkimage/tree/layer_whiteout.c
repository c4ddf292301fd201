/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/tree/layer_whiteout.h"

#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "tools/mkimage/tree/node.h"

#define PREFIX      ".wh."
#define META_PREFIX ".wh..wh."
#define OPAQUE      ".wh..wh..opq"

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static enum layer_name name_of_base(const char *base)
{
	const char *hidden = base + strlen(PREFIX);

	if (!starts(base, PREFIX))
		return LAYER_NAME_PLAIN;
	if (strcmp(base, OPAQUE) == 0)
		return LAYER_NAME_OPAQUE;
	if (starts(base, META_PREFIX))
		return LAYER_NAME_AUFS;
	/* Nothing, the directory itself, and its parent. */
	if (*hidden == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
		return LAYER_NAME_REFUSED;
	return LAYER_NAME_WHITEOUT;
}

enum layer_name layer_name_of(const char *path)
{
	if (starts(path, LAYER_AUFS_LINKS "/"))
		return LAYER_NAME_AUFS_LINK;
	if (starts(path, META_PREFIX) && strcmp(path, OPAQUE) != 0)
		return LAYER_NAME_AUFS;
	/* Nothing can be inside a whiteout. */
	for (const char *p = path, *slash; (slash = strchr(p, '/')); p = slash + 1) {
		if (starts(p, PREFIX))
			return LAYER_NAME_REFUSED;
	}
	return name_of_base(path_base(path));
}

static bool hide(struct tree *tree, struct tree_node *node);

/* True where something stays. Each directory is gone over at most once for a layer: then nothing lower is left. */
static bool hide_children(struct tree *tree, struct tree_node *directory)
{
	bool stays = false;

	if (directory->cleared == tree->layer)
		return directory->children_count > 0;
	directory->cleared = tree->layer;
	for (size_t i = 0; i < directory->children_count; i++) {
		struct tree_node *child = directory->children[i];

		if (!child->gone && hide(tree, child))
			stays = true;
	}
	return stays;
}

static bool hide(struct tree *tree, struct tree_node *node)
{
	bool stays = S_ISDIR(node->inode->mode) && hide_children(tree, node);

	if (node->layer == tree->layer)
		return true;
	if (!stays) {
		node_remove(tree, node);
		return false;
	}
	inode_set_attributes(node->inode, &implied_directory);
	inode_clear_xattrs(node->inode);
	node->layer = tree->layer;
	return true;
}

int layer_whiteout(struct tree *tree, const char *path, struct error *err)
{
	char name[TREE_NAME_MAX + 1];
	struct tree_node *parent = tree_make_parent(tree, path, name, err);
	struct tree_node *node;

	if (!parent)
		return -1;
	node = node_child(parent, name + strlen(PREFIX));
	if (node)
		(void)hide(tree, node);
	return 0;
}

int layer_opaque(struct tree *tree, const char *path, struct error *err)
{
	char name[TREE_NAME_MAX + 1];
	struct tree_node *parent = tree_make_parent(tree, path, name, err);

	if (!parent)
		return -1;
	(void)hide_children(tree, parent);
	return 0;
}
