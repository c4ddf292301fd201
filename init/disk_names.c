/* SPDX-License-Identifier: Apache-2.0 */
#include "init/disk_names.h"

#include <blkid/blkid.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "init/init.h"
#include "init/storage/patience.h"
#include "init/worker.h"

#define DIRECTORY "/dev/disk"
#define CLASS "/sys/class/block"
#define NAME_BYTES 256

/* ------------------------------------------------------------ in a child, which may allocate and wait */

/* "/sys/class/block/vda1/queue/.../FILE" in one line, blanks at the ends cut off; "" where it is not there. */
static void read_attribute(const char *disk, const char *file, char *text, size_t size)
{
	char path[PATH_MAX];
	autoclose int fd = -1;
	size_t length = 0;
	ssize_t n;

	(void)snprintf(path, sizeof(path), CLASS "/%s/%s", disk, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, size - 1) : -1;
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	while (isspace((unsigned char)text[length]))
		length++;
	memmove(text, text + length, strlen(text + length) + 1);
	for (length = strlen(text); length > 0 && isspace((unsigned char)text[length - 1]); length--)
		text[length - 1] = '\0';
}

struct disk {
	const char *name;		/* "vda1" below /sys/class/block, "cciss!c0d0" */
	char whole[64];			/* "vda" */
	char part[16];			/* "-part1", "" of a whole disk */
};

/* Links are collected beside the directory in use, and take its place at once: nobody sees a disk without its names. */
static void add_link(const struct disk *disk, const char *kind, const char *prefix, const char *text, const char *suffix)
{
	char encoded[NAME_BYTES], path[PATH_MAX], target[128];

	if (!*text || blkid_encode_string(text, encoded, sizeof(encoded)) < 0)
		return;
	(void)snprintf(path, sizeof(path), DIRECTORY ".new/%s", kind);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return;
	(void)snprintf(path, sizeof(path), DIRECTORY ".new/%s/%s%s%s", kind, prefix, encoded, suffix);
	(void)snprintf(target, sizeof(target), "../../%s", disk->name);
	for (char *c = target; *c; c++)
		if (*c == '!')
			*c = '/';
	/* The first one keeps it. */
	if (symlink(target, path) < 0 && errno != EEXIST)
		log_warning("cannot make '%s': %s", path, strerror(errno));
}

/* What the disk has in it: file system, partition. */
static void add_contents(const struct disk *disk)
{
	static const struct {
		const char *value, *kind;
	} rows[] = {
		{ "UUID", "by-uuid" },
		{ "LABEL", "by-label" },
		{ "PART_ENTRY_UUID", "by-partuuid" },
		{ "PART_ENTRY_NAME", "by-partlabel" },
	};
	char path[128];
	blkid_probe probe;

	(void)snprintf(path, sizeof(path), "/dev/%s", disk->name);
	for (char *c = path; *c; c++)
		if (*c == '!')
			*c = '/';
	probe = blkid_new_probe_from_filename(path);
	if (!probe)
		return;
	(void)blkid_probe_enable_superblocks(probe, 1);
	(void)blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL);
	(void)blkid_probe_enable_partitions(probe, 1);
	(void)blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
	/* 0: found; else there is nothing, or more than one thing, which has no name then. */
	if (blkid_do_safeprobe(probe) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			const char *value;

			if (blkid_probe_lookup_value(probe, rows[i].value, &value, NULL) == 0)
				add_link(disk, rows[i].kind, "", value, "");
		}
	blkid_free_probe(probe);
}

