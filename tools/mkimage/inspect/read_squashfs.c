/* SPDX-License-Identifier: Apache-2.0 */
/* A squashfs 4.0 image, through libsquashfs. */
#include "tools/mkimage/inspect/read.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqfs/block.h>
#include <sqfs/compressor.h>
#include <sqfs/data_reader.h>
#include <sqfs/dir.h>
#include <sqfs/dir_reader.h>
#include <sqfs/error.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/super.h>
#include <sqfs/xattr.h>
#include <sqfs/xattr_reader.h>

#include "base/cleanup.h"
#include "base/path.h"

#define CHUNK (128u * 1024)
#define PATHS_MAX (256u << 20) /* bytes of the paths of all files */
#define NO_XATTRS 0xffffffffu
#define TABLE_MISSING UINT64_MAX

struct squashfs {
	struct tree *tree;
	const struct read_limits *limits;
	uint32_t entries;
	uint64_t bytes;
	unsigned char *chunk;
	struct arena arena;
	size_t paths_bytes;
	const char **first;		/* by inode number: the first path; "/" of a directory */

	sqfs_super_t super;
	sqfs_file_t *file;
	sqfs_compressor_t *compressor;
	sqfs_id_table_t *ids;
	sqfs_dir_reader_t *directories;
	sqfs_data_reader_t *data;
	sqfs_xattr_reader_t *xattrs;	/* NULL where the image has none */
};

static const struct {
	int code;
	const char *text;
} library_errors[] = {
	{ SQFS_ERROR_ALLOC, "a size in it is too large" },
	{ SQFS_ERROR_IO, "cannot read it" },
	{ SQFS_ERROR_COMPRESSOR, "cannot decompress it" },
	{ SFQS_ERROR_SUPER_MAGIC, "no squashfs" },
	{ SFQS_ERROR_SUPER_VERSION, "not version 4.0" },
	{ SQFS_ERROR_OUT_OF_BOUNDS, "it leads outside of the image" },
	{ SQFS_ERROR_UNSUPPORTED, "not supported by libsquashfs" },
};

/* Turns an error code of the library into ours. */
static int check(int code, const char *doing, struct error *err)
{
	if (code >= 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(library_errors); i++)
		if (library_errors[i].code == code)
			return error_set(err, "corrupt squashfs: %s: %s", doing, library_errors[i].text);
	return error_set(err, "corrupt squashfs: %s: error %d of libsquashfs", doing, code);
}

/* --- entries ----------------------------------------------------------------------------------- */

static int attributes_of(struct squashfs *s, const sqfs_inode_generic_t *inode, struct tree_attributes *attributes,
			 struct error *err)
{
	sqfs_u32 uid, gid;

	if (check(sqfs_id_table_index_to_id(s->ids, inode->base.uid_idx, &uid), "owner", err) < 0 ||
	    check(sqfs_id_table_index_to_id(s->ids, inode->base.gid_idx, &gid), "group", err) < 0)
		return -1;
	*attributes = (struct tree_attributes){
		.mode = inode->base.mode & 07777, .uid = uid, .gid = gid, .mtime = inode->base.mod_time,
	};
	return 0;
}

static int add_file(struct squashfs *s, const sqfs_inode_generic_t *inode, const char *path,
		    const struct tree_attributes *attributes, struct tree_node **node, struct error *err)
{
	struct tree_spool *spool;
	sqfs_u64 size, at = 0;

	(void)sqfs_inode_get_file_size(inode, &size);
	if (size > s->limits->bytes - s->bytes)
		return error_set(err, "unpacks to more than the %llu bytes allowed", (unsigned long long)s->limits->bytes);
	s->bytes += size;
	if (tree_spool_begin(s->tree, &spool, err) < 0)
		return -1;
	while (at < size) {
		sqfs_u32 wanted = size - at < CHUNK ? (sqfs_u32)(size - at) : CHUNK;
		sqfs_s32 n = sqfs_data_reader_read(s->data, inode, at, s->chunk, wanted);

		if (n == 0)
			(void)error_set(err, "corrupt squashfs: contents end at byte %llu of %llu", (unsigned long long)at,
					(unsigned long long)size);
		if (n <= 0 || tree_spool_add(spool, s->chunk, (size_t)n, err) < 0) {
			tree_spool_discard(spool);
			return n < 0 ? check(n, "contents", err) : -1;
		}
		at += (sqfs_u64)n;
	}
	return tree_spool_end(spool, path, attributes, node, err);
}

