/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree as a squashfs 4.0 image, through libsquashfs. The kernel needs CONFIG_SQUASHFS_ZSTD or CONFIG_SQUASHFS_LZ4, and
 * CONFIG_SQUASHFS_XATTR where files have xattrs.
 *
 * Contents go first, compressed on all CPUs: blocks are put in order again before they are written, and what
 * the order depends on (BACKLOG) is fixed, so the bytes do not depend on the machine. The inodes follow,
 * those of one directory side by side, then the directories that refer to them, then the tables.
 */
#include "tools/mkimage/image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <lz4.h>
#include <sqfs/block_processor.h>
#include <sqfs/block_writer.h>
#include <sqfs/compressor.h>
#include <sqfs/dir_writer.h>
#include <sqfs/error.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/meta_writer.h>
#include <sqfs/super.h>
#include <sqfs/xattr_writer.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "tools/mkimage/image/block_cache.h"
#include "tools/mkimage/image/writers.h"

#define LEVEL_DEFAULT 9
#define BLOCK_BYTES   WRITER_CHUNK
#define BACKLOG       128u /* blocks in flight, 16 MiB: fixed, see above */
#define IMAGE_ALIGN   4096u /* a loop or virtio block device needs whole sectors; mksquashfs pads to this */
#define NO_XATTRS     0xffffffffu

/* What is known of an inode while its tree is written; in inode->user. */
struct squashfs_inode {
	uint32_t number; /* from 1, the children of a directory in a row */
	uint32_t links; /* names it has in this tree */
	bool written;
	sqfs_u64 reference; /* where it is, once written */
	sqfs_inode_generic_t *generic; /* owned, until written; the block processor holds its address */
};

struct writer {
	struct tree *tree;
	struct arena arena; /* struct squashfs_inode */
	uint32_t inodes;
	unsigned char *chunk;
	const char *doing; /* for messages */
	bool warned; /* of an xattr that squashfs has no prefix for */

	sqfs_super_t super;
	sqfs_file_t *file;
	struct block_cache *cache;
	sqfs_compressor_t *compressor, *decompressor, *block_compressor;
	sqfs_block_writer_t *blocks;
	sqfs_frag_table_t *fragments;
	sqfs_block_processor_t *data;
	sqfs_id_table_t *ids;
	sqfs_xattr_writer_t *xattrs;
	sqfs_meta_writer_t *inode_table, *directory_table;
	sqfs_dir_writer_t *directories;
};

static const struct {
	int code;
	const char *text;
} library_errors[] = {
	{ SQFS_ERROR_ALLOC, "out of memory" },
	{ SQFS_ERROR_COMPRESSOR, "the compressor failed" },
	{ SQFS_ERROR_UNSUPPORTED, "not supported by squashfs" },
	{ SQFS_ERROR_OVERFLOW, "more than squashfs can hold" },
};

/* Turns an error code of the library into ours; 0 stays 0, where the file has taken all. */
static int check(const struct writer *w, int code, struct error *err)
{
	if (squashfs_file_errno(w->file))
		return error_number(err, squashfs_file_errno(w->file), "squashfs: cannot write %s", w->doing);
	if (code >= 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(library_errors); i++)
		if (library_errors[i].code == code)
			return error_set(err, "squashfs: cannot write %s: %s", w->doing,
					 library_errors[i].text);
	return error_set(err, "squashfs: cannot write %s: error %d of libsquashfs", w->doing, code);
}

/* --- inodes and their numbers --- */

static struct squashfs_inode *known_of(struct writer *w, struct tree_inode *inode)
{
	struct squashfs_inode *known = inode->user;

	if (!known) {
		known = arena_alloc(&w->arena, sizeof(*known));
		known->number = ++w->inodes;
		inode->user = known;
	}
	return known;
}

/* Numbers a whole directory before going down, as entries are stored as differences to the first one's. */
static int number_children(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct writer *w = context;

	(void)path, (void)err;
	for (size_t i = 0; i < node->children_count; i++)
		known_of(w, node->children[i]->inode)->links++;
	return 0;
}

