/* SPDX-License-Identifier: Apache-2.0 */
#include "init/unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/swap.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/entries.h"
#include "init/init.h"
#include "init/storage/patience.h"

#define MOUNTS_BYTES_MAX 65536
#define PASSES_MAX 8
#define UNMOUNT_TIMEOUT 20000u		/* milliseconds for one, with all that has to be written to it */

/* Undoes the \040 of /proc/self/mounts in place. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*out++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* Reads the table of mounts into a buffer that PID 1 has from the start. */
static ssize_t read_mounts(char *text, size_t size)
{
	autoclose int fd = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n = 0;

	while (fd >= 0 && length < size - 1 && (n = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	return fd < 0 || n < 0 ? -1 : (ssize_t)length;
}

/* One mount of a block device: taken off, or made read-only where something still holds it. */
static void let_go(void *context, void *answer)
{
	char *target = context;
	bool *gone = answer;

	*gone = umount2(target, UMOUNT_NOFOLLOW) == 0;
	if (!*gone && mount(NULL, target, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
		log_warning("cannot unmount '%s': %s", target, strerror(errno));
}

/* True when it went. What lies on a disk that does not answer is left behind, and the others are not. */
static bool let_go_in_time(const char *source, char *target)
{
	bool gone = false;

	if (strncmp(source, "/dev/", 5) != 0 || strcmp(target, IMAGE_DIRECTORY) == 0)
		return false;
	unescape(target);
	if (patience_ask(target, let_go, target, &gone, sizeof(gone), UNMOUNT_TIMEOUT) < 0)
		log_warning("cannot unmount '%s': %s", target, errno == ETIMEDOUT ? "it does not answer" : strerror(errno));
	return gone;
}

/* From the last mount to the first, again while that frees others. True when one went. */
static bool unmount_all(void)
{
	static char text[MOUNTS_BYTES_MAX];
	bool any = false;

	for (int pass = 0; pass < PASSES_MAX; pass++) {
		ssize_t length = read_mounts(text, sizeof(text));
		bool progress = false;

		if (length < 0)
			log_warning("cannot read what is mounted: %s", strerror(errno));
		while (length > 0) {
			char *line = memrchr(text, '\n', (size_t)length - 1);
			char *start = line ? line + 1 : text;
			char *source, *target, *rest;

			text[length - 1] = '\0';
			source = strtok_r(start, " ", &rest);
			target = source ? strtok_r(NULL, " ", &rest) : NULL;
			if (target && let_go_in_time(source, target))
				progress = true;
			length = start - text;
		}
		if (!progress)
			break;
		any = true;
	}
	return any;
}

/* The file below it is busy, and its own file system with it, until it is let go. */
static int free_loop(int dirfd, const char *name, void *context)
{
	bool *progress = context;
	autoclose int fd = -1;
	char path[64];

	(void)snprintf(path, sizeof(path), "%.32s/loop/backing_file", name);
	if (strncmp(name, "loop", strlen("loop")) != 0 || faccessat(dirfd, path, F_OK, 0) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "/dev/%.32s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, LOOP_CLR_FD) == 0)
		*progress = true;
	return -1;
}

/* Those that nothing uses. */
static void free_mapped(void)
{
	struct dm_ioctl request = { .version = { DM_VERSION_MAJOR, 0, 0 }, .data_size = sizeof(request) };
	autoclose int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		(void)ioctl(fd, DM_REMOVE_ALL, &request);
}

/* A file that is swapped to holds its file system. What lies on devices ends with the machine. */
static void stop_swap_files(void)
{
	char text[4096], *rest = text, *line;
	autoclose int fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[length > 0 ? length : 0] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		char *path = strsep(&line, " \t");

		if (*path != '/' || strncmp(path, "/dev/", 5) == 0)
			continue;
		unescape(path);
		if (swapoff(path) < 0)
			log_warning("cannot stop swapping to '%s': %s", path, strerror(errno));
	}
}

int unmount_everything(void *context, struct error *err)
{
	(void)context;
	(void)err;
	stop_swap_files();
	for (int pass = 0; pass < PASSES_MAX; pass++) {
		bool progress = false;

		(void)entries_visit("/sys/block", free_loop, &progress);
		free_mapped();
		if (!unmount_all() && !progress)
			break;
	}
	return 0;
}

int unmount_sync(void *context, struct error *err)
{
	(void)context;
	(void)err;
	sync();
	return 0;
}
