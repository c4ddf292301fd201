/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/root/owners.h"

#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/compile/compile.h"

/* struct vfs_ns_cap_data of linux/capability.h: little endian. Revision 3 says whose root it is for. */
#define CAPABILITY_XATTR "security.capability"
#define CAPABILITY_2 0x02
#define CAPABILITY_3 0x03
#define CAPABILITY_2_SIZE 20
#define CAPABILITY_3_SIZE 24

struct mapping {
	struct tree *tree;
	const struct oci_linux *container;
};

/* A file with capabilities has them for the machine's root alone, unless it says otherwise. */
static int map_capability(const struct mapping *m, struct tree_node *node, struct error *err)
{
	unsigned char value[CAPABILITY_3_SIZE];
	uint32_t root = 0;

	(void)compile_map_id(&m->container->uid_mappings, &root);
	for (size_t i = 0; i < node->inode->xattrs_count; i++) {
		const struct tree_xattr *x = &node->inode->xattrs[i];

		if (strcmp(x->name, CAPABILITY_XATTR) != 0 || x->length != CAPABILITY_2_SIZE ||
		    ((const unsigned char *)x->value)[3] != CAPABILITY_2)
			continue;
		memcpy(value, x->value, CAPABILITY_2_SIZE);
		value[3] = CAPABILITY_3;
		for (int byte = 0; byte < 4; byte++)
			value[CAPABILITY_2_SIZE + byte] = (unsigned char)(root >> 8 * byte);
		return tree_set_xattr(m->tree, node, CAPABILITY_XATTR, value, sizeof(value), err);
	}
	return 0;
}

static int map_node(const struct mapping *m, struct tree_node *node, struct error *err)
{
	struct tree_inode *inode = node->inode;
	struct arena arena = { 0 };

	if (inode->user)
		return 0;
	inode->user = inode;		/* another link of it is not to be mapped again */
	if (!compile_map_id(&m->container->uid_mappings, &inode->uid) ||
	    !compile_map_id(&m->container->gid_mappings, &inode->gid)) {
		(void)error_set(err, "'%s' belongs to %u:%u, which its user namespace does not have", tree_path(node, &arena),
				inode->uid, inode->gid);
		arena_release(&arena);
		return -1;
	}
	return map_capability(m, node, err);
}

static int map_all(const struct mapping *m, struct tree_node *node, struct error *err)
{
	if (map_node(m, node, err) < 0)
		return -1;
	for (size_t i = 0; i < node->children_count; i++)
		if (map_all(m, node->children[i], err) < 0)
			return -1;
	return 0;
}

static void forget_all(struct tree_node *node)
{
	node->inode->user = NULL;
	for (size_t i = 0; i < node->children_count; i++)
		forget_all(node->children[i]);
}

int owners_map(struct tree *root, const char *path, const struct oci_linux *container, struct error *err)
{
	const struct mapping m = { root, container };
	struct tree_node *node = tree_find(root, path);
	int r;

	if (!node || container->uid_mappings.count == 0)
		return 0;
	r = map_all(&m, node, err);
	forget_all(node);
	return r;
}
