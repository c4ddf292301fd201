/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with a device: every case as a row, first of what libblkid and the bytes may say, then of real disks. */
#include "init/storage/decide.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define GIB (1ull << 30)

static const struct plan_storage state = { .kind = PLAN_STATE, .create = PLAN_CREATE_BLANK, .filesystem = "ext4" };
static const struct plan_storage state_never = { .kind = PLAN_STATE, .create = PLAN_CREATE_NEVER, .filesystem = "ext4" };
static const struct plan_storage state_over = { .kind = PLAN_STATE, .create = PLAN_CREATE_OVERWRITE, .filesystem = "ext4",
						.match = PLAN_MATCH_DEVICE, .which = "/dev/vdb" };
static const struct plan_storage disk = { .kind = PLAN_DISK, .match = PLAN_MATCH_DEVICE, .which = "/dev/vdb" };
static const struct plan_storage disk_over = { .kind = PLAN_DISK, .create = PLAN_CREATE_OVERWRITE, .filesystem = "ext4",
					       .match = PLAN_MATCH_DEVICE, .which = "/dev/vdb" };
static const char *const ro[] = { "ro" };
static const struct plan_storage disk_ro = { .kind = PLAN_DISK, .match = PLAN_MATCH_DEVICE, .which = "/dev/vdb",
					     .options = { (const char **)ro, 1 } };
static const struct plan_storage ntfs = { .kind = PLAN_DISK, .match = PLAN_MATCH_DEVICE, .which = "/dev/vdb",
					  .filesystem = "ntfs3" };
static const struct plan_storage swap = { .kind = PLAN_SWAP, .create = PLAN_CREATE_BLANK, .match = PLAN_MATCH_LABEL,
					  .which = "swap" };

#define BLANK  .size = GIB, .zeros = true
#define FULL   .size = GIB
#define EXT4   .size = GIB, .type = "ext4"

