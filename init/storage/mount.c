/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/mount.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "init/storage/check.h"
#include "init/storage/grow.h"
#include "init/storage/make.h"
#include "init/storage/superblock.h"

#define DATA_MAX 1024

static const struct {
	const char *name;
	unsigned long flag;
	bool off;
} flags[] = {
	{ "ro", MS_RDONLY, false },	      { "rw", MS_RDONLY, true },
	{ "nosuid", MS_NOSUID, false },	      { "suid", MS_NOSUID, true },
	{ "nodev", MS_NODEV, false },	      { "dev", MS_NODEV, true },
	{ "noexec", MS_NOEXEC, false },	      { "exec", MS_NOEXEC, true },
	{ "sync", MS_SYNCHRONOUS, false },    { "async", MS_SYNCHRONOUS, true },
	{ "dirsync", MS_DIRSYNC, false },     { "noatime", MS_NOATIME, false },
	{ "atime", MS_NOATIME, true },	      { "nodiratime", MS_NODIRATIME, false },
	{ "relatime", MS_RELATIME, false },   { "strictatime", MS_STRICTATIME, false },
	{ "lazytime", MS_LAZYTIME, false },   { "defaults", 0, false },
};

/* What mount(2) is given: flags, and the file system's own words separated by commas. */
struct mounting {
	unsigned long flags;
	char data[DATA_MAX];
};

static int add_data(struct mounting *m, const char *word, struct error *err)
{
	size_t used = strlen(m->data);
	int n = snprintf(m->data + used, sizeof(m->data) - used, "%s%s", used ? "," : "", word);

	return n < 0 || (size_t)n >= sizeof(m->data) - used ? error_set(err, "the mount options are too long") : 0;
}

static int add_option(struct mounting *m, const char *option, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (strcmp(flags[i].name, option) != 0)
			continue;
		m->flags = flags[i].off ? m->flags & ~flags[i].flag : m->flags | flags[i].flag;
		return 0;
	}
	return add_data(m, option, err);
}

static int add_options(struct mounting *m, const struct plan_strings *options, struct error *err)
{
	for (size_t i = 0; i < options->count; i++)
		if (add_option(m, options->items[i], err) < 0)
			return -1;
	return 0;
}

static bool is_ext(const char *type)
{
	return strcmp(type, "ext4") == 0 || strcmp(type, "ext3") == 0 || strcmp(type, "ext2") == 0;
}

/* libblkid's name of a file system is the driver's, but for one. */
static const char *driver_of(const struct plan_storage *item, const struct found *found)
{
	if (item->filesystem)
		return item->filesystem;
	return strcmp(found->probe.type, "ntfs") == 0 ? "ntfs3" : *found->probe.type ? found->probe.type : "ext4";
}

/* Growing is a favour: a disk that stays small is not a broken one. */
static void grow_before(const struct plan_storage *item, const struct found *found)
{
	struct error err;

	if (item->grow && grow_partition(found->path, &err) < 0)
		log_warning("storage: %s", err.message);
}

static void grow_after(const struct plan_storage *item, const struct found *found, const char *path)
{
	struct error err;

	if (item->grow && grow_file_system(found->path, path, &err) < 0)
		log_warning("storage: %s", err.message);
}

static int mount_at(const struct found *found, const char *type, const char *path, const struct mounting *m,
		    struct error *err)
{
	if (file_mkdirs(AT_FDCWD, path, 0755, err) < 0)
		return -1;
	if (mount(found->path, path, type, m->flags, m->data) < 0)
		return error_errno(err, "cannot mount '%s' (%s) at '%s'", found->path, type, path);
	return 0;
}

/* Limits need a file system that counts; one that somebody else made may not. */
static int add_quota(const struct found *found, struct mounting *m, struct error *err)
{
	struct superblock super;

	if (superblock_read(found->path, &super, err) < 0)
		return -1;
	return super.projects ? add_data(m, "prjquota", err) : 0;
}

static int ready(const struct plan_storage *item, const struct storage_places *places, struct found *found,
		 struct error *err)
{
	if (make_ready(item, places->events, found, err) < 0)
		return -1;
	if (found->probe.readonly || decide_reads_only(item))
		return 0;
	grow_before(item, found);
	return item->check && is_ext(driver_of(item, found)) ? check_ext(found->path, item->repair, err) : 0;
}

int mount_state(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	/* A write that fails makes it read-only: what is there already stays as it is. Volumes bring no devices. */
	struct mounting m = { .flags = MS_NODEV | MS_NOATIME, .data = "errors=remount-ro" };
	struct found found;

	if (ready(item, places, &found, err) < 0 || add_quota(&found, &m, err) < 0 ||
	    add_options(&m, &item->options, err) < 0 || mount_at(&found, "ext4", places->state, &m, err) < 0)
		return -1;
	grow_after(item, &found, places->state);
	log_info("storage: state is on '%s'", found.path);
	return 0;
}

int mount_disk(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	struct mounting m = { 0 };
	struct found found;

	if (ready(item, places, &found, err) < 0 || add_options(&m, &item->options, err) < 0 ||
	    mount_at(&found, driver_of(item, &found), item->path, &m, err) < 0)
		return -1;
	if (is_ext(driver_of(item, &found)) && !(m.flags & MS_RDONLY))
		grow_after(item, &found, item->path);
	return 0;
}

int mount_tmpfs(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	struct mounting m = { .flags = MS_NOSUID | MS_NODEV };
	char word[64];

	(void)places;
	if (item->size > 0 || item->percent > 0) {
		(void)snprintf(word, sizeof(word), item->percent ? "size=%llu%%" : "size=%llu",
			       item->percent ? (unsigned long long)item->percent : (unsigned long long)item->size);
		if (add_data(&m, word, err) < 0)
			return -1;
	}
	(void)snprintf(word, sizeof(word), "mode=%s", item->mode ? item->mode : item->kind == PLAN_VOLUME ? "0755" : "1777");
	if (add_data(&m, word, err) < 0 || add_options(&m, &item->options, err) < 0 ||
	    file_mkdirs(AT_FDCWD, item->path, 0755, err) < 0)
		return -1;
	if (mount("tmpfs", item->path, "tmpfs", m.flags, m.data) < 0)
		return error_errno(err, "cannot mount a tmpfs at '%s'", item->path);
	return 0;
}