/* What the disk says of itself. Names as udev has them, where it has them from the same source. */
static void add_identity(const struct disk *disk)
{
	static const struct {
		const char *file, *prefix;
	} rows[] = {
		{ "serial", "virtio-" },	/* of virtio-blk; of NVMe it is the device's */
		{ "wwid", "nvme-" },
		{ "device/wwid", "scsi-" },
		{ "dm/name", "dm-name-" },
		{ "dm/uuid", "dm-uuid-" },
		{ "md/uuid", "md-uuid-" },
	};
	bool nvme = strncmp(disk->whole, "nvme", strlen("nvme")) == 0;
	char text[NAME_BYTES], model[NAME_BYTES / 2], both[NAME_BYTES * 2];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (nvme != (strcmp(rows[i].prefix, "nvme-") == 0) && !strchr("dm", *rows[i].prefix))
			continue;
		read_attribute(disk->whole, rows[i].file, text, sizeof(text));
		/* "naa.5000..." is a world-wide name. */
		if (strncmp(text, "naa.", 4) == 0)
			add_link(disk, "by-id", "wwn-0x", text + 4, disk->part);
		else
			add_link(disk, "by-id", rows[i].prefix, text, disk->part);
	}
	read_attribute(disk->whole, "device/model", model, sizeof(model));
	read_attribute(disk->whole, "device/serial", text, sizeof(text));
	if (!nvme || !*model || !*text)
		return;
	(void)snprintf(both, sizeof(both), "%s_%s", model, text);
	for (char *c = both; *c; c++)
		if (*c == ' ')
			*c = '_';
	add_link(disk, "by-id", "nvme-", both, disk->part);
}

static bool is_pci(const char *part, size_t length)
{
	unsigned int domain, bus, slot, function;
	char text[32];
	int end = 0;

	if (length >= sizeof(text))
		return false;
	memcpy(text, part, length);
	text[length] = '\0';
	return sscanf(text, "%x:%x:%x.%x%n", &domain, &bus, &slot, &function, &end) == 4 && text[end] == '\0';
}

/* A part "H:C:T:L" of four numbers: the SCSI address, of which the host's number says nothing that stays. */
static bool scsi_of(const char *part, size_t length, char *name, size_t size)
{
	unsigned int host, channel, target, lun;
	int end = 0;

	if (sscanf(part, "%u:%u:%u:%u%n", &host, &channel, &target, &lun, &end) != 4 || (size_t)end != length)
		return false;
	(void)snprintf(name, size, "-scsi-0:%u:%u:%u", channel, target, lun);
	return true;
}

static void add_part(const char *part, size_t length, char *name, size_t size)
{
	size_t used = strlen(name);
	unsigned int number;
	int end = 0;

	/* The last bridge's device is the one that counts. */
	if (is_pci(part, length))
		(void)snprintf(name, size, "pci-%.*s", (int)length, part);
	else if (used == 0)
		return;
	else if (sscanf(part, "ata%u%n", &number, &end) == 1 && (size_t)end == length)
		(void)snprintf(name + used, size - used, "-ata-%u", number);
	else if (sscanf(part, "nvme%*un%u%n", &number, &end) == 1 && (size_t)end == length)
		(void)snprintf(name + used, size - used, "-nvme-%u", number);
	else if (!strstr(name, "-ata-"))
		(void)scsi_of(part, length, name + used, size - used);
}

/* "1" of ".../vda/vda1", "2" of ".../nvme0n1/nvme0n1p2"; NULL of a whole disk. */
static const char *part_number(const char *sysfs)
{
	const char *last = strrchr(sysfs, '/'), *whole = last, *number;
	size_t length;

	while (whole && whole > sysfs && whole[-1] != '/')
		whole--;
	length = last ? (size_t)(last - whole) : 0;
	if (length == 0 || strncmp(last + 1, whole, length) != 0)
		return NULL;
	number = last + 1 + length;
	number += *number == 'p' && isdigit((unsigned char)whole[length - 1]);
	return *number && number[strspn(number, "0123456789")] == '\0' ? number : NULL;
}

void disk_names_of_path(const char *sysfs, char *name, size_t size)
{
	const char *number = part_number(sysfs);

	name[0] = '\0';
	for (const char *part = sysfs; *part; part += *part == '/') {
		size_t length = strcspn(part, "/");

		add_part(part, length, name, size);
		part += length;
	}
	if (*name && number)
		(void)snprintf(name + strlen(name), size - strlen(name), "-part%s", number);
}

