/* SPDX-License-Identifier: Apache-2.0 */
/* What the keys of `storage:` and of volumes mean together. */
#include "tools/mkimage/manifest/check.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"

/* The ways to say which disk is meant; `named` are those by which one exact device is meant, whatever it holds. */
static const struct which {
	const char *key;
	size_t offset;
	bool named;
} ways[] = {
	{ "device", offsetof(struct manifest_disk, device), true },
	{ "label", offsetof(struct manifest_disk, label), false },
	{ "partlabel", offsetof(struct manifest_disk, partlabel), true },
	{ "uuid", offsetof(struct manifest_disk, uuid), false },
	{ "partuuid", offsetof(struct manifest_disk, partuuid), true },
	{ "type", offsetof(struct manifest_disk, type), false },
};

static bool is_stated(const struct manifest_disk *disk, const struct which *way)
{
	return ((const struct manifest_string *)(const void *)((const char *)disk + way->offset))->value != NULL;
}

/* The one way that is stated; NULL where there is none. Two are an error. */
static int find_way(struct checker *checker, const struct manifest_disk *disk, const char *where,
		    const struct which **found)
{
	*found = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (!is_stated(disk, &ways[i]))
			continue;
		if (*found)
			return check_fail(checker, &disk->at, where, "", "has both '%s' and '%s'; one of them says which "
					  "disk is meant", (*found)->key, ways[i].key);
		*found = &ways[i];
	}
	return 0;
}

/* What may be made where. Data of others is lost by nothing but a device that the manifest names. */
static int check_create(struct checker *checker, const struct manifest_disk *disk, const char *where,
			const struct which *way)
{
	const struct manifest_string *create = &disk->create;

	if (!create->value || strcmp(create->value, "never") == 0)
		return 0;
	if (strcmp(create->value, "overwrite") == 0 && !(way && way->named))
		return check_fail(checker, &create->at, where, "create",
				  "'overwrite' destroys what is on the disk; say which one by 'device', 'partlabel' or "
				  "'partuuid'");
	if (way && strcmp(way->key, "uuid") == 0)
		return check_fail(checker, &create->at, where, "create",
				  "what is found by its UUID is there already; remove the key");
	if (disk->filesystem.value && strcmp(disk->filesystem.value, "ext4") != 0)
		return check_fail(checker, &create->at, where, "create", "only ext4 can be made, not '%s'",
				  disk->filesystem.value);
	return 0;
}

static int check_state(struct checker *checker, const struct manifest_storage *storage)
{
	const struct which *way;

	if (find_way(checker, &storage->state, "storage.state", &way) < 0)
		return -1;
	return check_create(checker, &storage->state, "storage.state", way);
}

static int check_disk(struct checker *checker, const struct manifest_disk *disk, const char *where)
{
	const struct which *way;

	if (find_way(checker, disk, where, &way) < 0)
		return -1;
	if (!way)
		return check_fail(checker, &disk->at, where, "", "nothing says which disk is meant; add 'device', 'label', "
				  "'partlabel', 'uuid', 'partuuid' or 'type'");
	return check_create(checker, disk, where, way);
}

static int check_swap_file(struct checker *checker, const struct manifest_storage *storage,
			   const struct manifest_disk *swap, const char *where)
{
	if (!storage->state.at.line)
		return check_fail(checker, &swap->file.at, where, "file",
				  "there is no state partition to hold it; add 'state:' to 'storage:'");
	if (!swap->size.value)
		return check_fail(checker, &swap->at, where, "", "'size' is missing; add 'size:', such as '512M'");
	if (swap->create.value)
		return check_fail(checker, &swap->create.at, where, "create", "a swap file is always made; remove the key");
	return 0;
}

static int check_swap(struct checker *checker, const struct manifest_storage *storage,
		      const struct manifest_disk *swap, const char *where)
{
	const struct which *way;

	if (!swap->file.value && swap->size.value)
		return check_fail(checker, &swap->size.at, where, "size", "is for a swap file; a disk is used as it is");
	if (!swap->file.value)
		return check_disk(checker, swap, where);
	if (find_way(checker, swap, where, &way) < 0)
		return -1;
	if (way)
		return check_fail(checker, &swap->at, where, "", "has both 'file' and '%s'; keep one of them", way->key);
	return check_swap_file(checker, storage, swap, where);
}

/* Two mounts at one place: one would hide the other. */
static int check_mounts(struct checker *checker, const struct manifest_storage *storage)
{
	size_t count = storage->disks_count + storage->tmpfs_count;
	const struct manifest_string **places = arena_array(checker->arena, count + 1, sizeof(*places));

	for (size_t i = 0; i < count; i++) {
		places[i] = i < storage->disks_count ? &storage->disks[i].mount
						     : &storage->tmpfs[i - storage->disks_count].mount;
		for (size_t k = 0; k < i; k++)
			if (strcmp(path_clean(checker->arena, places[i]->value),
				   path_clean(checker->arena, places[k]->value)) == 0)
				return check_fail(checker, &places[i]->at, "storage", "",
						  "'%s' is already a place of line %u; choose another", places[i]->value,
						  places[k]->at.line);
	}
	return 0;
}

static int check_volume(struct checker *checker, const struct manifest *manifest,
			const struct manifest_volume *volume, const char *where)
{
	if (check_id(checker, &volume->uid, where, "uid") < 0 || check_id(checker, &volume->gid, where, "gid") < 0)
		return -1;
	if (!volume->persistent.value)
		return 0;
	if (!manifest->storage.state.at.line)
		return check_fail(checker, &volume->persistent.at, where, "persistent",
				  "there is no state partition; add 'storage:' with 'state: {}' below it");
	if (volume->readonly.value)
		return check_fail(checker, &volume->persistent.at, where, "persistent",
				  "nothing is written to a volume that is 'readonly'; remove one of them");
	return 0;
}

int check_storage(struct checker *checker, const struct manifest *manifest)
{
	const struct manifest_storage *storage = &manifest->storage;

	if (storage->state.at.line && check_state(checker, storage) < 0)
		return -1;
	for (size_t i = 0; i < storage->disks_count; i++)
		if (check_disk(checker, &storage->disks[i], arena_printf(checker->arena, "storage.disks[%zu]", i)) < 0)
			return -1;
	for (size_t i = 0; i < storage->swap_count; i++)
		if (check_swap(checker, storage, &storage->swap[i], arena_printf(checker->arena, "storage.swap[%zu]", i)) < 0)
			return -1;
	for (size_t i = 0; i < manifest->volumes_count; i++)
		if (check_volume(checker, manifest, &manifest->volumes[i],
				 arena_printf(checker->arena, "volumes[%zu]", i)) < 0)
			return -1;
	return check_mounts(checker, storage);
}