static int add_symlink(struct squashfs *s, const sqfs_inode_generic_t *inode, const char *path,
		       const struct tree_attributes *attributes, struct tree_node **node, struct error *err)
{
	char target[TREE_TARGET_MAX + 1];
	size_t length = inode->data.slink.target_size;

	if (length > TREE_TARGET_MAX || length > inode->payload_bytes_used)
		return error_set(err, "corrupt squashfs: a symlink of %zu bytes", length);
	memcpy(target, inode->extra, length);
	target[length] = '\0';
	return tree_add_symlink(s->tree, path, target, attributes, node, err);
}

/* new_decode_dev() of the kernel. */
static int add_device(struct squashfs *s, const sqfs_inode_generic_t *inode, const char *path,
		      const struct tree_attributes *attributes, struct tree_node **node, struct error *err)
{
	bool extended = inode->base.type == SQFS_INODE_EXT_BDEV || inode->base.type == SQFS_INODE_EXT_CDEV;
	uint32_t device = extended ? inode->data.dev_ext.devno : inode->data.dev.devno;
	bool block = inode->base.type == SQFS_INODE_BDEV || inode->base.type == SQFS_INODE_EXT_BDEV;

	return tree_add_special(s->tree, path, block ? S_IFBLK : S_IFCHR, (device & 0xfff00) >> 8,
				(device & 0xff) | ((device >> 12) & 0xfff00), attributes, node, err);
}

static int add_xattr(struct squashfs *s, struct tree_node *node, struct error *err)
{
	sqfs_xattr_entry_t *key = NULL;
	sqfs_xattr_value_t *value = NULL;
	int r = check(sqfs_xattr_reader_read_key(s->xattrs, &key), "xattr", err);

	if (r == 0)
		r = check(sqfs_xattr_reader_read_value(s->xattrs, key, &value), "xattr", err);
	if (r == 0)
		r = tree_set_xattr(s->tree, node, (const char *)key->key, value->value, value->size, err);
	sqfs_free(key);
	sqfs_free(value);
	return r;
}

static int add_xattrs(struct squashfs *s, const sqfs_inode_generic_t *inode, struct tree_node *node, struct error *err)
{
	sqfs_xattr_id_t description;
	sqfs_u32 index = NO_XATTRS;

	(void)sqfs_inode_get_xattr_index(inode, &index);
	if (index == NO_XATTRS || !s->xattrs)
		return 0;
	if (check(sqfs_xattr_reader_get_desc(s->xattrs, index, &description), "xattrs", err) < 0 ||
	    check(sqfs_xattr_reader_seek_kv(s->xattrs, &description), "xattrs", err) < 0)
		return -1;
	for (sqfs_u32 i = 0; i < description.count; i++)
		if (add_xattr(s, node, err) < 0)
			return -1;
	return 0;
}

static int put(struct squashfs *s, const sqfs_inode_generic_t *inode, const char *path, struct tree_node **node,
	       struct error *err)
{
	struct tree_attributes attributes;

	if (attributes_of(s, inode, &attributes, err) < 0)
		return -1;
	switch (inode->base.type) {
	case SQFS_INODE_DIR:
	case SQFS_INODE_EXT_DIR:
		return tree_add_directory(s->tree, path, &attributes, node, err);
	case SQFS_INODE_FILE:
	case SQFS_INODE_EXT_FILE:
		return add_file(s, inode, path, &attributes, node, err);
	case SQFS_INODE_SLINK:
	case SQFS_INODE_EXT_SLINK:
		return add_symlink(s, inode, path, &attributes, node, err);
	case SQFS_INODE_FIFO:
	case SQFS_INODE_EXT_FIFO:
		return tree_add_special(s->tree, path, S_IFIFO, 0, 0, &attributes, node, err);
	case SQFS_INODE_SOCKET:
	case SQFS_INODE_EXT_SOCKET:
		return tree_add_special(s->tree, path, S_IFSOCK, 0, 0, &attributes, node, err);
	default:
		return add_device(s, inode, path, &attributes, node, err);
	}
}

