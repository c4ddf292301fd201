/* SPDX-License-Identifier: Apache-2.0 */
/* Taking up a tree that was kept. A file that is not as it was written is removed, and not taken. */
#include "tools/mkimage/tree/snapshot.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/tree/node.h"
#include "tools/mkimage/tree/snapshot_file.h"

struct reader {
	struct tree *tree;
	uint16_t origin;		/* of the tree */
	const char *at, *end;		/* what is left of the list */
	struct spool_content *contents;
	uint64_t count;
};

/* The list of a file, to be freed, or NULL where there is no good one. */
static char *read_list(int fd, struct snapshot_trailer *trailer)
{
	unsigned char sum[HASH_SUM_BYTES];
	struct stat st;
	char *list;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(*trailer) ||
	    file_read_at(fd, st.st_size - (off_t)sizeof(*trailer), trailer, sizeof(*trailer)) < 0 ||
	    trailer->list_length > SNAPSHOT_LIST_BYTES_MAX || trailer->list_offset > SNAPSHOT_BYTES_MAX ||
	    trailer->list_offset + trailer->list_length + sizeof(*trailer) != (uint64_t)st.st_size)
		return NULL;
	list = malloc((size_t)trailer->list_length + 1);
	if (!list)
		arena_out_of_memory();
	if (file_read_at(fd, (off_t)trailer->list_offset, list, (size_t)trailer->list_length) == 0) {
		hash_sum(list, (size_t)trailer->list_length, sum);
		if (memcmp(sum, trailer->list_sum, sizeof(sum)) == 0)
			return list;
	}
	free(list);
	return NULL;
}

/* --- the list ---------------------------------------------------------------------------------- */

static bool take(struct reader *r, void *data, size_t length)
{
	if (length > (size_t)(r->end - r->at))
		return false;
	memcpy(data, r->at, length);
	r->at += length;
	return true;
}

/* Stays in the list. */
static const char *take_text(struct reader *r)
{
	const char *text = r->at, *nul = memchr(r->at, '\0', (size_t)(r->end - r->at));

	if (!nul)
		return NULL;
	r->at = nul + 1;
	return text;
}

static bool add_xattrs(struct reader *r, struct tree_node *node, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const char *name = take_text(r);
		uint64_t length;

		if (!name || !take(r, &length, sizeof(length)) || length > (uint64_t)(r->end - r->at) ||
		    tree_set_xattr(r->tree, node, name, r->at, (size_t)length, NULL) < 0)
			return false;
		r->at += length;
	}
	return true;
}

static bool add_file(struct reader *r, const char *path, const struct snapshot_node *record,
		     const struct tree_attributes *attributes, struct tree_node **node)
{
	uint64_t offset = 0;

	if (record->size > 0) {
		if (record->content >= r->count || r->contents[record->content].size != record->size)
			return false;
		offset = r->contents[record->content].offset;
	}
	return tree_add_spooled(r->tree, path, offset, record->size, attributes, node, NULL) == 0;
}

static bool add_inode(struct reader *r, const char *path, const struct snapshot_node *record, struct tree_node **node)
{
	const struct tree_attributes attributes = {
		.mode = record->mode & 07777, .uid = record->uid, .gid = record->gid, .mtime = record->mtime,
	};
	const char *text;

	switch (record->mode & S_IFMT) {
	case S_IFDIR:
		return tree_add_directory(r->tree, path, &attributes, node, NULL) == 0;
	case S_IFREG:
		return add_file(r, path, record, &attributes, node);
	case S_IFLNK:
		text = take_text(r);
		return text && tree_add_symlink(r->tree, path, text, &attributes, node, NULL) == 0;
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return tree_add_special(r->tree, path, record->mode & S_IFMT, record->rdev_major, record->rdev_minor, &attributes,
					node, NULL) == 0;
	default:
		return false;
	}
}

static bool add_node(struct reader *r)
{
	const char *path = take_text(r), *text;
	struct snapshot_node record;
	struct tree_node *node;

	if (!path || !take(r, &record, sizeof(record)))
		return false;
	if (record.is_link) {
		text = take_text(r);
		if (!text || tree_add_link(r->tree, path, text, &node, NULL) < 0)
			return false;
	} else if (!add_inode(r, path, &record, &node)) {
		return false;
	}
	node->origin = record.origin && r->origin ? (uint16_t)(r->origin + record.origin - 1) : 0;
	return add_xattrs(r, node, record.xattrs);
}

/* Contents must be inside of their part of the file, one behind the other. */
static bool take_contents(struct reader *r, uint64_t end)
{
	uint64_t at = 0;

	if (!take(r, &r->count, sizeof(r->count)) || r->count > (uint64_t)(r->end - r->at) / sizeof(*r->contents))
		return false;
	r->contents = calloc((size_t)r->count + 1, sizeof(*r->contents));
	if (!r->contents)
		arena_out_of_memory();
	if (!take(r, r->contents, (size_t)r->count * sizeof(*r->contents)))
		return false;
	for (uint64_t i = 0; i < r->count; i++) {
		const struct spool_content *c = &r->contents[i];

		if (c->offset < at || c->offset > end || c->size > end - c->offset)
			return false;
		at = c->offset + c->size;
	}
	return true;
}

static bool add_nodes(struct reader *r)
{
	uint64_t nodes;

	if (!take(r, &nodes, sizeof(nodes)))
		return false;
	for (uint64_t i = 0; i < nodes; i++)
		if (!add_node(r))
			return false;
	return r->at == r->end;
}

static bool is_stamped(struct reader *r, const char *stamp)
{
	const char *text = take_text(r);

	return text && strcmp(text, stamp) == 0;
}

/* `fd` becomes the spool's where the contents are good; what does not fit after that leaves an empty tree. */
static bool load(struct reader *r, int *fd, const char *path, uint64_t contents_end)
{
	if (!take_contents(r, contents_end))
		return false;
	spool_attach(r->tree->spool, fd_take(fd), path, r->contents, (size_t)r->count);
	if (add_nodes(r))
		return true;
	tree_remove_children(r->tree, tree_root(r->tree));
	return false;
}

bool snapshot_load(struct tree *tree, const struct snapshot_name *name)
{
	struct reader r = { .tree = tree, .origin = tree->origin };
	struct snapshot_trailer trailer;
	autoclose int fd = -1;
	autofree char *directory = NULL, *path = NULL, *list = NULL;
	bool loaded = false;

	if (!name->cache || tree_inodes(tree) > 1)
		return false;
	directory = snapshot_directory(name->cache);
	path = snapshot_path(directory, name->key, tree);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	list = read_list(fd, &trailer);
	if (list) {
		(void)futimens(fd, NULL); /* it is in use: snapshots that are not go first */
		r.at = list;
		r.end = list + trailer.list_length;
		loaded = is_stamped(&r, name->stamp) && load(&r, &fd, path, trailer.list_offset);
	}
	if (!loaded)
		(void)unlink(path);
	free(r.contents);
	return loaded;
}
