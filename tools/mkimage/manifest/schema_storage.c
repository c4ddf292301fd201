/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of `storage:`. Disks of all uses are one struct; what each of them may say is a table of its own. */
#include "tools/mkimage/manifest/rows.h"

#define WHICH_DISK                                                                                           \
	KEY(_disk, "device", STRING, device, CHECK(absolute)),                                               \
	KEY(_disk, "label", STRING, label, CHECK(disk_label)),                                               \
	KEY(_disk, "partlabel", STRING, partlabel, CHECK(partition_label)),                                  \
	KEY(_disk, "uuid", STRING, uuid, CHECK(disk_uuid)),                                                  \
	KEY(_disk, "partuuid", STRING, partuuid, CHECK(disk_uuid)),                                          \
	KEY(_disk, "type", STRING, type, CHECK(partition_type))

#define WHEN_IT_FAILS                                                                                        \
	KEY(_disk, "wait", STRING, wait, CHECK(duration)),                                                   \
	KEY(_disk, "on_failure", STRING, on_failure, CHECK(storage_failure))

#define FILE_SYSTEM                                                                                          \
	KEY(_disk, "options", STRINGS, options, CHECK(mount_option)),                                        \
	KEY(_disk, "grow", BOOL, grow), KEY(_disk, "check", BOOL, check), KEY(_disk, "repair", BOOL, repair),  \
	KEY(_disk, "time_limit", STRING, time_limit, CHECK(duration))

static const struct field state_fields[] = {
	WHICH_DISK,
	KEY(_disk, "filesystem", STRING, filesystem, CHECK(state_filesystem)),
	KEY(_disk, "create", STRING, create, CHECK(create)),
	FILE_SYSTEM,
	WHEN_IT_FAILS,
};
static const struct schema state = PLACED(_disk, state_fields);

static const struct field disk_fields[] = {
	WHICH_DISK,
	KEY(_disk, "mount", STRING, mount, REQUIRED, CHECK(mount_place)),
	KEY(_disk, "filesystem", STRING, filesystem, CHECK(disk_filesystem)),
	KEY(_disk, "create", STRING, create, CHECK(create)),
	FILE_SYSTEM,
	WHEN_IT_FAILS,
};
static const struct schema disk = PLACED(_disk, disk_fields);

static const struct field swap_fields[] = {
	WHICH_DISK,
	KEY(_disk, "file", STRING, file, CHECK(volume_name)),
	KEY(_disk, "size", STRING, size, CHECK(size)),
	KEY(_disk, "create", STRING, create, CHECK(create)),
	KEY(_disk, "priority", INT, priority, RANGE(0, MANIFEST_SWAP_PRIORITY_MAX)),
	WHEN_IT_FAILS,
};
static const struct schema swap = PLACED(_disk, swap_fields);

static const struct field zram_fields[] = {
	KEY(_zram, "size", STRING, size, CHECK(share)),
	KEY(_zram, "algorithm", STRING, algorithm, CHECK(zram_algorithm)),
	KEY(_zram, "priority", INT, priority, RANGE(0, MANIFEST_SWAP_PRIORITY_MAX)),
	KEY(_zram, "on_failure", STRING, on_failure, CHECK(storage_failure)),
};
static const struct schema zram = PLACED(_zram, zram_fields);

static const struct field tmpfs_fields[] = {
	KEY(_tmpfs, "mount", STRING, mount, REQUIRED, CHECK(mount_place)),
	KEY(_tmpfs, "size", STRING, size, CHECK(share)),
	KEY(_tmpfs, "mode", STRING, mode, CHECK(mode)),
	KEY(_tmpfs, "options", STRINGS, options, CHECK(mount_option)),
	KEY(_tmpfs, "on_failure", STRING, on_failure, CHECK(storage_failure)),
};
static const struct schema tmpfs = PLACED(_tmpfs, tmpfs_fields);

static const struct field storage_fields[] = {
	NESTED("state", offsetof(struct manifest_storage, state), &state),
	LIST(_storage, "disks", disks, &disk),
	LIST(_storage, "swap", swap, &swap),
	NESTED("zram", offsetof(struct manifest_storage, zram), &zram),
	LIST(_storage, "tmpfs", tmpfs, &tmpfs),
};
const struct schema schema_storage = BARE(_storage, storage_fields);