static int forget_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct squashfs_inode *known = node->inode->user;

	(void)path, (void)context, (void)err;
	if (known)
		sqfs_free(known->generic);
	node->inode->user = NULL;
	return 0;
}

/* --- contents --- */

static int write_file(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct writer *w = context;
	struct tree_inode *inode = node->inode;
	struct squashfs_inode *known = inode->user;
	uint64_t offset = 0;

	if (!S_ISREG(inode->mode) || known->generic)
		return 0;
	if (check(w, sqfs_block_processor_begin_file(w->data, &known->generic, NULL, 0), err) < 0)
		return -1;
	while (offset < inode->size) {
		long n = tree_read(w->tree, inode, offset, w->chunk, WRITER_CHUNK, err);

		if (n < 0)
			return error_context(err, "'%s'", path);
		if (n == 0)
			return error_set(err, "'%s': the contents end before their size", path);
		if (check(w, sqfs_block_processor_append(w->data, w->chunk, (size_t)n), err) < 0)
			return error_context(err, "'%s'", path);
		offset += (uint64_t)n;
	}
	if (check(w, sqfs_block_processor_end_file(w->data), err) < 0)
		return error_context(err, "'%s'", path);
	return 0;
}

/* --- inodes --- */

static sqfs_inode_generic_t *new_inode(SQFS_INODE_TYPE type, size_t extra)
{
	sqfs_inode_generic_t *generic = calloc(1, sizeof(*generic) + extra);

	if (!generic)
		arena_out_of_memory();
	generic->base.type = (sqfs_u16)type;
	return generic;
}

static sqfs_inode_generic_t *new_symlink(const char *target, uint32_t links)
{
	size_t length = strlen(target);
	sqfs_inode_generic_t *generic = new_inode(SQFS_INODE_SLINK, length);

	generic->data.slink.nlink = links;
	generic->data.slink.target_size = (sqfs_u32)length;
	memcpy(generic->extra, target, length);
	return generic;
}

/* new_encode_dev() of the kernel: 12 bits of major, 20 of minor. A tree holds no larger ones. */
static sqfs_inode_generic_t *new_device(const struct tree_inode *inode, uint32_t links)
{
	sqfs_inode_generic_t *generic =
		new_inode(S_ISCHR(inode->mode) ? SQFS_INODE_CDEV : SQFS_INODE_BDEV, 0);

	generic->data.dev.nlink = links;
	generic->data.dev.devno =
		(inode->rdev_minor & 0xff) | inode->rdev_major << 8 | (inode->rdev_minor & ~0xffu) << 12;
	return generic;
}

static sqfs_inode_generic_t *new_pipe(const struct tree_inode *inode, uint32_t links)
{
	sqfs_inode_generic_t *generic =
		new_inode(S_ISFIFO(inode->mode) ? SQFS_INODE_FIFO : SQFS_INODE_SOCKET, 0);

	generic->data.ipc.nlink = links;
	return generic;
}

/* Fills in known->generic where the contents or the listing have not made it. */
static int make_generic(struct writer *w, const struct tree_inode *inode, struct squashfs_inode *known,
			struct error *err)
{
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		/* The plain inode has no link count. */
		if (known->links > 1 && check(w, sqfs_inode_make_extended(known->generic), err) < 0)
			return -1;
		if (known->generic->base.type == SQFS_INODE_EXT_FILE)
			known->generic->data.file_ext.nlink = known->links;
		return 0;
	case S_IFLNK:
		known->generic = new_symlink(inode->target, known->links);
		return 0;
	case S_IFCHR:
	case S_IFBLK:
		known->generic = new_device(inode, known->links);
		return 0;
	case S_IFIFO:
	case S_IFSOCK:
		known->generic = new_pipe(inode, known->links);
		return 0;
	default: /* a directory: list_directory() made it */
		return 0;
	}
}

