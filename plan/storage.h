/* SPDX-License-Identifier: Apache-2.0 */
/* `storage` records: what PID 1 makes of disks and memory before onboot. Part of plan/plan.h. */
#ifndef PLAN_STORAGE_H
#define PLAN_STORAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"

enum plan_storage_kind {
	PLAN_STATE,			/* the state partition; at most one, and before what lies on it */
	PLAN_DISK,			/* a disk mounted at `path` */
	PLAN_SWAP,			/* a disk to swap on */
	PLAN_SWAP_FILE,			/* a file `name` of `size` bytes on the state partition */
	PLAN_ZRAM,			/* compressed memory to swap on: `size` bytes or `percent` of the memory */
	PLAN_TMPFS,			/* mounted at `path` */
	PLAN_VOLUME,			/* the volume `name` at `path` */
};

/* How a device is known. */
enum plan_match {
	PLAN_MATCH_OWN,			/* by our label or our partition type */
	PLAN_MATCH_DEVICE,		/* its node: "/dev/vdb" */
	PLAN_MATCH_LABEL,		/* of the file system or the swap area */
	PLAN_MATCH_UUID,		/* of the same */
	PLAN_MATCH_PARTLABEL,		/* the name of the partition in a GPT */
	PLAN_MATCH_PARTUUID,		/* of the partition */
	PLAN_MATCH_TYPE,		/* the partition's type */
};

enum plan_create { PLAN_CREATE_NEVER, PLAN_CREATE_BLANK, PLAN_CREATE_OVERWRITE };
enum plan_storage_failure { PLAN_STORAGE_STOP, PLAN_STORAGE_CONTINUE, PLAN_STORAGE_REBOOT };

#define PLAN_CHECK_PROGRAM "/usr/libexec/slipway/e2fsck"	/* where a file system is to be checked */
#define PLAN_ID_KEPT UINT32_MAX		/* a uid or gid that stays as it is, as for chown(2) */

struct plan_storage {
	enum plan_storage_kind kind;
	enum plan_storage_failure on_failure;	/* default stop */
	/* State, disk, swap. */
	enum plan_match match;		/* default own */
	const char *which;		/* the label, the path and so on; NULL for PLAN_MATCH_OWN */
	enum plan_create create;	/* default never */
	const char *filesystem;		/* state, disk: "ext4"; NULL for a disk: whatever is found */
	bool grow, check, repair;	/* default false */
	unsigned int wait;		/* milliseconds for the device to come; default 30000 */
	unsigned int time_limit;	/* milliseconds for everything else; default 600000 */
	/* The rest. */
	struct plan_strings options;	/* state, disk, tmpfs: for mount(2) */
	const char *path, *name;
	uint64_t size;			/* bytes; 0 is no limit */
	unsigned int percent;		/* tmpfs, zram: of the memory, in place of `size`; 0 is none */
	unsigned int priority;		/* swap of any kind, plus one; 0: the kernel chooses */
	const char *algorithm;		/* zram; NULL: the kernel's */
	bool persistent;		/* volume: on the state partition, else in memory */
	bool filled;			/* volume: the image has contents for it */
	unsigned int uid, gid;		/* volume; default PLAN_ID_KEPT */
	const char *mode;		/* volume, tmpfs: octal; NULL: as it is, 1777 */
};

#endif
