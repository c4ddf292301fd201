/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's mounts, in LinuxKit's way: the default ones, then `tmpfs`, `binds` and
 * `mounts`; the later one of the same destination wins. Sorted by destination, so that
 * what is mounted inside of another comes after it.
 */
#include "tools/mkimage/compile/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"

struct entry {
	struct oci_mount mount;
	const char *list;		/* the key that it came from: "binds"; NULL for a default */
	struct place at;
};

struct mount_list {
	struct job *job;
	struct entry *entries;
	size_t count;
};

/* `readonly` is put behind the options where the container is read-only. */
static const struct default_mount {
	const char *destination, *type, *source;
	const char *options[6];
	bool readonly;
} defaults[] = {
	{ "/proc", "proc", "proc", { "nosuid", "nodev", "noexec", "relatime" }, false },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" }, true },
	{ "/dev/pts", "devpts", "devpts", { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" },
	  false },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev" }, true },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" }, false },
};

/* Where a mount of this type goes when its destination is left out. */
static const struct default_destination {
	const char *type, *destination;
} default_destinations[] = {
	{ "proc", "/proc" },	      { "devpts", "/dev/pts" },	   { "sysfs", "/sys" },
	{ "cgroup", "/sys/fs/cgroup" }, { "mqueue", "/dev/mqueue" },
};

static void add_option(struct arena *arena, struct oci_strings *options, const char *option)
{
	for (size_t i = 0; i < options->count; i++)
		if (strcmp(options->items[i], option) == 0)
			return;
	*(const char **)arena_push(arena, &options->items, &options->count, sizeof(*options->items)) = option;
}

/* "a,b,c" */
static void add_options(struct arena *arena, struct oci_strings *options, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, ",");

		if (length)
			add_option(arena, options, arena_strndup(arena, text, length));
		text += length + (text[length] == ',');
	}
}

/* Puts the mount in, over one of the same destination. Two in one list of the manifest are a mistake. */
static int put(struct mount_list *list, const char *key, const struct place *at, struct oci_mount mount)
{
	struct job *job = list->job;
	struct entry *entry;

	if (mount.destination[0] != '/')
		return job_error(job, at, "%s: the destination '%s' must be an absolute path", key, mount.destination);
	if (path_escapes(mount.destination))
		return job_error(job, at, "%s: the destination '%s' leads out of the container", key,
				 mount.destination);
	mount.destination = path_join(job->arena, "/", path_clean(job->arena, mount.destination));
	if (strcmp(mount.destination, "/") == 0)
		return job_error(job, at, "%s: the root of a container is its image, not a mount", key);
	for (entry = list->entries; entry < list->entries + list->count; entry++)
		if (strcmp(entry->mount.destination, mount.destination) == 0)
			break;
	if (entry == list->entries + list->count)
		entry = arena_push(job->arena, &list->entries, &list->count, sizeof(*entry));
	else if (entry->list && strcmp(entry->list, key) == 0 && entry->at.line && at->line)
		return job_error(job, at, "%s: '%s' is already the destination of another, in line %u", key,
				 mount.destination, entry->at.line);
	*entry = (struct entry){ mount, key, *at };
	return 0;
}

/*
 * A sysfs belongs to a network namespace, and only whose user namespace owns that may mount one: a container with the
 * one of its own and not the other is given the machine's.
 */
static void share_sysfs(const struct job *job, struct oci_mount *mount)
{
	static const char *options[] = { "rbind", "rslave", "nosuid", "noexec", "nodev", "ro" };
	const char *net = job->merged.net.value;

	if (strcmp(mount->type, "sysfs") != 0 || !job_maps_ids(job) ||
	    (net && (strcmp(net, "new") == 0 || strcmp(net, "none") == 0)))
		return;
	mount->type = "bind";
	mount->source = mount->destination;
	mount->options = (struct oci_strings){ options, ARRAY_SIZE(options) };
}

static void put_defaults(struct mount_list *list)
{
	struct arena *arena = list->job->arena;

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		const struct default_mount *d = &defaults[i];
		struct entry *entry = arena_push(arena, &list->entries, &list->count, sizeof(*entry));

		entry->mount = (struct oci_mount){
			.destination = d->destination, .type = d->type, .source = d->source };
		for (size_t k = 0; k < ARRAY_SIZE(d->options) && d->options[k]; k++)
			add_option(arena, &entry->mount.options, d->options[k]);
		if (d->readonly && list->job->merged.readonly.value)
			add_option(arena, &entry->mount.options, "ro");
		share_sysfs(list->job, &entry->mount);
	}
}

