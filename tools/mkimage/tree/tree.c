/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/tree/tree.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/mkimage/tree/node.h"

/* --- open and close -------------------------------------------------------------------------- */

static struct tree *tree_new(struct spool *spool)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		arena_out_of_memory();
	tree->spool = spool;
	tree->root = calloc(1, sizeof(*tree->root));
	if (!tree->root)
		arena_out_of_memory();
	tree->root->name = "";
	tree->root->inode = inode_new(tree, S_IFDIR, &implied_directory, NULL);
	tree->root->inode->links = 1;
	tree->nodes = 1;
	return tree;
}

int tree_open(const char *spool_directory, struct tree **tree, struct error *err)
{
	struct spool *spool;

	if (spool_open(spool_directory, &spool, err) < 0)
		return -1;
	*tree = tree_new(spool);
	return 0;
}

int tree_open_shared(struct tree *with, struct tree **tree, struct error *err)
{
	(void)err;
	*tree = tree_new(spool_share(with->spool));
	return 0;
}

void tree_close(struct tree *tree)
{
	if (!tree)
		return;
	assert(tree->batches == 0);
	tree_remove_children(tree, tree->root);
	tree->root->inode->links = 0;
	inode_release(tree, tree->root->inode);
	free(tree->root);
	spool_close(tree->spool);
	arena_release(&tree->arena);
	free(tree);
}

struct tree_node *tree_root(struct tree *tree)
{
	return tree->root;
}

struct arena *tree_arena(struct tree *tree)
{
	return &tree->arena;
}

void tree_set_origin(struct tree *tree, uint16_t origin)
{
	tree->origin = origin;
}

uint32_t tree_inodes(const struct tree *tree)
{
	return tree->inodes;
}

/* --- adding ---------------------------------------------------------------------------------- */

/* What each of these does in the end: puts an inode at a path. */
static int put(struct tree *tree, const char *path, struct tree_inode *inode, struct tree_node **node,
	       struct error *err)
{
	char name[TREE_NAME_MAX + 1];
	struct tree_node *parent = tree_make_parent(tree, path, name, err);
	struct tree_node *added;

	if (parent && *name == '\0') {
		error_set(err, "the root can only be a directory");
		parent = NULL;
	}
	if (!parent) {
		inode_release(tree, inode);
		return -1;
	}
	added = node_put(tree, parent, name, inode, err);
	if (!added)
		return -1;
	if (node)
		*node = added;
	return 0;
}

int tree_add_directory(struct tree *tree, const char *path, const struct tree_attributes *attributes,
		       struct tree_node **node, struct error *err)
{
	char name[TREE_NAME_MAX + 1];
	struct tree_node *parent = tree_make_parent(tree, path, name, err);
	struct tree_node *added;

	if (!parent)
		return -1;
	if (*name == '\0') {
		inode_set_attributes(parent->inode, attributes);
		inode_clear_xattrs(parent->inode);
		added = parent;
	} else {
		added = node_put_directory(tree, parent, name, attributes, err);
		if (!added)
			return -1;
	}
	if (node)
		*node = added;
	return 0;
}

int tree_add_symlink(struct tree *tree, const char *path, const char *target,
		     const struct tree_attributes *attributes, struct tree_node **node, struct error *err)
{
	size_t length = strlen(target);
	struct tree_inode *inode;

	if (length == 0 || length > TREE_TARGET_MAX)
		return error_set(err, "the target of a symlink has 1 to %u bytes, not %zu", TREE_TARGET_MAX,
				 length);
	inode = inode_new(tree, S_IFLNK, attributes, err);
	if (!inode)
		return -1;
	inode->target = strdup(target);
	if (!inode->target)
		arena_out_of_memory();
	return put(tree, path, inode, node, err);
}

int tree_add_special(struct tree *tree, const char *path, mode_t type, uint32_t major, uint32_t minor,
		     const struct tree_attributes *attributes, struct tree_node **node, struct error *err)
{
	struct tree_inode *inode;

	assert(S_ISCHR(type) || S_ISBLK(type) || S_ISFIFO(type) || S_ISSOCK(type));
	/* The kernel's dev_t has 12 and 20 bits (linux/kdev_t.h). */
	if (major > 0xfff || minor > 0xfffff)
		return error_set(err, "the device number %u:%u is too large for Linux", major, minor);
	inode = inode_new(tree, type, attributes, err);
	if (!inode)
		return -1;
	if (S_ISCHR(type) || S_ISBLK(type)) {
		inode->rdev_major = major;
		inode->rdev_minor = minor;
	}
	return put(tree, path, inode, node, err);
}

