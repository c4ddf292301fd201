/* SPDX-License-Identifier: Apache-2.0 */
/* The last partition grows with its disk; everything else about a partition table is left as it is. */
#include "init/storage/gpt.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define MIB   (1u << 20)
#define START 4096u			/* sectors: of the partition that is to grow */

static struct error err;
static uint64_t size;

/* A disk of 16 MiB with two partitions, as sfdisk makes it; then one of `mib`. */
static int disk_of(unsigned int mib)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);
	char command[512];

	assert_true(fd >= 0 && ftruncate(fd, 16 * MIB) == 0);
	(void)snprintf(command, sizeof(command),
		       "printf 'label: gpt\\nstart=2048, size=2048, type=U\\nstart=4096, name=state\\n' |"
		       " PATH=$PATH:/sbin:/usr/sbin sfdisk -q /proc/%d/fd/%d 2>&1", getpid(), fd);
	assert_int_equal(system(command), 0);
	assert_int_equal(ftruncate(fd, (off_t)mib * MIB), 0);
	return fd;
}

/* What sfdisk reads back, and that it has nothing to complain about. */
static uint64_t size_read_back(int fd, unsigned int number)
{
	char command[256], line[256];
	unsigned long long sectors = 0;
	FILE *output;

	(void)snprintf(command, sizeof(command),
		       "export PATH=$PATH:/sbin:/usr/sbin; sfdisk -V -q /proc/%d/fd/%d 2>&1; sfdisk -d /proc/%d/fd/%d 2>&1", getpid(),
		       fd, getpid(), fd);
	output = popen(command, "r");
	assert_non_null(output);
	while (fgets(line, sizeof(line), output)) {
		char *at = strstr(line, "size=");

		if (strstr(line, "orrupt") || strstr(line, "rror") || strstr(line, "arning") || strstr(line, "mismatch"))
			fail_msg("sfdisk: %s", line);
		if (at && --number == 0)
			sectors = strtoull(at + 5, NULL, 10);
	}
	(void)pclose(output);
	return sectors;
}

static bool same_as(int fd, const void *before)
{
	autofree char *now = malloc(16 * MIB);

	return pread(fd, now, 16 * MIB, 0) == 16 * MIB && memcmp(now, before, 16 * MIB) == 0;
}

static void *copy_of(int fd)
{
	void *bytes = malloc(16 * MIB);

	assert_true(pread(fd, bytes, 16 * MIB, 0) == 16 * MIB);
	return bytes;
}

static void the_last_partition_grows_to_the_end(void **state)
{
	autoclose int fd = disk_of(64);

	(void)state;
	assert_int_equal(gpt_grow(fd, 2, START, &size, &err), 0);
	/* Up to the last MiB that ends before the second table. */
	assert_int_equal(size, 63 * 2048 - START);
	assert_int_equal(size_read_back(fd, 2), size);
	assert_int_equal(size_read_back(fd, 1), 2048);
	assert_int_equal(gpt_grow(fd, 2, START, &size, &err), 0);
	assert_int_equal(size, 0);
}

static void what_is_not_the_last_or_has_no_room_stays(void **state)
{
	autoclose int fd = disk_of(16), larger = disk_of(32);
	autofree void *before = copy_of(fd), *before_larger = copy_of(larger);

	(void)state;
	assert_int_equal(gpt_grow(fd, 2, START, &size, &err), 0);
	assert_int_equal(size, 0);
	assert_true(same_as(fd, before));
	assert_int_equal(gpt_grow(larger, 1, 2048, &size, &err), 0);
	assert_int_equal(size, 0);
	assert_true(same_as(larger, before_larger));
}

static void a_table_that_is_not_whole_stays(void **state)
{
	/* The signature, the header, an entry; of either copy. */
	static const off_t places[] = { 512, 512 + 40, 1024 + 128 + 60, 16 * MIB - 512, 16 * MIB - 512 + 24, 16 * MIB - 33 * 512 + 5 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		autoclose int fd = disk_of(64);
		autofree void *before = NULL;
		unsigned char byte;

		assert_int_equal(pread(fd, &byte, 1, places[i]), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, places[i]), 1);
		before = copy_of(fd);
		assert_int_equal(gpt_grow(fd, 2, START, &size, &err), -1);
		assert_true(same_as(fd, before));
	}
}

static void another_partition_than_the_kernels_stays(void **state)
{
	autoclose int fd = disk_of(64);
	autofree void *before = copy_of(fd);

	(void)state;
	assert_int_equal(gpt_grow(fd, 2, START + 1, &size, &err), -1);
	assert_int_equal(gpt_grow(fd, 3, START, &size, &err), -1);
	assert_int_equal(gpt_grow(fd, 0, START, &size, &err), -1);
	assert_int_equal(gpt_grow(fd, 4000, START, &size, &err), -1);
	assert_true(same_as(fd, before));
}

/* The power went after the entries were written, and before the header that vouches for them. */
static void a_torn_first_copy_is_taken_from_the_second(void **state)
{
	autoclose int fd = disk_of(64);
	unsigned char old_header[512];
	bool mended;

	(void)state;
	assert_int_equal(pread(fd, old_header, sizeof(old_header), 512), sizeof(old_header));
	assert_int_equal(gpt_grow(fd, 2, START, &size, &err), 0);
	assert_int_equal(gpt_mend(fd, &mended, &err), 0);
	assert_false(mended);
	assert_int_equal(pwrite(fd, old_header, sizeof(old_header), 512), sizeof(old_header));
	assert_int_equal(gpt_mend(fd, &mended, &err), 0);
	assert_true(mended);
	assert_int_equal(size_read_back(fd, 2), size);
}

static void what_has_no_table_is_not_mended(void **state)
{
	autoclose int fd = memfd_create("blank", MFD_CLOEXEC);
	bool mended;

	(void)state;
	assert_int_equal(ftruncate(fd, 16 * MIB), 0);
	assert_int_equal(gpt_mend(fd, &mended, &err), 0);
	assert_false(mended);
	assert_int_equal(gpt_grow(fd, 1, 2048, &size, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_partition_grows_to_the_end),
		cmocka_unit_test(what_is_not_the_last_or_has_no_room_stays),
		cmocka_unit_test(a_table_that_is_not_whole_stays),
		cmocka_unit_test(another_partition_than_the_kernels_stays),
		cmocka_unit_test(a_torn_first_copy_is_taken_from_the_second),
		cmocka_unit_test(what_has_no_table_is_not_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