static int write_xattrs(struct writer *w, const struct tree_inode *inode, uint32_t *index, struct error *err)
{
	static const char *const prefixes[] = { "user.", "trusted.", "security." };
	size_t added = 0;

	if (check(w, sqfs_xattr_writer_begin(w->xattrs, 0), err) < 0)
		return -1;
	for (size_t i = 0; i < inode->xattrs_count; i++) {
		const struct tree_xattr *x = &inode->xattrs[i];
		bool storable = false;

		for (size_t p = 0; p < ARRAY_SIZE(prefixes); p++)
			storable |= strncmp(x->name, prefixes[p], strlen(prefixes[p])) == 0;
		if (!storable) {
			if (!w->warned)
				log_warning("squashfs cannot hold the xattr '%s'; it is left out", x->name);
			w->warned = true;
			continue;
		}
		if (check(w, sqfs_xattr_writer_add(w->xattrs, x->name, x->value, x->length), err) < 0)
			return error_context(err, "xattr '%s'", x->name);
		added++;
	}
	if (check(w, sqfs_xattr_writer_end(w->xattrs, index), err) < 0)
		return -1;
	if (added == 0)
		*index = NO_XATTRS;
	return 0;
}

static int write_inode(struct writer *w, const struct tree_inode *inode, struct error *err)
{
	struct squashfs_inode *known = inode->user;
	sqfs_inode_t *base;
	uint32_t xattrs = NO_XATTRS, offset;
	sqfs_u64 block;

	if (known->written)
		return 0;
	if (make_generic(w, inode, known, err) < 0)
		return -1;
	base = &known->generic->base;
	base->mode = (sqfs_u16)(inode->mode & 07777);
	base->mod_time = (sqfs_u32)inode->mtime;
	base->inode_number = known->number;
	if (check(w, sqfs_id_table_id_to_index(w->ids, inode->uid, &base->uid_idx), err) < 0 ||
	    check(w, sqfs_id_table_id_to_index(w->ids, inode->gid, &base->gid_idx), err) < 0)
		return error_context(err, "owners");
	if (inode->xattrs_count && write_xattrs(w, inode, &xattrs, err) < 0)
		return -1;
	/* Not for NO_XATTRS: that would take the index of a large directory away again. */
	if (xattrs != NO_XATTRS && check(w, sqfs_inode_set_xattr_index(known->generic, xattrs), err) < 0)
		return -1;
	sqfs_meta_writer_get_position(w->inode_table, &block, &offset);
	if (check(w, sqfs_meta_writer_write_inode(w->inode_table, known->generic), err) < 0)
		return -1;
	known->reference = block << 16 | offset;
	known->written = true;
	sqfs_free(known->generic);
	known->generic = NULL;
	return 0;
}

/* --- directories --- */

/* The entries of a directory, and its inode; the inodes of its children are written. */
static int list_directory(struct writer *w, const struct tree_node *node, struct error *err)
{
	struct squashfs_inode *known = node->inode->user,
			      *parent = node->parent ? node->parent->inode->user : NULL;
	uint32_t links = 2;

	if (check(w, sqfs_dir_writer_begin(w->directories, 0), err) < 0)
		return -1;
	for (size_t i = 0; i < node->children_count; i++) {
		const struct tree_node *child = node->children[i];
		const struct squashfs_inode *entry = child->inode->user;

		links += S_ISDIR(child->inode->mode);
		if (check(w,
			  sqfs_dir_writer_add_entry(w->directories, child->name, entry->number,
						    entry->reference, (sqfs_u16)child->inode->mode),
			  err) < 0)
			return error_context(err, "'%s'", child->name);
	}
	if (check(w, sqfs_dir_writer_end(w->directories), err) < 0)
		return -1;
	/* The root's parent is a number that no inode has, as mksquashfs writes it. */
	known->generic = sqfs_dir_writer_create_inode(w->directories, 0, NO_XATTRS,
						      parent ? parent->number : w->inodes + 1);
	if (!known->generic)
		arena_out_of_memory();
	if (known->generic->base.type == SQFS_INODE_DIR)
		known->generic->data.dir.nlink = links;
	else
		known->generic->data.dir_ext.nlink = links;
	return 0;
}

