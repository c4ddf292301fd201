/* SPDX-License-Identifier: Apache-2.0 */
/* The quota file for projects, in a file system that is being made: what the volumes' limits are counted in. */
#ifndef INIT_STORAGE_EXT4_QUOTA_H
#define INIT_STORAGE_EXT4_QUOTA_H

#include <sys/types.h>		/* which <ext2fs/ext2fs.h> counts on */

#include <ext2fs/ext2fs.h>

/* Everything else must be in place: it counts what there is. The superblock must have the features quota and project. */
errcode_t ext4_quota_add(ext2_filsys fs);

#endif
