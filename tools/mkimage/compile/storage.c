/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `storage:` and volumes as records of the plan, in the order in which they are made: the state partition, what lies
 * on it, then what stands for itself. And the kernel modules all of it needs.
 */
#include "tools/mkimage/compile/parts.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"

#define WAIT       "30s"
#define TIME_LIMIT "10m"
#define ZRAM_SIZE  "50%"
#define ZRAM_PRIORITY 100		/* before any disk, whose priorities the kernel makes negative */

struct storing {
	const struct manifest *manifest;
	struct arena *arena;
	struct plan *plan;
	struct error *err;
};

static struct plan_storage *add(struct storing *s, enum plan_storage_kind kind, const char *on_failure)
{
	static const char *const words[] = { "stop", "continue", "reboot" };
	struct plan_storage *item = arena_push(s->arena, &s->plan->storage, &s->plan->storage_count, sizeof(*item));

	*item = (struct plan_storage){ .kind = kind, .uid = PLAN_ID_KEPT, .gid = PLAN_ID_KEPT };
	for (size_t i = 0; on_failure && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], on_failure) == 0)
			item->on_failure = (enum plan_storage_failure)i;
	(void)manifest_duration(WAIT, &item->wait);
	(void)manifest_duration(TIME_LIMIT, &item->time_limit);
	return item;
}

static enum plan_create create_of(const struct manifest_disk *disk, enum plan_create fallback)
{
	static const char *const words[] = { "never", "blank", "overwrite" };

	for (size_t i = 0; disk->create.value && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], disk->create.value) == 0)
			return (enum plan_create)i;
	return fallback;
}

