/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libext2fs has no quotas; mke2fs brings its own. A new file system needs but one entry, that of project 0, which all
 * files belong to at first. The format is the kernel's fs/quota/quotaio_v2.h and quota_tree.h: blocks of 1 KiB, a header, a
 * tree of four levels whose nodes are block numbers by a byte of the id each, and leaves with entries.
 */
#include "init/storage/ext4_quota.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"

#define QUOTA_BLOCK   1024u
#define TREE_DEPTH    4u
#define LEAF          (TREE_DEPTH + 1)	/* its block: behind the header and a node for each level */
#define QUOTA_BLOCKS  (LEAF + 1)
#define PROJECT_MAGIC 0xd9c03f14u
#define GRACE         604800u		/* seconds: a week, the kernel's own default */

struct quota_head {
	uint32_t magic, version;	/* version 1 has entries of 64 bits */
	uint32_t block_grace, inode_grace, flags, blocks, free_block, free_entry;
};
_Static_assert(sizeof(struct quota_head) == 32, "v2_disk_dqheader and v2_disk_dqinfo");

struct quota_leaf {
	uint32_t next_free, previous_free;
	uint16_t entries, padding;
	uint32_t more_padding;
};
_Static_assert(sizeof(struct quota_leaf) == 16, "qt_disk_dqdbheader");

struct quota_entry {
	uint32_t id, padding;
	uint64_t inode_hard, inode_soft, inodes, block_hard, block_soft, bytes, block_time, inode_time;
};
_Static_assert(sizeof(struct quota_entry) == 72, "v2r1_disk_dqblk");

/* What project 0 has: of the inodes that are anybody's there are the root and lost+found. */
static errcode_t count_usage(ext2_filsys fs, struct quota_entry *entry)
{
	ext2_ino_t inodes[] = { EXT2_ROOT_INO, 0 };
	uint64_t bytes = 0;
	errcode_t code = ext2fs_lookup(fs, EXT2_ROOT_INO, "lost+found", 10, NULL, &inodes[1]);

	for (size_t i = 0; !code && i < ARRAY_SIZE(inodes); i++) {
		struct ext2_inode inode;

		code = ext2fs_read_inode(fs, inodes[i], &inode);
		if (!code)
			bytes += ext2fs_get_stat_i_blocks(fs, &inode) * 512;
	}
	entry->inodes = htole64(ARRAY_SIZE(inodes));
	entry->bytes = htole64(bytes);
	return code;
}

static void lay_out(const struct quota_entry *entry, unsigned char *file)
{
	struct quota_head head = { .magic = htole32(PROJECT_MAGIC), .version = htole32(1), .block_grace = htole32(GRACE),
				   .inode_grace = htole32(GRACE), .blocks = htole32(QUOTA_BLOCKS),
				   .free_entry = htole32(LEAF) };
	struct quota_leaf leaf = { .entries = htole16(1) };

	memset(file, 0, QUOTA_BLOCKS * QUOTA_BLOCK);
	memcpy(file, &head, sizeof(head));
	for (uint32_t level = 1; level <= TREE_DEPTH; level++) {
		uint32_t next = htole32(level + 1);

		memcpy(file + level * QUOTA_BLOCK, &next, sizeof(next));
	}
	memcpy(file + LEAF * QUOTA_BLOCK, &leaf, sizeof(leaf));
	memcpy(file + LEAF * QUOTA_BLOCK + sizeof(leaf), entry, sizeof(*entry));
}

static errcode_t make_inode(ext2_filsys fs, ext2_ino_t *ino)
{
	struct ext2_inode inode = { .i_mode = LINUX_S_IFREG | 0600, .i_links_count = 1,
				    .i_flags = EXT2_IMMUTABLE_FL | EXT4_EXTENTS_FL };
	errcode_t code = ext2fs_new_inode(fs, EXT2_ROOT_INO, LINUX_S_IFREG | 0600, NULL, ino);
	ext2_extent_handle_t handle;

	if (code)
		return code;
	ext2fs_inode_alloc_stats2(fs, *ino, +1, 0);
	/* Opening an empty inode with the flag set writes the root of its extents. */
	code = ext2fs_extent_open2(fs, *ino, &inode, &handle);
	if (code)
		return code;
	ext2fs_extent_free(handle);
	return ext2fs_write_new_inode(fs, *ino, &inode);
}

errcode_t ext4_quota_add(ext2_filsys fs)
{
	unsigned char content[QUOTA_BLOCKS * QUOTA_BLOCK];
	struct quota_entry entry = { 0 };
	unsigned int written;
	ext2_file_t file;
	ext2_ino_t ino;
	errcode_t code = count_usage(fs, &entry), closed;

	if (!code)
		code = make_inode(fs, &ino);
	if (!code)
		code = ext2fs_file_open(fs, ino, EXT2_FILE_WRITE, &file);
	if (code)
		return code;
	lay_out(&entry, content);
	code = ext2fs_file_write(file, content, sizeof(content), &written);
	closed = ext2fs_file_close(file);
	if (code || closed)
		return code ? code : closed;
	fs->super->s_prj_quota_inum = ino;
	ext2fs_mark_super_dirty(fs);
	return 0;
}
