/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mke2fs does, in its order. The superblock comes last, after a flush of everything else: that is what
 * ext2fs_close() does with a file system that was never on a disk before. With metadata_csum a torn superblock is none.
 */
#include "init/storage/ext4.h"

#include <string.h>

#include "base/cleanup.h"
#include "init/storage/begun.h"
#include "init/storage/ext4_quota.h"

#define BLOCK_BYTES   4096u
#define INODE_EACH    16384u		/* bytes of the device for each inode */
#define INODE_BYTES   256
#define RESERVED_PART 64u		/* one block in so many is kept for PID 1 ... */
#define RESERVED_MAX  (64u << 20)	/* ... at most so many bytes */
#define RESERVED_UID  65533u		/* nobody's: else whoever runs as root could fill it, in a container, too */
#define LOST_FOUND_BLOCKS 4


static void set_features(struct ext2_super_block *super)
{
	ext2fs_set_feature_journal(super);
	ext2fs_set_feature_xattr(super);
	ext2fs_set_feature_resize_inode(super);
	ext2fs_set_feature_dir_index(super);
	ext2fs_set_feature_filetype(super);
	ext2fs_set_feature_extents(super);
	ext2fs_set_feature_64bit(super);
	ext2fs_set_feature_flex_bg(super);
	ext2fs_set_feature_sparse_super(super);
	ext2fs_set_feature_large_file(super);
	ext2fs_set_feature_huge_file(super);
	ext2fs_set_feature_dir_nlink(super);
	ext2fs_set_feature_extra_isize(super);
	ext2fs_set_feature_metadata_csum(super);
	ext2fs_set_feature_quota(super);
	ext2fs_set_feature_project(super);
}

static void set_parameters(struct ext2_super_block *super, const struct ext4_wish *wish)
{
	uint64_t blocks = wish->size / BLOCK_BYTES, reserved = blocks / RESERVED_PART;
	uint64_t inodes = blocks / (INODE_EACH / BLOCK_BYTES);

	if (reserved > RESERVED_MAX / BLOCK_BYTES)
		reserved = RESERVED_MAX / BLOCK_BYTES;
	*super = (struct ext2_super_block){
		.s_rev_level = EXT2_DYNAMIC_REV, .s_log_block_size = 2, .s_log_cluster_size = 2,
		.s_inode_size = INODE_BYTES, .s_log_groups_per_flex = 4, .s_max_mnt_count = -1,
		.s_inodes_count = inodes > UINT32_MAX ? UINT32_MAX : (uint32_t)inodes,
	};
	set_features(super);
	ext2fs_blocks_count_set(super, blocks);
	ext2fs_r_blocks_count_set(super, reserved);
}

/* What ext2fs_initialize() does not take over from the parameters. */
static void set_identity(ext2_filsys fs, const struct ext4_wish *wish)
{
	struct ext2_super_block *super = fs->super;

	memcpy(super->s_uuid, wish->uuid, sizeof(super->s_uuid));
	memcpy(super->s_hash_seed, wish->hash_seed, sizeof(wish->hash_seed));
	memcpy(super->s_volume_name, wish->label, strnlen(wish->label, sizeof(super->s_volume_name)));
	super->s_def_hash_version = EXT2_HASH_HALF_MD4;
	super->s_flags = EXT2_FLAGS_SIGNED_HASH;
	super->s_kbytes_written = 1;
	super->s_max_mnt_count = -1;	/* no check for having been mounted so often */
	super->s_checkinterval = 0;
	super->s_errors = EXT2_ERRORS_RO;
	super->s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL;
	super->s_checksum_type = EXT2_CRC32C_CHKSUM;
	super->s_def_resuid = RESERVED_UID;
	ext2fs_init_csum_seed(fs);
}