static void set_which(const struct manifest_disk *disk, struct plan_storage *item)
{
	const struct {
		enum plan_match match;
		const struct manifest_string *stated;
	} ways[] = {
		{ PLAN_MATCH_DEVICE, &disk->device },	    { PLAN_MATCH_LABEL, &disk->label },
		{ PLAN_MATCH_UUID, &disk->uuid },	    { PLAN_MATCH_PARTLABEL, &disk->partlabel },
		{ PLAN_MATCH_PARTUUID, &disk->partuuid }, { PLAN_MATCH_TYPE, &disk->type },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (ways[i].stated->value) {
			item->match = ways[i].match;
			item->which = ways[i].stated->value;
		}
}

static void add_options(struct storing *s, const struct manifest_strings *stated, struct plan_storage *item)
{
	for (size_t i = 0; i < stated->count; i++)
		*(const char **)arena_push(s->arena, &item->options.items, &item->options.count,
					   sizeof(*item->options.items)) = stated->items[i].value;
}

static bool or_else(const struct manifest_bool *stated, bool fallback)
{
	return stated->set ? stated->value : fallback;
}

/* A disk of any use. What its use adds is the caller's. */
static struct plan_storage *add_disk(struct storing *s, enum plan_storage_kind kind, const struct manifest_disk *disk,
				     enum plan_create create)
{
	struct plan_storage *item = add(s, kind, disk->on_failure.value);

	set_which(disk, item);
	item->create = create_of(disk, create);
	item->filesystem = disk->filesystem.value;
	item->repair = disk->repair.value;
	if (disk->wait.value)
		(void)manifest_duration(disk->wait.value, &item->wait);
	if (disk->time_limit.value)
		(void)manifest_duration(disk->time_limit.value, &item->time_limit);
	add_options(s, &disk->options, item);
	if (disk->priority.set)
		item->priority = (unsigned int)disk->priority.value + 1;
	return item;
}

static void add_state(struct storing *s)
{
	const struct manifest_disk *state = &s->manifest->storage.state;
	struct plan_storage *item;

	if (!state->at.line)
		return;
	/* What is found by its UUID is there already. */
	item = add_disk(s, PLAN_STATE, state, state->uuid.value ? PLAN_CREATE_NEVER : PLAN_CREATE_BLANK);
	item->filesystem = "ext4";
	item->grow = or_else(&state->grow, true);
	item->check = or_else(&state->check, true);
}

static void add_swap_files(struct storing *s)
{
	for (size_t i = 0; i < s->manifest->storage.swap_count; i++) {
		const struct manifest_disk *swap = &s->manifest->storage.swap[i];
		struct plan_storage *item;

		if (!swap->file.value)
			continue;
		item = add_disk(s, PLAN_SWAP_FILE, swap, PLAN_CREATE_NEVER);
		item->name = swap->file.value;
		/* Where the machine goes on without state, it does so without what lies on it. */
		if (!swap->on_failure.value)
			item->on_failure = s->plan->storage[0].on_failure;
		(void)manifest_size(swap->size.value, &item->size);
	}
}

static int set_ids(struct storing *s, const struct manifest_volume *volume, struct plan_storage *item)
{
	if (volume->uid.set && compile_id(s->manifest, &volume->uid, "uid", &item->uid, s->err) < 0)
		return -1;
	if (volume->gid.set && compile_id(s->manifest, &volume->gid, "gid", &item->gid, s->err) < 0)
		return -1;
	return 0;
}

/* A volume is the state partition's affair, or at least it has its policy. */
static int add_volume(struct storing *s, const struct manifest_volume *volume)
{
	const struct manifest_disk *state = &s->manifest->storage.state;
	struct plan_storage *item;

	if (!volume->persistent.value && !volume->size.value && !volume->uid.set && !volume->gid.set &&
	    !volume->mode.value)
		return 0;
	item = add(s, PLAN_VOLUME, volume->persistent.value ? state->on_failure.value : NULL);
	item->name = volume->name.value;
	item->path = compile_volume_path(s->arena, volume->name.value);
	item->persistent = volume->persistent.value;
	item->filled = volume->image.value && *volume->image.value;
	item->mode = volume->mode.value;
	if (volume->size.value)
		(void)manifest_size(volume->size.value, &item->size);
	return set_ids(s, volume, item);
}

static const char *place_of(struct storing *s, const char *path)
{
	return path_join(s->arena, "/", path_clean(s->arena, path));
}

static void add_disks(struct storing *s)
{
	const struct manifest_storage *storage = &s->manifest->storage;

	for (size_t i = 0; i < storage->disks_count; i++) {
		const struct manifest_disk *disk = &storage->disks[i];
		struct plan_storage *item = add_disk(s, PLAN_DISK, disk, PLAN_CREATE_NEVER);

		item->path = place_of(s, disk->mount.value);
		item->grow = disk->grow.value;
		item->check = or_else(&disk->check, true);
		if (item->create != PLAN_CREATE_NEVER)
			item->filesystem = "ext4";
	}
	for (size_t i = 0; i < storage->swap_count; i++)
		if (!storage->swap[i].file.value)
			(void)add_disk(s, PLAN_SWAP, &storage->swap[i], PLAN_CREATE_NEVER);
}

static void add_zram(struct storing *s)
{
	const struct manifest_zram *zram = &s->manifest->storage.zram;
	struct plan_storage *item;

	if (!zram->at.line)
		return;
	item = add(s, PLAN_ZRAM, zram->on_failure.value);
	(void)manifest_share(zram->size.value ? zram->size.value : ZRAM_SIZE, &item->size, &item->percent);
	item->algorithm = zram->algorithm.value;
	item->priority = 1 + (zram->priority.set ? (unsigned int)zram->priority.value : ZRAM_PRIORITY);
}

static void add_tmpfs(struct storing *s)
{
	const struct manifest_storage *storage = &s->manifest->storage;

	for (size_t i = 0; i < storage->tmpfs_count; i++) {
		const struct manifest_tmpfs *tmpfs = &storage->tmpfs[i];
		struct plan_storage *item = add(s, PLAN_TMPFS, tmpfs->on_failure.value);

		item->path = place_of(s, tmpfs->mount.value);
		item->mode = tmpfs->mode.value;
		if (tmpfs->size.value)
			(void)manifest_share(tmpfs->size.value, &item->size, &item->percent);
		add_options(s, &tmpfs->options, item);
	}
}

int storage_compile(const struct compile_input *input, struct arena *arena, struct compiled *out, struct error *err)
{
	struct storing s = { .manifest = input->manifest, .arena = arena, .plan = &out->plan, .err = err };

	add_state(&s);
	add_swap_files(&s);
	for (size_t i = 0; i < s.manifest->volumes_count; i++)
		if (add_volume(&s, &s.manifest->volumes[i]) < 0)
			return -1;
	add_disks(&s);
	add_zram(&s);
	add_tmpfs(&s);
	for (size_t i = 0; i < out->plan.storage_count; i++)
		out->needs_check = out->needs_check || out->plan.storage[i].check;
	return 0;
}

/* ---------------------------------------------------------------- modules */

static bool on_disk(const struct plan_storage *item)
{
	return item->kind == PLAN_STATE || item->kind == PLAN_DISK || item->kind == PLAN_SWAP;
}

static bool is_state(const struct plan_storage *item)
{
	return item->kind == PLAN_STATE;
}

static bool is_zram(const struct plan_storage *item)
{
	return item->kind == PLAN_ZRAM;
}

/* By any of these a machine may have its disks. Each that it does not have costs a moment at boot, so the rarer ones are for
 * the manifest to name. */
static const struct storage_module {
	bool (*wanted_by)(const struct plan_storage *item);
	struct module_wish wish;
} storage_modules[] = {
	{ on_disk, { "nvme", "disks by NVMe", false } },
	{ on_disk, { "virtio_scsi", "disks of virtual machines", false } },
	{ on_disk, { "ahci", "disks by SATA", false } },
	{ on_disk, { "sd_mod", "disks by SCSI, SATA and USB", false } },
	{ is_state, { "ext4", "the state partition", true } },
	/* The checksums of ext4; built in where ext4 is, as a rule. */
	{ is_state, { "crc32c_generic", "checksums of the state partition", false } },
	{ is_state, { "quota_v2", "limits of volumes", false } },
	{ is_zram, { "zram", "compressed swap", true } },
};

static void add_wish(struct arena *arena, struct module_wish **wishes, size_t *count, struct module_wish wish)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp((*wishes)[i].name, wish.name) == 0)
			return;
	*(struct module_wish *)arena_push(arena, wishes, count, sizeof(**wishes)) = wish;
}

