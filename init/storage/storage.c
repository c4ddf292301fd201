/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/storage.h"

#include "init/storage/mount.h"
#include "init/storage/swap.h"
#include "init/storage/volume.h"

static const struct {
	const char *name;
	int (*apply)(const struct plan_storage *item, const struct storage_places *places, struct error *err);
} kinds[] = {
	[PLAN_STATE] = { "state", mount_state },       [PLAN_DISK] = { "disk", mount_disk },
	[PLAN_SWAP] = { "swap", swap_on_device },      [PLAN_SWAP_FILE] = { "swap", swap_on_file },
	[PLAN_ZRAM] = { "zram", swap_on_zram },	       [PLAN_TMPFS] = { "tmpfs", mount_tmpfs },
	[PLAN_VOLUME] = { "volumes", volume_apply },
};

const char *storage_kind_name(enum plan_storage_kind kind)
{
	return kinds[kind].name;
}

int storage_apply(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	return kinds[item->kind].apply(item, places, err);
}
