/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/storage/gpt.h"
#include "init/storage/patience.h"

#define SYS_BLOCK "/sys/class/block"
#define SETTLE    2000			/* milliseconds without news after which a blank disk is taken for the one */
#define SEEN_MAX  300			/* bytes of a message about what there is */
#define MORE	  " and more"

/* What one look at all devices has shown. */
struct look {
	const struct plan_storage *wanted;
	unsigned int meant, blank;	/* devices */
	struct found first_meant, second_meant, first_blank, second_blank;
	char seen[SEEN_MAX];		/* "'vda' (a file system 'squashfs'), 'vdb' (a LUKS volume)" */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Memory, files and floppies: never where a machine keeps its state, and slow to look at, some of them. */
static bool is_passed_over(const char *name)
{
	static const char *const prefixes[] = { "ram", "loop", "zram", "fd", "sr", "nbd" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(name, prefixes[i], length) == 0 && name[length] >= '0' && name[length] <= '9')
			return true;
	}
	return false;
}

static bool has_entry(const char *name, const char *entry)
{
	char path[512];

	(void)snprintf(path, sizeof(path), SYS_BLOCK "/%.255s/%s", name, entry);
	return access(path, F_OK) == 0;
}

/* Another device is made of it, such as a logical volume. */
static bool is_held(const char *name)
{
	char path[512];
	autoclosedir DIR *directory = NULL;
	const struct dirent *entry;

	(void)snprintf(path, sizeof(path), SYS_BLOCK "/%.255s/holders", name);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			return true;
	return false;
}

/* A '!' of sysfs is a '/' of /dev. */
static void path_of(const char *name, char *path)
{
	(void)snprintf(path, FIND_PATH, "/dev/%.255s", name);
	for (char *c = path; *c; c++)
		if (*c == '!')
			*c = '/';
}

/* What is there, as far as it fits. */
static void note_seen(struct look *look, const char *name, const struct probe *probe)
{
	/* A wish that nothing fulfils, and for which nothing may be made. */
	const struct plan_storage nothing = { .kind = PLAN_DISK, .filesystem = "-" };
	char text[FIND_PATH + sizeof(((struct decision *)NULL)->found)];
	size_t n = strlen(look->seen), length;
	struct decision decision;

	decide(&nothing, probe, &decision);
	length = (size_t)snprintf(text, sizeof(text), "%s'%s' (%s)", n ? ", " : "", name,
				  decide_is_blank(probe) ? "blank" : decision.found);
	if (n + length + sizeof(MORE) < sizeof(look->seen))
		memcpy(look->seen + n, text, length + 1);
	else if (n < sizeof(MORE) || strcmp(look->seen + n + 1 - sizeof(MORE), MORE) != 0)
		memcpy(look->seen + n, MORE, sizeof(MORE));
}

static bool has_partitions(const char *name)
{
	char path[512];
	autoclosedir DIR *directory = NULL;
	const struct dirent *entry;

	(void)snprintf(path, sizeof(path), SYS_BLOCK "/%.255s", name);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)))
		if (strncmp(entry->d_name, name, strlen(name)) == 0)
			return true;
	return false;
}

/*
 * The power went while we enlarged the last partition: the kernel does not look at the second table. Its partitions come as
 * devices, which is news to wait for.
 */
static void mend_table(const struct look *look, const char *name, const struct found *this)
{
	autoclose int fd = -1;
	struct error err;
	bool mended;

	if (!look->wanted->grow || this->probe.readonly || strcmp(this->probe.table, "gpt") != 0 || has_partitions(name))
		return;
	fd = open(this->path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd < 0 || gpt_mend(fd, &mended, &err) < 0 || !mended)
		return;
	log_info("storage: the partition table of '%s' was not written to its end, and has been mended", this->path);
	(void)ioctl(fd, BLKRRPART);
}

static void count(unsigned int *counter, struct found *first, struct found *second, const struct found *this)
{
	if (*counter == 0)
		*first = *this;
	else if (*counter == 1)
		*second = *this;
	(*counter)++;
}

/* In a process of its own. A device that cannot be opened is as good as none, and as none it has no size. */
static void ask(void *path, void *probe)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		probe_device(fd, probe);
}

/* What is on the device, as far as it answers; false where there is none. */
static bool probe_in_time(struct found *this)
{
	if (patience_ask(this->path, ask, this->path, &this->probe, sizeof(this->probe), PATIENCE_DISK) < 0)
		this->probe = (struct probe){ .error = errno };
	return this->probe.size > 0 || this->probe.error;
}