static bool is_below(const struct tree_node *node, const struct tree_node *ancestor)
{
	for (; node; node = node->parent) {
		if (node == ancestor)
			return true;
	}
	return false;
}

int tree_add_link(struct tree *tree, const char *path, const char *existing, struct tree_node **node,
		  struct error *err)
{
	struct tree_node *target = tree_resolve(tree, existing, false);
	char name[TREE_NAME_MAX + 1];
	struct tree_node *parent, *old;

	if (!target)
		return error_set(err, "the hard link's target '%s' is not there", tree_shown(existing).text);
	if (S_ISDIR(target->inode->mode))
		return error_set(err, "the hard link's target '%s' is a directory",
				 tree_shown(existing).text);
	parent = tree_make_parent(tree, path, name, err);
	if (!parent)
		return -1;
	old = *name ? node_child(parent, name) : parent;
	if (old && is_below(target, old))
		return error_set(err, "a hard link cannot take the place of its own target '%s'",
				 tree_shown(existing).text);
	old = node_put(tree, parent, name, target->inode, err);
	if (!old)
		return -1;
	if (node)
		*node = old;
	return 0;
}

/* --- contents -------------------------------------------------------------------------------- */

int tree_add_spooled(struct tree *tree, const char *path, uint64_t offset, uint64_t size,
		     const struct tree_attributes *attributes, struct tree_node **node, struct error *err)
{
	struct tree_inode *inode = inode_new(tree, S_IFREG, attributes, err);

	if (!inode)
		return -1;
	inode->size = size;
	inode->spool_offset = offset;
	return put(tree, path, inode, node, err);
}

int tree_add_file(struct tree *tree, const char *path, const void *data, size_t length,
		  const struct tree_attributes *attributes, struct tree_node **node, struct error *err)
{
	struct tree_spool *spool;

	if (tree_spool_begin(tree, &spool, err) < 0)
		return -1;
	if (tree_spool_add(spool, data, length, err) == 0)
		return tree_spool_end(spool, path, attributes, node, err);
	tree_spool_discard(spool);
	return -1;
}

int tree_add_file_fd(struct tree *tree, const char *path, int fd, const struct tree_attributes *attributes,
		     struct tree_node **node, struct error *err)
{
	static char chunk[65536];
	struct tree_spool *spool;

	if (tree_spool_begin(tree, &spool, err) < 0)
		return -1;
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return tree_spool_end(spool, path, attributes, node, err);
		if (n < 0)
			error_errno(err, "cannot read the file that becomes '%s'", tree_shown(path).text);
		if (n < 0 || tree_spool_add(spool, chunk, (size_t)n, err) < 0)
			break;
	}
	tree_spool_discard(spool);
	return -1;
}

long tree_read(const struct tree *tree, const struct tree_inode *inode, uint64_t offset, void *data,
	       size_t length, struct error *err)
{
	if (!S_ISREG(inode->mode) || offset >= inode->size)
		return 0;
	if (length > inode->size - offset)
		length = (size_t)(inode->size - offset);
	if (length > INT32_MAX)
		length = INT32_MAX;
	if (spool_read(tree->spool, inode->spool_offset + offset, data, length, err) < 0)
		return -1;
	return (long)length;
}

int tree_read_whole(const struct tree *tree, const struct tree_inode *inode, size_t max, struct arena *arena,
		    char **data, size_t *length, struct error *err)
{
	char *whole;

	if (!S_ISREG(inode->mode))
		return error_set(err, "not a regular file");
	if (inode->size > max)
		return error_set(err, "larger than the %zu bytes allowed", max);
	whole = arena_alloc(arena, (size_t)inode->size + 1);
	if (inode->size > 0 &&
	    spool_read(tree->spool, inode->spool_offset, whole, (size_t)inode->size, err) < 0)
		return -1;
	*data = whole;
	if (length)
		*length = (size_t)inode->size;
	return 0;
}