static const struct row {
	const char *name;
	const struct plan_storage *wanted;
	struct probe probe;
	enum decision_action action;
	const char *found;
} rows[] = {
	/* what is wanted */
	{ "our state", &state, { EXT4, .label = STATE_LABEL }, DECIDE_USE, "ext4" },
	{ "any ext4 on the device that was named", &state, { EXT4 }, DECIDE_USE, "ext4" },
	{ "our state, where nothing may be made", &state_never, { EXT4, .label = STATE_LABEL }, DECIDE_USE, "ext4" },
	{ "our state, where others are overwritten", &state_over, { EXT4, .label = STATE_LABEL }, DECIDE_USE, "ext4" },
	{ "our state, finished but for its mark", &state, { EXT4, .label = STATE_LABEL, .begun = true }, DECIDE_USE, "ext4" },
	{ "a disk with whatever it has", &disk, { FULL, .type = "xfs" }, DECIDE_USE, "xfs" },
	{ "the driver has another name than the file system", &ntfs, { FULL, .type = "ntfs" }, DECIDE_USE, "ntfs" },
	{ "ext4 on a disk that may be overwritten", &disk_over, { EXT4, .label = "x" }, DECIDE_USE, "ext4" },
	{ "swap", &swap, { FULL, .type = "swap", .label = "swap" }, DECIDE_USE, "swap" },
	/* blank */
	{ "a blank disk", &state, { BLANK }, DECIDE_MAKE, "blank" },
	{ "a blank disk for swap", &swap, { BLANK }, DECIDE_MAKE, "blank" },
	{ "a blank disk that is not to be touched", &state_never, { BLANK }, DECIDE_REFUSE, "blank" },
	{ "a blank disk to mount", &disk, { BLANK }, DECIDE_REFUSE, "blank" },
	{ "a blank disk of a few bytes", &state, { .size = 1 << 20, .zeros = true }, DECIDE_REFUSE, "too small" },
	{ "a blank disk of a few bytes, for swap", &swap, { .size = 1 << 20, .zeros = true }, DECIDE_MAKE, "blank" },
	{ "a blank disk that is write-protected", &state, { BLANK, .readonly = true }, DECIDE_REFUSE, "write-protected" },
	/* begun */
	{ "what was begun", &state, { FULL, .begun = true }, DECIDE_MAKE, "begun" },
	{ "what was begun, with a torn superblock", &state, { FULL, .begun = true, .damaged_ext = true }, DECIDE_MAKE, "begun" },
	{ "what was begun, where nothing may be made", &state_never, { FULL, .begun = true }, DECIDE_REFUSE, "not known" },
	{ "what was begun over another", &state, { FULL, .begun = true, .type = "btrfs" }, DECIDE_REFUSE, "btrfs" },
	/* what others may need */
	{ "LUKS", &state, { FULL, .type = "crypto_LUKS" }, DECIDE_REFUSE, "a LUKS volume" },
	{ "LVM", &state, { FULL, .type = "LVM2_member" }, DECIDE_REFUSE, "an LVM volume" },
	{ "RAID", &state, { FULL, .type = "linux_raid_member" }, DECIDE_REFUSE, "a part of a RAID" },
	{ "btrfs", &state, { FULL, .type = "btrfs" }, DECIDE_REFUSE, "a file system 'btrfs'" },
	{ "ntfs", &state, { FULL, .type = "ntfs", .label = "Games" }, DECIDE_REFUSE, "'ntfs' labelled 'Games'" },
	{ "ext3", &state, { FULL, .type = "ext3" }, DECIDE_REFUSE, "a file system 'ext3'" },
	{ "swap where state is wanted", &state, { FULL, .type = "swap" }, DECIDE_REFUSE, "a swap area" },
	{ "ext4 where swap is wanted", &swap, { EXT4 }, DECIDE_REFUSE, "a file system 'ext4'" },
	{ "a sleeping machine's memory", &swap, { FULL, .type = "swsuspend" }, DECIDE_REFUSE, "sleeps" },
	{ "a signature behind zeros", &state, { BLANK, .type = "zfs_member" }, DECIDE_REFUSE, "zfs_member" },
	{ "a partition table", &state, { FULL, .table = "gpt" }, DECIDE_REFUSE, "a partition table 'gpt'" },
	{ "a partition table at the end", &state, { BLANK, .table = "gpt" }, DECIDE_REFUSE, "a partition table 'gpt'" },
	{ "two signatures", &state, { FULL, .ambiguous = true }, DECIDE_REFUSE, "more than one" },
	{ "random bytes", &state, { FULL }, DECIDE_REFUSE, "not known" },
	{ "a damaged ext4", &state, { FULL, .damaged_ext = true }, DECIDE_REFUSE, "a damaged ext file system" },
	{ "LUKS to mount", &disk, { FULL, .type = "crypto_LUKS" }, DECIDE_REFUSE, "a LUKS volume" },
	{ "swap to mount", &disk, { FULL, .type = "swap" }, DECIDE_REFUSE, "a swap area" },
	{ "a member of something to mount", &disk, { FULL, .type = "LVM2_member" }, DECIDE_REFUSE, "LVM" },
	{ "another file system than was said", &ntfs, { EXT4 }, DECIDE_REFUSE, "ext4" },
	/* overwritten, since the manifest says so */
	{ "LUKS to overwrite", &state_over, { FULL, .type = "crypto_LUKS" }, DECIDE_MAKE, "overwritten" },
	{ "another's ext4 to overwrite", &state_over, { EXT4, .label = "root" }, DECIDE_MAKE, "overwritten" },
	{ "random bytes to overwrite", &state_over, { FULL }, DECIDE_MAKE, "overwritten" },
	{ "a table to overwrite", &state_over, { FULL, .table = "dos" }, DECIDE_MAKE, "overwritten" },
	{ "signatures to overwrite", &state_over, { FULL, .ambiguous = true }, DECIDE_MAKE, "overwritten" },
	{ "a damaged ext4 to overwrite", &state_over, { FULL, .damaged_ext = true }, DECIDE_MAKE, "overwritten" },
	{ "a write-protected disk to overwrite", &state_over, { FULL, .readonly = true }, DECIDE_REFUSE, "write-protected" },
	{ "xfs on a disk to overwrite", &disk_over, { FULL, .type = "xfs" }, DECIDE_MAKE, "overwritten" },
	/* broken */
	{ "an unreadable disk", &state, { .error = EIO }, DECIDE_REFUSE, "cannot be read: " },
	{ "an unreadable disk to overwrite", &state_over, { .error = EIO }, DECIDE_REFUSE, "cannot be read: " },
	{ "no medium", &state, { 0 }, DECIDE_REFUSE, "no size" },
	{ "our state, write-protected", &state, { EXT4, .label = STATE_LABEL, .readonly = true }, DECIDE_REFUSE, "protected" },
	{ "a write-protected disk to read", &disk_ro, { FULL, .type = "iso9660", .readonly = true }, DECIDE_USE, "iso9660" },
	{ "a write-protected disk to write", &disk, { EXT4, .readonly = true }, DECIDE_REFUSE, "write-protected" },
};

