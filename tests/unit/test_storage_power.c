/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power goes while something is made on a blank disk: at every write, with a random part of the writes since the last flush
 * on the disk, and that in whole sectors. What is left is either finished, or will be made anew at the next boot.
 */
#include "init/storage/ext4.h"
#include "init/storage/swap_area.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "init/storage/decide.h"

#define SECTOR 512u
#define LOG_MAX 65536

/* ---------------------------------------------------------------- a disk that remembers every write */

struct write {
	bool flush;
	uint64_t at;
	size_t length;
	void *data;
};

static struct {
	unsigned char *bytes;
	size_t size;
	struct write log[LOG_MAX];
	size_t count;
} disk;

static struct struct_io_manager manager;

static errcode_t disk_open(const char *name, int flags, io_channel *channel)
{
	io_channel io = calloc(1, sizeof(*io));

	(void)flags;
	io->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	io->manager = &manager;
	io->name = strdup(name);
	io->block_size = 1024;
	io->refcount = 1;
	*channel = io;
	return 0;
}

static errcode_t disk_close(io_channel io)
{
	if (--io->refcount > 0)
		return 0;
	free(io->name);
	free(io);
	return 0;
}

static errcode_t disk_set_blksize(io_channel io, int size)
{
	io->block_size = size;
	return 0;
}

static size_t length_of(io_channel io, int count)
{
	return count < 0 ? (size_t)-count : (size_t)count * (size_t)io->block_size;
}

static errcode_t disk_read64(io_channel io, unsigned long long block, int count, void *data)
{
	memcpy(data, disk.bytes + block * (size_t)io->block_size, length_of(io, count));
	return 0;
}

static errcode_t disk_write64(io_channel io, unsigned long long block, int count, const void *data)
{
	uint64_t at = block * (size_t)io->block_size;
	size_t length = length_of(io, count);
	struct write *w = &disk.log[disk.count++];

	assert_true(disk.count < LOG_MAX && at + length <= disk.size);
	*w = (struct write){ false, at, length, malloc(length) };
	memcpy(w->data, data, length);
	memcpy(disk.bytes + at, data, length);
	return 0;
}

static errcode_t disk_read(io_channel io, unsigned long block, int count, void *data)
{
	return disk_read64(io, block, count, data);
}

static errcode_t disk_write(io_channel io, unsigned long block, int count, const void *data)
{
	return disk_write64(io, block, count, data);
}

static errcode_t disk_flush(io_channel io)
{
	(void)io;
	disk.log[disk.count++] = (struct write){ .flush = true };
	return 0;
}

static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER, .name = "a disk that remembers", .open = disk_open, .close = disk_close,
	.set_blksize = disk_set_blksize, .read_blk = disk_read, .write_blk = disk_write, .read_blk64 = disk_read64,
	.write_blk64 = disk_write64, .flush = disk_flush,
};

static void disk_insert(size_t size)
{
	disk.size = size;
	disk.count = 0;
	disk.bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(disk.bytes != MAP_FAILED);
}

static void disk_remove(void)
{
	for (size_t i = 0; i < disk.count; i++)
		free(disk.log[i].data);
	(void)munmap(disk.bytes, disk.size);
}

/* ---------------------------------------------------------------- the disk as the power left it */

static int image_open(void)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);

	assert_true(fd >= 0 && ftruncate(fd, (off_t)disk.size) == 0);
	return fd;
}

static void put(int fd, const struct write *w, size_t from, size_t length)
{
	assert_int_equal(pwrite(fd, (const char *)w->data + from, length, (off_t)(w->at + from)), length);
}

/* Any of its sectors, in any number. */
static void put_part(int fd, const struct write *w)
{
	for (size_t at = 0; at < w->length; at += SECTOR)
		if (rand() % 2)
			put(fd, w, at, SECTOR);
}