/* Some go by another name as a module than as a file system or an algorithm. */
static const char *module_named(const char *name)
{
	static const struct {
		const char *name, *module;
	} others[] = { { "ext2", "ext4" }, { "ext3", "ext4" }, { "iso9660", "isofs" }, { "lzo-rle", "lzo_rle" } };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i].name, name) == 0)
			return others[i].module;
	return name;
}

size_t storage_modules_wanted(const struct plan *plan, struct arena *arena, struct module_wish **wishes)
{
	size_t count = 0;

	*wishes = NULL;
	for (size_t i = 0; i < plan->storage_count; i++) {
		const struct plan_storage *item = &plan->storage[i];

		/* The kernel asks for the algorithm by itself, but there is nobody to load it then. Newer ones have it built in. */
		if (item->algorithm)
			add_wish(arena, wishes, &count,
				 (struct module_wish){ module_named(item->algorithm), "compressed swap", false });
		else if (is_zram(item))
			add_wish(arena, wishes, &count, (struct module_wish){ "lzo_rle", "compressed swap", false });
		for (size_t k = 0; k < ARRAY_SIZE(storage_modules); k++)
			if (storage_modules[k].wanted_by(item))
				add_wish(arena, wishes, &count, storage_modules[k].wish);
		if (item->kind == PLAN_DISK && item->filesystem)
			add_wish(arena, wishes, &count,
				 (struct module_wish){ module_named(item->filesystem), "a file system of 'storage.disks'", true });
		/* FAT's names are in a code page and a character set, each a module. */
		if (item->filesystem && strcmp(item->filesystem, "vfat") == 0) {
			add_wish(arena, wishes, &count, (struct module_wish){ "nls_cp437", "names of FAT", false });
			add_wish(arena, wishes, &count, (struct module_wish){ "nls_ascii", "names of FAT", false });
			add_wish(arena, wishes, &count, (struct module_wish){ "nls_iso8859_1", "names of FAT", false });
			add_wish(arena, wishes, &count, (struct module_wish){ "nls_utf8", "names of FAT", false });
		}
	}
	return count;
}