/* Puts one entry, or a link to what came before under its number. */
static int add_entry(struct squashfs *s, const sqfs_inode_generic_t *inode, const char *path, struct error *err)
{
	bool directory = inode->base.type == SQFS_INODE_DIR || inode->base.type == SQFS_INODE_EXT_DIR;
	struct tree_node *node;
	const char **first;

	if (s->entries++ == s->limits->entries)
		return error_set(err, "more than the %u entries allowed", s->limits->entries);
	if (inode->base.inode_number == 0 || inode->base.inode_number > s->super.inode_count)
		return error_set(err, "corrupt squashfs: inode number %u of %u", inode->base.inode_number, s->super.inode_count);
	first = &s->first[inode->base.inode_number];
	/* A directory has one name: where it is met again, directories would go round in circles. */
	if (*first && (directory || **first == '/'))
		return error_set(err, "corrupt squashfs: a directory with two names");
	if (*first)
		return tree_add_link(s->tree, path, *first, NULL, err);
	s->paths_bytes += directory ? 0 : strlen(path) + 1;
	if (s->paths_bytes > PATHS_MAX)
		return error_set(err, "the paths of all files have more than %u bytes", PATHS_MAX);
	*first = directory ? "/" : arena_strdup(&s->arena, path);
	return put(s, inode, path, &node, err) < 0 ? -1 : add_xattrs(s, inode, node, err);
}

/* --- directories ------------------------------------------------------------------------------- */

/* An inode to be gone into: the reader has only one directory open at a time. */
struct pending {
	struct pending *next;
	sqfs_inode_generic_t *inode;	/* owned */
	char path[];
};

static void push(struct pending **stack, sqfs_inode_generic_t *inode, const char *path)
{
	size_t length = strlen(path) + 1;
	struct pending *pending = malloc(sizeof(*pending) + length);

	if (!pending)
		arena_out_of_memory();
	memcpy(pending->path, path, length);
	pending->inode = inode;
	pending->next = *stack;
	*stack = pending;
}

static void pop(struct pending **stack)
{
	struct pending *pending = *stack;

	*stack = pending->next;
	sqfs_free(pending->inode);
	free(pending);
}

static int join(char path[TREE_PATH_MAX + 1], const char *directory, const sqfs_dir_entry_t *entry, struct error *err)
{
	size_t length = strlen(directory), size = (size_t)entry->size + 1;
	const char *name = (const char *)entry->name;

	if (memchr(name, '/', size) || strnlen(name, size) != size || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, "corrupt squashfs: '%.200s' is no name of a file", name);
	if (length + 1 + size > TREE_PATH_MAX)
		return error_set(err, "the path is longer than %u bytes", TREE_PATH_MAX);
	memcpy(path, directory, length);
	if (length > 0)
		path[length++] = '/';
	memcpy(path + length, name, size);
	path[length + size] = '\0';
	return 0;
}

static int read_child(struct squashfs *s, const char *directory, const sqfs_dir_entry_t *entry, struct pending **stack,
		      struct error *err)
{
	char path[TREE_PATH_MAX + 1];
	sqfs_inode_generic_t *inode = NULL;
	int r;

	if (join(path, directory, entry, err) < 0)
		return -1;
	r = check(sqfs_dir_reader_get_inode(s->directories, &inode), "inode", err);
	if (r == 0)
		r = add_entry(s, inode, path, err);
	if (r == 0 && (inode->base.type == SQFS_INODE_DIR || inode->base.type == SQFS_INODE_EXT_DIR))
		push(stack, inode, path);
	else
		sqfs_free(inode);
	return r < 0 ? error_context(err, "'%.200s'", path) : 0;
}

static int read_directory(struct squashfs *s, const struct pending *from, struct pending **stack, struct error *err)
{
	sqfs_dir_entry_t *entry;
	int r;

	if (check(sqfs_dir_reader_open_dir(s->directories, from->inode, 0), "directory", err) < 0)
		return error_context(err, "'%.200s'", from->path);
	while ((r = sqfs_dir_reader_read(s->directories, &entry)) == 0) {
		r = read_child(s, from->path, entry, stack, err);
		sqfs_free(entry);
		if (r < 0)
			return -1;
	}
	return r > 0 ? 0 : check(r, "directory", err) < 0 ? error_context(err, "'%.200s'", from->path) : 0;
}