/* All writes up to the last flush before `cut`, and a part of those between that and the cut. */
static int image_at(size_t cut)
{
	size_t flushed = cut;
	int fd = image_open();

	while (flushed > 0 && !disk.log[flushed - 1].flush)
		flushed--;
	for (size_t i = 0; i < cut; i++) {
		if (disk.log[i].flush)
			continue;
		if (i < flushed || rand() % 3)
			put(fd, &disk.log[i], 0, disk.log[i].length);
		else
			put_part(fd, &disk.log[i]);
	}
	return fd;
}

static enum decision_action decision_on(int fd, const struct plan_storage *wanted)
{
	struct decision decision;
	struct probe probe;

	probe_device(fd, &probe);
	decide(wanted, &probe, &decision);
	if (decision.action == DECIDE_REFUSE)
		fail_msg("refused: %s", decision.found);
	return decision.action;
}

static bool is_clean(int fd)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "PATH=$PATH:/sbin:/usr/sbin e2fsck -fn /proc/%d/fd/%d >/dev/null 2>&1",
		       getpid(), fd);
	return system(command) == 0;
}

static const struct plan_storage state = { .kind = PLAN_STATE, .create = PLAN_CREATE_BLANK, .filesystem = "ext4" };
static const struct plan_storage swap = { .kind = PLAN_SWAP, .create = PLAN_CREATE_BLANK };

/* Every write is a moment at which the power may go; those near the end several times. */
static void cut_everywhere(const struct plan_storage *wanted, bool (*is_whole)(int fd))
{
	size_t made = 0, used = 0;

	for (size_t cut = 0; cut <= disk.count; cut++)
		for (int again = 0; again < (cut + 12 > disk.count ? 20 : 2); again++) {
			autoclose int fd = image_at(cut);

			if (decision_on(fd, wanted) == DECIDE_MAKE) {
				made++;
				continue;
			}
			used++;
			assert_true(is_whole(fd));
		}
	assert_true(made > 20 && used > 20);
	printf("%zu writes and flushes: %zu cuts are made anew, %zu were whole\n", disk.count, made, used);
}

static void make_ext4(size_t size)
{
	struct ext4_wish wish = { .size = size, .label = STATE_LABEL };
	struct error err = { 0 };

	memset(wish.uuid, 7, sizeof(wish.uuid));
	memset(wish.hash_seed, 5, sizeof(wish.hash_seed));
	disk_insert(size);
	if (ext4_make(&manager, "disk", &wish, &err) < 0)
		fail_msg("%s", err.message);
}

static void an_ext4_is_whole_or_made_anew(void **test)
{
	(void)test;
	make_ext4(24u << 20);
	cut_everywhere(&state, is_clean);
	disk_remove();
}

static bool any(int fd)
{
	(void)fd;
	return true;
}

static void a_swap_area_is_whole_or_made_anew(void **test)
{
	struct swap_wish wish = { .size = 4u << 20, .label = "" };
	struct error err = { 0 };

	(void)test;
	disk_insert(wish.size);
	assert_int_equal(swap_area_make(&manager, "disk", &wish, &err), 0);
	cut_everywhere(&swap, any);
	disk_remove();
}

static void file_systems_of_all_sizes_are_clean(void **test)
{
	static const size_t sizes[] = { 16u << 20, (16u << 20) + 512, 33u << 20, 129u << 20, 700u << 20, (size_t)5 << 30,
					((size_t)5 << 30) + 4096 };

	(void)test;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		autoclose int fd = -1;

		make_ext4(sizes[i]);
		fd = image_at(disk.count);
		assert_int_equal(decision_on(fd, &state), DECIDE_USE);
		if (!is_clean(fd))
			fail_msg("%zu bytes", sizes[i]);
		disk_remove();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ext4_is_whole_or_made_anew),
		cmocka_unit_test(a_swap_area_is_whole_or_made_anew),
		cmocka_unit_test(file_systems_of_all_sizes_are_clean),
	};

	srand(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
