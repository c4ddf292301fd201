/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/swap.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/storage/make.h"
#include "init/storage/swap_area.h"

#define ZRAM "/sys/block/zram0/"

static int turn_on(const struct plan_storage *item, const char *path, struct error *err)
{
	/* SWAP_FLAG_PREFER with a priority in the low bits; without, the kernel counts downwards from -2. */
	int how = item->priority ? SWAP_FLAG_PREFER | (int)(item->priority - 1) : 0;

	if (swapon(path, how) < 0)
		return error_errno(err, "cannot swap on '%s'", path);
	return 0;
}

int swap_on_device(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	struct found found;

	if (make_ready(item, places->events, &found, err) < 0)
		return -1;
	return turn_on(item, found.path, err);
}

static int write_header(int fd, const char *path, uint64_t size, struct error *err)
{
	unsigned char header[SWAP_HEADER_BYTES];
	struct swap_wish wish = { .size = size, .label = "" };

	if (getrandom(wish.uuid, sizeof(wish.uuid), 0) != sizeof(wish.uuid))
		return error_errno(err, "cannot get random bytes");
	swap_area_header(&wish, header);
	errno = EIO;
	if (pwrite(fd, header, sizeof(header), 0) != sizeof(header))
		return error_errno(err, "cannot write to '%s'", path);
	return 0;
}

/* All of it has its blocks: a hole cannot be swapped to. */
static int make_file(int directory, const char *name, uint64_t size, struct error *err)
{
	char temporary[NAME_MAX + 8];
	autoclose int fd = -1;

	(void)snprintf(temporary, sizeof(temporary), ".%.*s.new", NAME_MAX - 5, name);
	(void)unlinkat(directory, temporary, 0);
	fd = openat(directory, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || posix_fallocate(fd, 0, (off_t)size) != 0) {
		error_errno(err, "cannot make a swap file of %llu bytes", (unsigned long long)size);
		(void)unlinkat(directory, temporary, 0);
		return -1;
	}
	if (write_header(fd, temporary, size, err) < 0)
		return -1;
	if (fsync(fd) < 0 || renameat(directory, temporary, directory, name) < 0 || fsync(directory) < 0)
		return error_errno(err, "cannot make the swap file '%s'", name);
	return 0;
}

int swap_on_file(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	uint64_t size = item->size / SWAP_HEADER_BYTES * SWAP_HEADER_BYTES;
	char path[PATH_MAX];
	autoclose int directory = -1;
	struct stat st;

	if (!places->has_state)
		return error_set(err, "there is no state partition for the swap file '%s'", item->name);
	(void)snprintf(path, sizeof(path), "%s/swap", places->state);
	if (file_mkdirs(AT_FDCWD, path, 0700, err) < 0)
		return -1;
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error_errno(err, "cannot open '%s'", path);
	/* One of another size is from before the manifest was changed. */
	if ((fstatat(directory, item->name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
	     (uint64_t)st.st_size != size) &&
	    make_file(directory, item->name, size, err) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/swap/%s", places->state, item->name);
	return turn_on(item, path, err);
}

static int set_zram(const char *name, const char *value, struct error *err)
{
	char path[64];
	autoclose int fd = -1;

	(void)snprintf(path, sizeof(path), ZRAM "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "cannot set up zram (is the module 'zram' in the image?)");
	if (write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		return error_errno(err, "zram does not take %s '%s'", name, value);
	return 0;
}

/* Where the kernel made none by itself (zram.num_devices=0): who reads this gets the first. */
static void make_zram(void)
{
	char number[16];
	autoclose int fd = access(ZRAM, F_OK) < 0 ? open("/sys/class/zram-control/hot_add", O_RDONLY | O_CLOEXEC) : -1;

	/* Where that fails there is no /sys/block/zram0, and set_zram() says so. */
	if (fd >= 0 && read(fd, number, sizeof(number)) < 0)
		return;
}

/* In whole MiB: what is left over is not worth a page table. */
static uint64_t share_of_memory(unsigned int percent)
{
	struct sysinfo info;

	if (sysinfo(&info) < 0)
		return 0;
	return (uint64_t)info.totalram * info.mem_unit / 100 * percent >> 20 << 20;
}

int swap_on_zram(const struct plan_storage *item, const struct storage_places *places, struct error *err)
{
	uint64_t size = item->percent ? share_of_memory(item->percent) : item->size;
	char text[32];
	autoclose int fd = -1;

	(void)places;
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)size);
	make_zram();
	/* The algorithm first: it cannot be changed once there is a size. */
	if ((item->algorithm && set_zram("comp_algorithm", item->algorithm, err) < 0) || set_zram("disksize", text, err) < 0)
		return -1;
	fd = open("/dev/zram0", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "cannot open '/dev/zram0'");
	if (write_header(fd, "/dev/zram0", size, err) < 0)
		return -1;
	return turn_on(item, "/dev/zram0", err);
}