static void add_path(const struct disk *disk)
{
	char path[PATH_MAX], real[PATH_MAX], name[NAME_BYTES];

	(void)snprintf(path, sizeof(path), CLASS "/%s", disk->name);
	if (!realpath(path, real))
		return;
	disk_names_of_path(real, name, sizeof(name));
	add_link(disk, "by-path", "", name, "");
	if (*name && strstr(real, "/virtio"))
		add_link(disk, "by-path", "virtio-", name, "");
}

static void add_disk(const char *name)
{
	struct disk disk = { .name = name };
	char text[32], path[PATH_MAX], real[PATH_MAX], *slash;

	/* Without a size it is a loop device that is free, or a drive without a disk. */
	read_attribute(name, "size", text, sizeof(text));
	(void)snprintf(path, sizeof(path), CLASS "/%s", name);
	if (atoll(text) == 0 || strncmp(name, "ram", 3) == 0 || strncmp(name, "zram", 4) == 0 || !realpath(path, real))
		return;
	read_attribute(name, "partition", text, sizeof(text));
	slash = strrchr(real, '/');
	if (*text && slash) {
		(void)snprintf(disk.part, sizeof(disk.part), "-part%.8s", text);
		*slash = '\0';
		slash = strrchr(real, '/');
	}
	(void)snprintf(disk.whole, sizeof(disk.whole), "%.60s", slash ? slash + 1 : name);
	add_path(&disk);
	add_identity(&disk);
	add_contents(&disk);
}

static void ask(void *name, void *done)
{
	add_disk(name);
	*(bool *)done = true;
}

/* A disk that does not answer has no names, and the others have theirs. */
static void add_disk_in_time(char *name)
{
	bool done = false;

	if (patience_ask(name, ask, name, &done, sizeof(done), PATIENCE_DISK) < 0)
		log_warning("names of disks: '%s': %s", name, errno == ETIMEDOUT ? "it does not answer" : strerror(errno));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int name_all(void *context, struct error *err)
{
	autoclosedir DIR *dir = opendir(CLASS);
	struct arena arena = { 0 };
	struct dirent *entry;
	char **names = NULL;
	size_t count = 0;

	(void)context;
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			*(char **)arena_push(&arena, &names, &count, sizeof(*names)) = arena_strdup(&arena, entry->d_name);
	if (count)
		qsort(names, count, sizeof(*names), by_name);
	if (file_remove_tree(AT_FDCWD, DIRECTORY ".new", err) < 0 || file_mkdirs(AT_FDCWD, DIRECTORY ".new", 0755, err) < 0 ||
	    file_mkdirs(AT_FDCWD, DIRECTORY, 0755, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		add_disk_in_time(names[i]);
	if (syscall(SYS_renameat2, AT_FDCWD, DIRECTORY ".new", AT_FDCWD, DIRECTORY, RENAME_EXCHANGE) < 0)
		return error_errno(err, "cannot put '%s' in place", DIRECTORY);
	return file_remove_tree(AT_FDCWD, DIRECTORY ".new", err);
}

/* ------------------------------------------------------------ in PID 1 */

static struct {
	struct worker worker;
	bool again, opened;
} disks;

static const struct worker_job job = { "names of disks", name_all, NULL, DISK_NAMES_TIMEOUT };

int disk_names_make(struct machine *machine, struct error *err)
{
	return machine->plan.machine.hotplug ? worker_wait(&job, err) : 0;
}

static void start_worker(struct machine *machine)
{
	struct error err = { 0 };

	disks.again = false;
	if (worker_start(machine, &disks.worker, &job, &err) < 0)
		log_error("%s", err.message);
}

static void done(struct machine *machine, struct worker *worker, const struct error *failure)
{
	(void)worker;
	if (failure)
		log_warning("%s", failure->message);
	if (disks.again)
		start_worker(machine);
}

void disk_names_changed(struct machine *machine)
{
	if (!machine->plan.machine.hotplug)
		return;
	if (!disks.opened) {
		disks.worker.done = done;
		worker_open(machine, &disks.worker);
		disks.opened = true;
	}
	disks.again = true;
	if (!worker_runs(&disks.worker))
		start_worker(machine);
}