/* The kernel zeroes the rest of the tables at its leisure; the reserved inodes it reads at once. */
static errcode_t write_inode_tables(ext2_filsys fs)
{
	struct ext2_inode_large zero = { 0 };
	errcode_t code = 0;

	for (dgrp_t group = 0; !code && group < fs->group_desc_count; group++) {
		blk64_t block = ext2fs_inode_table_loc(fs, group);
		unsigned int used = fs->super->s_inodes_per_group - ext2fs_bg_itable_unused(fs, group);
		int count = (int)ext2fs_div_ceil(used * EXT2_INODE_SIZE(fs->super), fs->blocksize);

		code = count ? ext2fs_zero_blocks2(fs, block, count, &block, &count) : 0;
	}
	for (ext2_ino_t ino = 1; !code && ino < EXT2_FIRST_INO(fs->super); ino++)
		code = ext2fs_write_inode_full(fs, ino, (struct ext2_inode *)&zero, sizeof(zero));
	return code;
}

static errcode_t make_directories(ext2_filsys fs)
{
	errcode_t code = ext2fs_mkdir(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, NULL);
	ext2_ino_t ino = 0;

	fs->umask = 077;
	if (!code)
		code = ext2fs_mkdir(fs, EXT2_ROOT_INO, 0, "lost+found");
	if (!code)
		code = ext2fs_lookup(fs, EXT2_ROOT_INO, "lost+found", 10, NULL, &ino);
	for (int i = 1; !code && i < LOST_FOUND_BLOCKS; i++)
		code = ext2fs_expand_dir(fs, ino);
	return code;
}

static errcode_t reserve_inodes(ext2_filsys fs)
{
	for (ext2_ino_t ino = EXT2_ROOT_INO + 1; ino < EXT2_FIRST_INO(fs->super); ino++)
		ext2fs_inode_alloc_stats2(fs, ino, +1, 0);
	ext2fs_mark_ib_dirty(fs);
	ext2fs_mark_inode_bitmap2(fs->inode_map, EXT2_BAD_INO);
	ext2fs_inode_alloc_stats2(fs, EXT2_BAD_INO, +1, 0);
	return ext2fs_update_bb_inode(fs, NULL);
}

static errcode_t add_journal(ext2_filsys fs)
{
	struct ext2fs_journal_params parameters;
	errcode_t code = ext2fs_get_journal_params(&parameters, fs);

	return code ? code : ext2fs_add_journal_inode3(fs, &parameters, ~0ULL, 0);
}

static const struct {
	errcode_t (*run)(ext2_filsys fs);
	const char *what;
} steps[] = {
	{ ext2fs_allocate_tables, "its tables" },
	{ write_inode_tables, "its inodes" },
	{ make_directories, "its first directories" },
	{ reserve_inodes, "its reserved inodes" },
	{ ext2fs_create_resize_inode, "its room to grow" },
	{ add_journal, "its journal" },
	{ ext4_quota_add, "its quotas" },
};

static int fill(ext2_filsys fs, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		errcode_t code = steps[i].run(fs);

		if (code)
			return error_set(err, "%s: %s", steps[i].what, error_message(code));
	}
	return 0;
}

static int make(io_manager manager, const char *path, const struct ext4_wish *wish, struct error *err)
{
	struct ext2_super_block parameters;
	ext2_filsys fs = NULL;
	errcode_t code;

	set_parameters(&parameters, wish);
	code = ext2fs_initialize(path, EXT2_FLAG_EXCLUSIVE | EXT2_FLAG_64BITS, &parameters, manager, &fs);
	if (code)
		return error_set(err, "%s", error_message(code));
	set_identity(fs, wish);
	if (fill(fs, err) < 0) {
		ext2fs_free(fs);
		return -1;
	}
	code = ext2fs_close_free(&fs);
	if (code && fs)
		ext2fs_free(fs);
	return code ? error_set(err, "%s", error_message(code)) : 0;
}

int ext4_make(io_manager manager, const char *path, const struct ext4_wish *wish, struct error *err)
{
	initialize_ext2_error_table();
	if (begun_set(manager, path, wish->size, err) < 0)
		return -1;
	if (make(manager, path, wish, err) < 0)
		return error_context(err, "cannot make an ext4 file system on '%s'", path);
	return begun_clear(manager, path, err);
}