static void every_device_is_decided_upon(void **test)
{
	(void)test;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct decision decision;

		decide(rows[i].wanted, &rows[i].probe, &decision);
		if (decision.action != rows[i].action || !strstr(decision.found, rows[i].found))
			fail_msg("%s: expected %d (%s), got %d (%s)", rows[i].name, rows[i].action, rows[i].found,
				 decision.action, decision.found);
	}
	printf("%zu cases\n", ARRAY_SIZE(rows));
}

/* All that a probe can say, in all combinations: nothing is made over what has a name, unless the manifest says so. */
static void nothing_with_a_name_is_written_over(void **test)
{
	static const char *const types[] = { "", "ext4", "xfs", "crypto_LUKS", "swap" };
	static const char *const tables[] = { "", "gpt" };
	const struct plan_storage *wishes[] = { &state, &state_never, &disk, &disk_ro, &swap };

	(void)test;
	for (unsigned int bits = 0; bits < 64; bits++)
		for (size_t t = 0; t < ARRAY_SIZE(types) * ARRAY_SIZE(tables); t++)
			for (size_t w = 0; w < ARRAY_SIZE(wishes); w++) {
				struct probe p = { .size = GIB, .ambiguous = bits & 1, .zeros = bits & 2, .begun = bits & 4,
						   .damaged_ext = bits & 8, .readonly = bits & 16,
						   .error = bits & 32 ? EIO : 0 };
				struct decision decision;

				strcpy(p.type, types[t % ARRAY_SIZE(types)]);
				strcpy(p.table, tables[t / ARRAY_SIZE(types)]);
				decide(wishes[w], &p, &decision);
				if (decision.action == DECIDE_MAKE)
					assert_true(!*p.type && !*p.table && !p.ambiguous && !p.readonly && !p.error &&
						    (p.begun || (p.zeros && !p.damaged_ext)) &&
						    wishes[w]->create == PLAN_CREATE_BLANK);
			}
}

static void a_device_is_known_by_what_the_plan_says(void **test)
{
	const struct probe p = { .label = "data", .uuid = "0F8FAD5B-D9CB-469F-A165-70867728950E", .part_label = "part",
				 .part_uuid = "11111111-2222-3333-4444-555555555555", .part_type = STATE_TYPE };
	const struct probe labelled = { .label = STATE_LABEL }, other = { .label = "other" };
	static const struct plan_storage meant[] = {
		{ .match = PLAN_MATCH_OWN },
		{ .match = PLAN_MATCH_LABEL, .which = "data" },
		{ .match = PLAN_MATCH_UUID, .which = "0f8fad5b-d9cb-469f-a165-70867728950e" },
		{ .match = PLAN_MATCH_PARTLABEL, .which = "part" },
		{ .match = PLAN_MATCH_PARTUUID, .which = "11111111-2222-3333-4444-555555555555" },
		{ .match = PLAN_MATCH_TYPE, .which = "8F7E1A52-3C0B-4F6D-9D2E-51C5B6A9E7D4" },
	};

	(void)test;
	for (size_t i = 0; i < ARRAY_SIZE(meant); i++) {
		assert_true(decide_is_meant(&meant[i], &p));
		assert_false(decide_is_meant(&meant[i], &other));
	}
	assert_true(decide_is_meant(&meant[0], &labelled));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_device_is_decided_upon),
		cmocka_unit_test(nothing_with_a_name_is_written_over),
		cmocka_unit_test(a_device_is_known_by_what_the_plan_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