/* All below a directory, then its listing. Depth is at most half of TREE_PATH_MAX. */
static int write_directory(struct writer *w, const struct tree_node *node, struct error *err)
{
	for (size_t i = 0; i < node->children_count; i++)
		if (S_ISDIR(node->children[i]->inode->mode) && write_directory(w, node->children[i], err) < 0)
			return -1;
	for (size_t i = 0; i < node->children_count; i++)
		if (write_inode(w, node->children[i]->inode, err) < 0)
			return error_context(err, "'%s'", node->children[i]->name);
	return list_directory(w, node, err);
}

/* --- the image --- */

static int write_data(struct writer *w, struct error *err)
{
	w->doing = "file contents";
	if (tree_walk(w->tree, write_file, w, err) < 0)
		return -1;
	return check(w, sqfs_block_processor_finish(w->data), err);
}

static int write_metadata(struct writer *w, struct error *err)
{
	const struct tree_inode *root = tree_root(w->tree)->inode;

	w->doing = "inodes";
	w->super.inode_count = w->inodes;
	w->super.inode_table_start = w->file->get_size(w->file);
	if (write_directory(w, tree_root(w->tree), err) < 0 || write_inode(w, root, err) < 0 ||
	    check(w, sqfs_meta_writer_flush(w->inode_table), err) < 0 ||
	    check(w, sqfs_meta_writer_flush(w->directory_table), err) < 0)
		return -1;
	w->doing = "directories";
	w->super.root_inode_ref = ((const struct squashfs_inode *)root->user)->reference;
	w->super.directory_table_start = w->file->get_size(w->file);
	return check(w, sqfs_meta_write_write_to_file(w->directory_table), err);
}

/* The export table lets the kernel give file handles, which overlayfs wants of its lower layers. */
static int write_tables(struct writer *w, struct error *err)
{
	const struct squashfs_inode *root = tree_root(w->tree)->inode->user;

	w->doing = "tables";
	if (check(w, sqfs_frag_table_write(w->fragments, w->file, &w->super, w->compressor), err) < 0 ||
	    check(w,
		  sqfs_dir_writer_write_export_table(w->directories, w->file, w->compressor, root->number,
						     root->reference, &w->super),
		  err) < 0 ||
	    check(w, sqfs_id_table_write(w->ids, w->file, &w->super, w->compressor), err) < 0)
		return -1;
	return check(w, sqfs_xattr_writer_flush(w->xattrs, w->file, &w->super, w->compressor), err);
}

static int finish(struct writer *w, struct error *err)
{
	static const unsigned char zeros[IMAGE_ALIGN];
	size_t past;

	w->doing = "the superblock";
	w->super.bytes_used = w->file->get_size(w->file);
	past = w->super.bytes_used % IMAGE_ALIGN;
	if (past &&
	    check(w, w->file->write_at(w->file, w->super.bytes_used, zeros, IMAGE_ALIGN - past), err) < 0)
		return -1;
	return check(w, sqfs_super_write(&w->super, w->file), err);
}

static SQFS_COMPRESSOR id_of(enum image_compression compression)
{
	return compression == IMAGE_COMPRESSION_LZ4 ? SQFS_COMP_LZ4 : SQFS_COMP_ZSTD;
}

/* Fragments that look the same are read back and compared: their checksums have 32 bits only. */
static int open_data(struct writer *w, struct error *err)
{
	sqfs_block_processor_desc_t description = { .size = sizeof(description),
						    .max_block_size = BLOCK_BYTES,
						    .num_workers = writer_threads(),
						    .max_backlog = BACKLOG,
						    .cmp = w->block_compressor,
						    .wr = w->blocks,
						    .tbl = w->fragments,
						    .file = w->file,
						    .uncmp = w->decompressor };

	return check(w, sqfs_block_processor_create_ex(&description, &w->data), err);
}