static int read_all(struct squashfs *s, struct error *err)
{
	struct pending *stack = NULL;
	sqfs_inode_generic_t *root = NULL;
	int r = check(sqfs_dir_reader_get_root_inode(s->directories, &root), "root", err);

	if (r == 0) {
		push(&stack, root, "");
		r = root->base.type == SQFS_INODE_DIR || root->base.type == SQFS_INODE_EXT_DIR ?
			    add_entry(s, root, "", err) : error_set(err, "corrupt squashfs: the root is no directory");
	}
	while (r == 0 && stack) {
		struct pending *top = stack;

		stack = stack->next;
		r = read_directory(s, top, &stack, err);
		top->next = NULL;
		pop(&top);
	}
	while (stack)
		pop(&stack);
	return r;
}

/* --- the image --------------------------------------------------------------------------------- */

static int open_tables(struct squashfs *s, struct error *err)
{
	if (check(sqfs_id_table_read(s->ids, s->file, &s->super, s->compressor), "table of owners", err) < 0 ||
	    check(sqfs_data_reader_load_fragment_table(s->data, &s->super), "table of fragments", err) < 0)
		return -1;
	if (s->super.xattr_id_table_start == TABLE_MISSING || s->super.flags & SQFS_FLAG_NO_XATTRS)
		return 0;
	s->xattrs = sqfs_xattr_reader_create(0);
	if (!s->xattrs)
		arena_out_of_memory();
	return check(sqfs_xattr_reader_load(s->xattrs, &s->super, s->file, s->compressor), "table of xattrs", err);
}

static int open_image(struct squashfs *s, const char *path, struct error *err)
{
	sqfs_compressor_config_t config;

	s->file = sqfs_open_file(path, SQFS_FILE_OPEN_READ_ONLY);
	if (!s->file)
		return error_errno(err, "cannot open it");
	if (check(sqfs_super_read(&s->super, s->file), "superblock", err) < 0)
		return -1;
	if (s->super.bytes_used > s->file->get_size(s->file))
		return error_set(err, "cut off: %llu bytes of %llu", (unsigned long long)s->file->get_size(s->file),
				 (unsigned long long)s->super.bytes_used);
	/* Each fragment has the end of at least one file; the library would ask for memory for as many as it says. */
	if (s->super.fragment_entry_count > s->super.inode_count)
		return error_set(err, "corrupt squashfs: %u fragments of %u inodes", s->super.fragment_entry_count,
				 s->super.inode_count);
	if (s->super.inode_count > s->limits->entries)
		return error_set(err, "more than the %u entries allowed", s->limits->entries);
	if (check(sqfs_compressor_config_init(&config, s->super.compression_id, s->super.block_size,
					      SQFS_COMP_FLAG_UNCOMPRESS), "compressor", err) < 0 ||
	    check(sqfs_compressor_create(&config, &s->compressor), "compressor", err) < 0)
		return -1;
	s->ids = sqfs_id_table_create(0);
	s->directories = sqfs_dir_reader_create(&s->super, s->compressor, s->file, 0);
	s->data = sqfs_data_reader_create(s->file, s->super.block_size, s->compressor, 0);
	s->first = calloc((size_t)s->super.inode_count + 1, sizeof(*s->first));
	s->chunk = malloc(CHUNK);
	if (!s->ids || !s->directories || !s->data || !s->first || !s->chunk)
		arena_out_of_memory();
	return open_tables(s, err);
}

/* The library's own sqfs_destroy() takes no NULL. */
static void destroy(void *object)
{
	if (object)
		sqfs_destroy(object);
}

int read_squashfs(struct tree *tree, const char *path, const struct read_limits *limits, struct error *err)
{
	struct squashfs s = { .tree = tree, .limits = limits };
	int r = open_image(&s, path, err);

	if (r == 0)
		r = read_all(&s, err);
	destroy(s.xattrs);
	destroy(s.data);
	destroy(s.directories);
	destroy(s.ids);
	destroy(s.compressor);
	destroy(s.file);
	free(s.first);
	free(s.chunk);
	arena_release(&s.arena);
	return r;
}