/* One of several machines knows the others; so does what runs in it. */
static void put_hosts(struct mount_list *list)
{
	static const char *options[] = { "bind", "ro" };
	struct entry *entry;

	if (!list->job->input->manifest->lan.machine)
		return;
	entry = arena_push(list->job->arena, &list->entries, &list->count, sizeof(*entry));
	entry->mount = (struct oci_mount){
		.destination = "/etc/hosts", .type = "bind", .source = "/etc/hosts", .options = { options, ARRAY_SIZE(options) },
	};
}

/* "destination[:options]" */
static int put_tmpfs(struct mount_list *list, const struct manifest_string *item)
{
	struct arena *arena = list->job->arena;
	const char *colon = strchr(item->value, ':');
	struct oci_mount mount = { .type = "tmpfs", .source = "tmpfs" };

	mount.destination = colon ? arena_strndup(arena, item->value, (size_t)(colon - item->value)) : item->value;
	if (colon && strchr(colon + 1, ':'))
		return job_error(list->job, &item->at, "tmpfs: expected 'destination[:options]', got '%s'",
				 item->value);
	if (colon)
		add_options(arena, &mount.options, colon + 1);
	return put(list, "tmpfs", &item->at, mount);
}

static bool has_option(const struct oci_strings *options, const char *option)
{
	for (size_t i = 0; i < options->count; i++)
		if (strcmp(options->items[i], option) == 0)
			return true;
	return false;
}

bool job_maps_ids(const struct job *job)
{
	const char *userns = job->merged.userns.value;

	return userns && (strcmp(userns, "auto") == 0 || strcmp(userns, "new") == 0);
}

/*
 * Files of a volume are those of the container's users, whatever their ids are on the machine: the mount maps them. What is in
 * memory the kernel cannot map (a tmpfs before 6.3, an overlay).
 */
static int map_volume(const struct job *job, const char *key, const struct place *at, const struct manifest_volume *volume,
		      struct oci_mount *mount)
{
	if (!job_maps_ids(job) || mount->uid_mappings.count > 0 || has_option(&mount->options, "idmap"))
		return 0;
	if (volume->persistent.value)
		add_option(job->arena, &mount->options, "idmap");
	else if (!has_option(&mount->options, "ro"))
		return job_error(job, at, "%s: the volume '%s' is in memory, where ids of a user namespace cannot be mapped; make it "
				 "'persistent', or add the option 'ro'", key, volume->name.value);
	return 0;
}

/* A source without a leading slash is a volume of the manifest. */
static int find_volume(const struct job *job, const char *key, const struct place *at, struct oci_mount *mount)
{
	const struct manifest *manifest = job->input->manifest;

	if (mount->source[0] == '/')
		return 0;
	for (size_t i = 0; i < manifest->volumes_count; i++) {
		const struct manifest_volume *volume = &manifest->volumes[i];

		if (strcmp(volume->name.value, mount->source) != 0)
			continue;
		if (volume->readonly.value && !has_option(&mount->options, "ro"))
			return job_error(job, at, "%s: the volume '%s' is read-only; add the option 'ro'", key,
					 mount->source);
		mount->source = compile_volume_path(job->arena, volume->name.value);
		return map_volume(job, key, at, volume, mount);
	}
	return job_error(job, at, "%s: no volume '%s': name one of 'volumes', or give an absolute path", key,
			 mount->source);
}