static void look_at(struct look *look, const char *name)
{
	const struct plan_storage *wanted = look->wanted;
	struct found this = { 0 };

	if (is_passed_over(name) || is_held(name))
		return;
	path_of(name, this.path);
	if (!probe_in_time(&this))
		return;
	note_seen(look, name, &this.probe);
	mend_table(look, name, &this);
	if (decide_is_meant(wanted, &this.probe))
		count(&look->meant, &look->first_meant, &look->second_meant, &this);
	else if (!has_entry(name, "partition") && !this.probe.readonly && this.probe.size >= DECIDE_BYTES_MIN &&
		 decide_is_blank(&this.probe))
		count(&look->blank, &look->first_blank, &look->second_blank, &this);
}

static void look_at_all(struct look *look)
{
	autoclosedir DIR *directory = opendir(SYS_BLOCK);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			look_at(look, entry->d_name);
}

/* The node of the plan, which may be a symlink; its name says nothing about what is on it. */
static void look_at_node(struct look *look)
{
	struct found this = { 0 };

	(void)snprintf(this.path, sizeof(this.path), "%s", look->wanted->which);
	/* A drive whose medium, or a line whose other end, is not there yet has no size. */
	if (probe_in_time(&this))
		count(&look->meant, &look->first_meant, &look->second_meant, &this);
}

/* Only what has no name of its own yet can be given one. */
static bool may_take_blank(const struct plan_storage *wanted)
{
	return wanted->create == PLAN_CREATE_BLANK &&
	       (wanted->match == PLAN_MATCH_OWN || wanted->match == PLAN_MATCH_LABEL);
}

static void describe(const struct plan_storage *wanted, char *text, size_t size)
{
	static const char *const ways[] = {
		[PLAN_MATCH_DEVICE] = "device",	      [PLAN_MATCH_LABEL] = "device with the label",
		[PLAN_MATCH_UUID] = "device with the UUID", [PLAN_MATCH_PARTLABEL] = "partition with the name",
		[PLAN_MATCH_PARTUUID] = "partition with the UUID", [PLAN_MATCH_TYPE] = "partition with the type",
	};

	if (wanted->match == PLAN_MATCH_OWN)
		(void)snprintf(text, size, "device with the label '" STATE_LABEL "'");
	else
		(void)snprintf(text, size, "%s '%s'", ways[wanted->match], wanted->which);
}

static int not_found(struct look *look, struct error *err)
{
	char what[128];

	describe(look->wanted, what, sizeof(what));
	if (look->wanted->match == PLAN_MATCH_DEVICE)
		look_at_all(look);
	if (may_take_blank(look->wanted) && look->blank > 1)
		return error_set(err, "no %s, and more than one blank disk: '%s' and '%s'; say which by 'device'", what,
				 look->first_blank.path, look->second_blank.path);
	return error_set(err, "no %s after %u ms; %s%s", what, look->wanted->wait, *look->seen ? "there is " : "there is no disk",
			 look->seen);
}

static int too_many(const struct look *look, struct error *err)
{
	char what[128];

	describe(look->wanted, what, sizeof(what));
	return error_set(err, "more than one %s: '%s' and '%s'; say which by 'device'", what, look->first_meant.path,
			 look->second_meant.path);
}

/* The moment of what came goes to `last`. */
static void wait_for_news(int events, int64_t until, int64_t *last)
{
	struct pollfd p = { .fd = events, .events = POLLIN };
	int64_t left = until - now_ms();
	char event[4096];

	if (left <= 0 || poll(&p, 1, (int)left) <= 0)
		return;
	*last = now_ms();
	while (recv(events, event, sizeof(event), MSG_DONTWAIT) > 0)
		;
}

int find_device(const struct plan_storage *wanted, int events, struct found *found, struct error *err)
{
	int64_t start = now_ms(), deadline = start + wanted->wait, last = start;

	for (;;) {
		struct look look = { .wanted = wanted };
		bool may_take, late;
		int64_t now;

		(wanted->match == PLAN_MATCH_DEVICE ? look_at_node : look_at_all)(&look);
		now = now_ms();
		late = now >= deadline;
		may_take = may_take_blank(wanted) && look.blank == 1;
		if (look.meant > 1)
			return too_many(&look, err);
		if (look.meant == 1 || (may_take && (late || now - last >= SETTLE))) {
			*found = look.meant ? look.first_meant : look.first_blank;
			return 0;
		}
		if (late)
			return not_found(&look, err);
		wait_for_news(events, may_take && last + SETTLE < deadline ? last + SETTLE : deadline, &last);
	}
}
