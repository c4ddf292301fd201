/* SPDX-License-Identifier: Apache-2.0 */
/* An initramfs of any bytes: afterwards the tree is within its limits, whether it was taken or not. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/bytes_source.h"
#include "tools/mkimage/inspect/read.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct read_limits limits = { .entries = 500, .bytes = 1 << 20 };

struct counted {
	struct tree *tree;
	uint64_t bytes;
};

static int count(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct counted *counted = context;

	(void)err;
	MUST(strlen(path) <= TREE_PATH_MAX && strcmp(node->name, "..") != 0);
	MUST(S_ISDIR(node->inode->mode) || node->children_count == 0);
	if (S_ISREG(node->inode->mode)) {
		static char chunk[4096];

		counted->bytes += node->inode->size / node->inode->links;
		MUST(tree_read(counted->tree, node->inode, 0, chunk, sizeof(chunk), NULL) >= 0);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes_source source = { data, size };
	struct counted counted = { 0 };
	struct error err = { 0 };

	MUST(tree_open(NULL, &counted.tree, &err) == 0);
	if (read_cpio(counted.tree, bytes_source_read, &source, &limits, &err) < 0)
		MUST(*err.message && !strchr(err.message, '\n'));
	MUST(tree_walk(counted.tree, count, &counted, &err) == 0);
	MUST(counted.bytes <= limits.bytes);
	tree_close(counted.tree);
	return 0;
}
