/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/tree/tree.h"

#include <stdlib.h>
#include <string.h>

#include "tools/mkimage/tree/node.h"

/* Name and value, one behind the other in one allocation that the name owns. */
static struct tree_xattr xattr_new(const char *name, const void *value, size_t length)
{
	size_t name_size = strlen(name) + 1;
	char *copy = malloc(name_size + length);

	if (!copy)
		arena_out_of_memory();
	memcpy(copy, name, name_size);
	if (length > 0)
		memcpy(copy + name_size, value, length);
	return (struct tree_xattr){ .name = copy, .value = copy + name_size, .length = length };
}

static size_t names_size(const struct tree_inode *inode)
{
	size_t size = 0;

	for (size_t i = 0; i < inode->xattrs_count; i++)
		size += strlen(inode->xattrs[i].name) + 1;
	return size;
}

int tree_set_xattr(struct tree *tree, struct tree_node *node, const char *name, const void *value,
		   size_t length, struct error *err)
{
	struct tree_inode *inode = node->inode;
	size_t name_length = strlen(name), at = 0;
	struct tree_xattr *xattrs;

	(void)tree;
	if (name_length == 0 || name_length > TREE_XATTR_NAME_MAX)
		return error_set(err, "the name of an xattr has 1 to %u bytes, not %zu", TREE_XATTR_NAME_MAX,
				 name_length);
	if (length > TREE_XATTR_VALUE_MAX)
		return error_set(err, "the xattr '%s' has %zu bytes: at most %u", tree_shown(name).text,
				 length, TREE_XATTR_VALUE_MAX);
	while (at < inode->xattrs_count && strcmp(inode->xattrs[at].name, name) < 0)
		at++;
	xattrs = inode->xattrs;
	if (at < inode->xattrs_count && strcmp(xattrs[at].name, name) == 0) {
		struct tree_xattr old = xattrs[at];

		xattrs[at] = xattr_new(name, value, length);
		free((void *)old.name);
		return 0;
	}
	if (names_size(inode) + name_length + 1 > TREE_XATTRS_MAX)
		return error_set(err, "too many xattrs: their names have more than %u bytes",
				 TREE_XATTRS_MAX);
	xattrs = reallocarray(xattrs, inode->xattrs_count + 1, sizeof(*xattrs));
	if (!xattrs)
		arena_out_of_memory();
	memmove(xattrs + at + 1, xattrs + at, (inode->xattrs_count - at) * sizeof(*xattrs));
	xattrs[at] = xattr_new(name, value, length);
	inode->xattrs = xattrs;
	inode->xattrs_count++;
	return 0;
}
