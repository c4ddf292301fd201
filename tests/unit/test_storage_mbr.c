/* SPDX-License-Identifier: Apache-2.0 */
/* The last primary partition of an old table grows with its disk; everything else about the table is left as it is. */
#include "init/storage/mbr.h"

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

/* A disk of 16 MiB with what sfdisk makes of `table`; then one of `mib`. */
static int disk_of(const char *table, unsigned int mib)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);
	char command[512];

	assert_true(fd >= 0 && ftruncate(fd, 16 * MIB) == 0);
	(void)snprintf(command, sizeof(command), "printf '%s' | PATH=$PATH:/sbin:/usr/sbin sfdisk -q /proc/%d/fd/%d 2>&1", table,
		       getpid(), fd);
	assert_int_equal(system(command), 0);
	assert_int_equal(ftruncate(fd, (off_t)mib * MIB), 0);
	return fd;
}

static const char two[] = "label: dos\\nstart=2048, size=2048, type=7\\nstart=4096, type=83, bootable\\n";

/* The line of sfdisk about the partition has this in it, and nothing is wrong with the table. */
static void assert_reads_back(int fd, unsigned int number, const char *text)
{
	char command[256];

	(void)snprintf(command, sizeof(command),
		       "export PATH=$PATH:/sbin:/usr/sbin; sfdisk -V -q /proc/%d/fd/%d && sfdisk -d /proc/%d/fd/%d | grep ' : ' | "
		       "sed -n %up | tr -d ' ' | grep -qF '%s'", getpid(), fd, getpid(), fd, number, text);
	assert_int_equal(system(command), 0);
}

static void assert_stays(int fd, unsigned int number, uint64_t start, int expected)
{
	unsigned char before[1024], after[1024];

	assert_int_equal(pread(fd, before, sizeof(before), 0), sizeof(before));
	assert_int_equal(mbr_grow(fd, number, start, &size, &err), expected);
	assert_int_equal(size, 0);
	assert_int_equal(pread(fd, after, sizeof(after), 0), sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
}

static void the_last_partition_grows_to_the_end(void **state)
{
	autoclose int fd = disk_of(two, 64);
	char text[64];

	(void)state;
	assert_true(mbr_is_table(fd));
	assert_int_equal(mbr_grow(fd, 2, START, &size, &err), 0);
	assert_int_equal(size, 64 * 2048 - START);
	(void)snprintf(text, sizeof(text), "start=%u,size=%u,type=83,bootable", START, 64 * 2048 - START);
	assert_reads_back(fd, 2, text);
	assert_reads_back(fd, 1, "start=2048,size=2048,type=7");
	assert_stays(fd, 2, START, 0);
}

static void what_is_not_the_last_or_has_no_room_stays(void **state)
{
	autoclose int fd = disk_of(two, 16), larger = disk_of(two, 32);

	(void)state;
	assert_stays(fd, 2, START, 0);
	assert_stays(larger, 1, 2048, 0);
}

static void no_partition_is_larger_than_such_a_table_can_tell(void **state)
{
	autoclose int fd = disk_of(two, 16);

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)3 << 40), 0);
	assert_int_equal(mbr_grow(fd, 2, START, &size, &err), 0);
	assert_int_equal(size, UINT32_MAX);
}

static void logical_partitions_are_refused(void **state)
{
	autoclose int fd = disk_of("label: dos\\nstart=2048, size=2048\\nstart=4096, type=5\\nstart=6144, type=83\\n", 64);

	(void)state;
	assert_stays(fd, 5, 6144, -1);
	assert_non_null(strstr(err.message, "partition 5 is a logical one"));
	/* And what stands in front of them has no room. */
	assert_stays(fd, 1, 2048, 0);
}

static void another_partition_than_the_kernels_stays(void **state)
{
	autoclose int fd = disk_of(two, 64);

	(void)state;
	assert_stays(fd, 2, START + 1, -1);
	assert_stays(fd, 3, START, -1);
	assert_stays(fd, 0, START, -1);
}

static void a_gpt_and_no_table_are_not_ours(void **state)
{
	autoclose int gpt = disk_of("label: gpt\\nstart=4096\\n", 64), blank = memfd_create("blank", MFD_CLOEXEC);
	autoclose int damaged = disk_of(two, 64);

	(void)state;
	assert_int_equal(ftruncate(blank, 16 * MIB), 0);
	assert_int_equal(pwrite(damaged, "X", 1, 511), 1);
	assert_false(mbr_is_table(gpt));
	assert_false(mbr_is_table(blank));
	assert_false(mbr_is_table(damaged));
	assert_stays(gpt, 1, START, -1);
	assert_stays(blank, 1, START, -1);
	assert_stays(damaged, 2, START, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_partition_grows_to_the_end),
		cmocka_unit_test(what_is_not_the_last_or_has_no_room_stays),
		cmocka_unit_test(no_partition_is_larger_than_such_a_table_can_tell),
		cmocka_unit_test(logical_partitions_are_refused),
		cmocka_unit_test(another_partition_than_the_kernels_stays),
		cmocka_unit_test(a_gpt_and_no_table_are_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
