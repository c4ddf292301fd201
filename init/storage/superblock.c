/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/superblock.h"

#include <endian.h>
#include <sys/types.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LOG_BLOCK_MAX 6			/* 64 KiB: EXT2_MAX_BLOCK_LOG_SIZE */

bool superblock_is_whole(int fd)
{
	struct ext2_super_block raw;

	if (pread(fd, &raw, sizeof(raw), SUPERBLOCK_OFFSET) != sizeof(raw))
		return false;
	return !ext2fs_has_feature_metadata_csum(&raw) ||
	       ext2fs_crc32c_le(~0u, (unsigned char *)&raw, offsetof(struct ext2_super_block, s_checksum)) == raw.s_checksum;
}

int superblock_read(const char *device, struct superblock *super, struct error *err)
{
	struct ext2_super_block raw;
	autoclose int fd = open(device, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", device);
	errno = EIO;
	if (pread(fd, &raw, sizeof(raw), SUPERBLOCK_OFFSET) != sizeof(raw))
		return error_errno(err, "cannot read the superblock of '%s'", device);
	if (le16toh(raw.s_magic) != EXT2_SUPER_MAGIC ||
	    le32toh(raw.s_log_block_size) > LOG_BLOCK_MAX)
		return error_set(err, "'%s' has no superblock of an ext file system", device);
	*super = (struct superblock){
		.clean = raw.s_state & EXT2_VALID_FS,
		.errors = (raw.s_state & EXT2_ERROR_FS) || raw.s_error_count,
		.replay = ext2fs_has_feature_journal_needs_recovery(&raw),
		.projects = ext2fs_has_feature_project(&raw) && ext2fs_has_feature_quota(&raw) && raw.s_prj_quota_inum,
		.blocks = ext2fs_blocks_count(&raw),
		.block_size = EXT2_MIN_BLOCK_SIZE << raw.s_log_block_size,
	};
	return 0;
}
