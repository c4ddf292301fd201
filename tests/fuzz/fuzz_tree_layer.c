/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer of any bytes over a small tree: afterwards the tree is in order, whether the layer was taken or not,
 * and what it holds is written and reads as the same.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "tests/fuzz/bytes_source.h"
#include "tools/mkimage/tree/layer_limits.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct layer_limits limits = { .entries = 2000, .bytes = 4 << 20 };

static int sink(void *context, const void *data, size_t length, struct error *err)
{
	(void)err;
	buffer_add(context, data, length);
	return 0;
}

/* Checksums are made right: else nearly every change would end at one. */
static void mend_checksums(uint8_t *data, size_t size)
{
	for (uint8_t *h = data; size - (size_t)(h - data) >= 512; h += 512) {
		unsigned int sum = 8 * ' ';

		if (memcmp(h + 257, "ustar", 5) != 0)
			continue;
		for (size_t i = 0; i < 512; i++)
			sum += i >= 148 && i < 156 ? 0 : h[i];
		for (size_t i = 6; i-- > 0; sum /= 8)
			h[148 + i] = (uint8_t)('0' + sum % 8);
		h[154] = '\0';
	}
}

static int count(struct tree_node *node, const char *path, void *context, struct error *err)
{
	uint64_t *nodes = context; /* all, and those that are alone with their inode */

	(void)err;
	MUST(strlen(path) <= TREE_PATH_MAX && strlen(node->name) <= TREE_NAME_MAX);
	MUST(!strchr(node->name, '/') && (*node->name || !node->parent));
	MUST(strcmp(node->name, ".") != 0 && strcmp(node->name, "..") != 0 &&
	     strncmp(node->name, ".wh.", 4) != 0);
	MUST(S_ISDIR(node->inode->mode) || node->children_count == 0);
	MUST(!S_ISDIR(node->inode->mode) || node->inode->links == 1);
	MUST(!S_ISLNK(node->inode->mode) || node->inode->target);
	MUST(!node->inode->user && !node->gone && !node->unsorted);
	for (size_t i = 0; i < node->children_count; i++) {
		MUST(node->children[i]->parent == node);
		MUST(i == 0 || strcmp(node->children[i - 1]->name, node->children[i]->name) < 0);
	}
	nodes[0]++;
	if (node->inode->links == 1)
		nodes[1]++;
	return 0;
}

static void write_and_read(struct tree *tree)
{
	struct buffer once = { 0 }, twice = { 0 };
	struct error err = { 0 };
	struct tree *again;
	struct bytes_source s;

	if (layer_write_tree(tree, sink, &once, &err) < 0) {
		MUST(strstr(err.message, "a tar cannot hold an xattr"));
		buffer_release(&once);
		return;
	}
	s = (struct bytes_source){ (const uint8_t *)once.data, once.length };
	MUST(tree_open_shared(tree, &again, &err) == 0);
	MUST(layer_apply(again, bytes_source_read, &s, NULL, "again", &err) == 0);
	MUST(layer_write_tree(again, sink, &twice, &err) == 0);
	MUST(twice.length == once.length && memcmp(twice.data, once.data, once.length) == 0);
	MUST(tree_inodes(again) == tree_inodes(tree));
	tree_close(again);
	buffer_release(&once);
	buffer_release(&twice);
}

static struct tree *lower(struct tree *with)
{
	static const struct tree_attributes plain = { .mode = 0700, .uid = 1 };
	struct error err = { 0 };
	struct tree *tree;

	MUST(tree_open_shared(with, &tree, &err) == 0);
	MUST(tree_add_file(tree, "a", "lower", 5, &plain, NULL, &err) == 0);
	MUST(tree_add_file(tree, "d/e/f", "lower", 5, &plain, NULL, &err) == 0);
	MUST(tree_add_link(tree, "d/g", "a", NULL, &err) == 0);
	MUST(tree_add_symlink(tree, "l", "d/e", &plain, NULL, &err) == 0);
	MUST(tree_add_symlink(tree, "up", "../../nowhere", &plain, NULL, &err) == 0);
	return tree;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes_source s = { .left = size };
	uint64_t nodes[2] = { 0 };
	struct error err = { 0 };
	struct tree *spool, *tree;
	uint8_t *copy = malloc(size ? size : 1);

	MUST(copy && tree_open(NULL, &spool, &err) == 0);
	if (size)
		memcpy(copy, data, size);
	mend_checksums(copy, size);
	s.data = copy;
	tree = lower(spool);
	if (layer_apply_limited(tree, bytes_source_read, &s, NULL, "layer", &limits, &err) < 0)
		MUST(*err.message && !strchr(err.message, '\n'));
	MUST(tree_walk(tree, count, nodes, &err) == 0);
	MUST(tree_inodes(tree) <= nodes[0] && tree_inodes(tree) >= nodes[1]);
	write_and_read(tree);
	tree_close(tree);
	tree_close(spool);
	free(copy);
	return 0;
}