static int open_writers(struct writer *w, int fd, enum image_compression compression, int level, struct error *err)
{
	const SQFS_COMPRESSOR id = id_of(compression);
	int r;

	w->doing = "the superblock";
	w->file = squashfs_file_open(fd);
	if (!w->file)
		arena_out_of_memory();
	if (check(w, squashfs_compressor_open(id, (unsigned int)level, NULL, &w->compressor), err) < 0 ||
	    check(w, squashfs_compressor_create(id, (unsigned int)level, SQFS_COMP_FLAG_UNCOMPRESS, &w->decompressor), err) < 0 ||
	    check(w, squashfs_compressor_open(id, (unsigned int)level, w->cache, &w->block_compressor), err) < 0 ||
	    check(w, sqfs_super_init(&w->super, BLOCK_BYTES, 0, id), err) < 0 ||
	    check(w, sqfs_super_write(&w->super, w->file), err) < 0)
		return -1;
	r = w->compressor->write_options(w->compressor, w->file);
	if (check(w, r, err) < 0)
		return -1;
	if (r > 0)
		w->super.flags |= SQFS_FLAG_COMPRESSOR_OPTIONS;
	w->blocks = sqfs_block_writer_create(w->file, IMAGE_ALIGN, 0);
	w->fragments = sqfs_frag_table_create(0);
	w->ids = sqfs_id_table_create(0);
	w->xattrs = sqfs_xattr_writer_create(0);
	w->inode_table = sqfs_meta_writer_create(w->file, w->compressor, 0);
	w->directory_table = sqfs_meta_writer_create(w->file, w->compressor, SQFS_META_WRITER_KEEP_IN_MEMORY);
	w->directories = w->directory_table ? sqfs_dir_writer_create(w->directory_table,
								     SQFS_DIR_WRITER_CREATE_EXPORT_TABLE)
					    : NULL;
	if (!w->blocks || !w->fragments || !w->ids || !w->xattrs || !w->inode_table || !w->directories)
		arena_out_of_memory();
	return open_data(w, err);
}

/*
 * Users before what they use. Blocks still in flight after a failure would be lost to the library, so they
 * are let through first; where all went well these two calls do nothing.
 */
static void close_writers(struct writer *w)
{
	if (w->data) {
		(void)sqfs_block_processor_end_file(w->data);
		(void)sqfs_block_processor_finish(w->data);
	}
	sqfs_destroy(w->data);
	sqfs_destroy(w->directories);
	sqfs_destroy(w->directory_table);
	sqfs_destroy(w->inode_table);
	sqfs_destroy(w->xattrs);
	sqfs_destroy(w->ids);
	sqfs_destroy(w->fragments);
	sqfs_destroy(w->blocks);
	sqfs_destroy(w->block_compressor);
	sqfs_destroy(w->decompressor);
	sqfs_destroy(w->compressor);
	sqfs_destroy(w->file);
}

/* What the compressed bytes depend on. */
static struct block_cache *open_cache(const char *directory, enum image_compression compression, int level)
{
	char name[64];

	if (compression == IMAGE_COMPRESSION_LZ4)
		(void)snprintf(name, sizeof(name), "squashfs-lz4-%s", LZ4_versionString());
	else
		(void)snprintf(name, sizeof(name), "squashfs-zstd-%s-%d", ZSTD_versionString(), level);
	return block_cache_open(directory, name);
}

int squashfs_write(struct tree *tree, int fd, enum image_compression compression, int level, const char *cache,
		   struct error *err)
{
	struct writer w = { .tree = tree, .doing = "the image" };
	int r = -1;

	if (compression == IMAGE_COMPRESSION_LZ4 && level)
		return error_set(err, "LZ4 has no levels; leave the level out, or take zstd");
	level = level ? level : LEVEL_DEFAULT;
	w.cache = open_cache(cache, compression, level);
	w.chunk = malloc(WRITER_CHUNK);
	if (!w.chunk)
		arena_out_of_memory();
	known_of(&w, tree_root(tree)->inode)->links = 1;
	if (tree_walk(tree, number_children, &w, err) == 0 &&
	    open_writers(&w, fd, compression, level, err) == 0 && write_data(&w, err) == 0 &&
	    write_metadata(&w, err) == 0 && write_tables(&w, err) == 0)
		r = finish(&w, err);
	/* The block processor writes into the inodes until it is gone. */
	close_writers(&w);
	(void)tree_walk(tree, forget_node, NULL, NULL);
	block_cache_close(w.cache);
	free(w.chunk);
	arena_release(&w.arena);
	return r;
}