/* "source:destination[:options]" */
static int put_bind(struct mount_list *list, const struct manifest_string *item)
{
	struct arena *arena = list->job->arena;
	const char *first = strchr(item->value, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;
	struct oci_mount mount = { .type = "bind" };

	if (!first || first == item->value || (second && strchr(second + 1, ':')))
		return job_error(list->job, &item->at, "binds: expected 'source:destination[:options]', got '%s'",
				 item->value);
	mount.source = arena_strndup(arena, item->value, (size_t)(first - item->value));
	mount.destination = second ? arena_strndup(arena, first + 1, (size_t)(second - first - 1)) : first + 1;
	add_options(arena, &mount.options, second ? second + 1 : "rw,rbind,rshared");
	add_option(arena, &mount.options, "rbind");
	if (find_volume(list->job, "binds", &item->at, &mount) < 0)
		return -1;
	return put(list, "binds", &item->at, mount);
}

static const char *type_of(const struct manifest_mount *mount)
{
	static const char *const sources[] = { "mqueue", "devpts", "proc", "sysfs", "cgroup" };

	if (mount->type && *mount->type)
		return mount->type;
	for (size_t i = 0; mount->source && i < ARRAY_SIZE(sources); i++)
		if (strcmp(mount->source, sources[i]) == 0)
			return mount->source;
	return mount->destination && strcmp(mount->destination, "/dev") == 0 ? "tmpfs" : NULL;
}

static const char *destination_of(const struct manifest_mount *mount, const char *type)
{
	if (mount->destination && *mount->destination)
		return mount->destination;
	for (size_t i = 0; i < ARRAY_SIZE(default_destinations); i++)
		if (strcmp(type, default_destinations[i].type) == 0)
			return default_destinations[i].destination;
	return NULL;
}

static int put_mount(struct mount_list *list, const struct manifest_mount *stated)
{
	struct job *job = list->job;
	struct oci_mount mount = { .type = type_of(stated) };

	if (!mount.type)
		return job_error(job, &stated->at, "mounts: the mount at '%s' has no 'type'",
				 stated->destination ? stated->destination : "");
	mount.destination = destination_of(stated, mount.type);
	if (!mount.destination)
		return job_error(job, &stated->at, "mounts: a mount of type '%s' needs a 'destination'", mount.type);
	mount.source = stated->source && *stated->source ? stated->source : mount.type;
	for (size_t i = 0; i < stated->options.count; i++)
		add_option(job->arena, &mount.options, stated->options.items[i].value);
	if (mappings_compile(job, "mounts: uidMappings", &stated->uid_mappings, &mount.uid_mappings) < 0 ||
	    mappings_compile(job, "mounts: gidMappings", &stated->gid_mappings, &mount.gid_mappings) < 0)
		return -1;
	if (strcmp(mount.type, "bind") == 0 && find_volume(job, "mounts", &stated->at, &mount) < 0)
		return -1;
	return put(list, "mounts", &stated->at, mount);
}

static int by_destination(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->mount.destination, ((const struct entry *)b)->mount.destination);
}

/* What init gives a service: over whatever the manifest has there. */
static int put_own(struct mount_list *list)
{
	struct job *job = list->job;
	/* A socket can be sent to on a read-only mount; nothing else is to be left there. */
	static const char *options[] = { "bind", "ro", "nosuid", "nodev", "noexec" };
	const struct oci_mount notify = {
		.destination = PLAN_NOTIFY_DIRECTORY, .type = "bind",
		.source = path_join(job->arena, PLAN_NOTIFY_DIRECTORY, job->stated->name.value),
		.options = { options, ARRAY_SIZE(options) },
	};
	struct oci_mount credentials;

	if (job_notifies(job) && put(list, "ready", &job->stated->at, notify) < 0)
		return -1;
	return credentials_mount(job, &credentials) ? put(list, "credentials", &job->stated->at, credentials) : 0;
}

static int put_all(struct mount_list *list)
{
	const struct manifest_container *c = &list->job->merged;

	put_defaults(list);
	put_hosts(list);
	for (size_t i = 0; i < c->tmpfs.count; i++)
		if (put_tmpfs(list, &c->tmpfs.items[i]) < 0)
			return -1;
	for (size_t i = 0; i < c->binds.count; i++)
		if (put_bind(list, &c->binds.items[i]) < 0)
			return -1;
	for (size_t i = 0; i < c->mounts_count; i++)
		if (put_mount(list, &c->mounts[i]) < 0)
			return -1;
	return put_own(list);
}

int mounts_compile(struct job *job, struct oci_config *config)
{
	struct mount_list list = { .job = job };

	if (put_all(&list) < 0)
		return -1;
	qsort(list.entries, list.count, sizeof(*list.entries), by_destination);
	config->mounts = arena_array(job->arena, list.count, sizeof(*config->mounts));
	config->mounts_count = list.count;
	for (size_t i = 0; i < list.count; i++)
		config->mounts[i] = list.entries[i].mount;
	return 0;
}

const struct oci_mount *mount_below(const struct oci_config *config, const char *path)
{
	const struct oci_mount *below = NULL;

	/* Sorted: the last one that matches is the innermost. */
	for (size_t i = 0; i < config->mounts_count; i++) {
		const char *at = config->mounts[i].destination;
		size_t length = strcmp(at, "/") == 0 ? 0 : strlen(at);

		if (strncmp(path, at, length) == 0 && (path[length] == '/' || path[length] == '\0'))
			below = &config->mounts[i];
	}
	return below;
}

const char *compile_volume_path(struct arena *arena, const char *name)
{
	return arena_printf(arena, "/containers/volumes/%s/merged", name);
}
