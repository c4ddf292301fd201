/* SPDX-License-Identifier: Apache-2.0 */
/* Limits as version 2 writes them, into a directory that stands for a cgroup; and the program for devices, run here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/linux/cgroup_devices.h"

#define SET(n) { true, n }

/* A directory with the files that a cgroup of version 2 has. */
static int fake_cgroup(char *path, struct cgroup *cgroup)
{
	static const char *const files[] = { "cpu.weight", "cpu.max", "memory.max", "memory.swap.max", "memory.low",
					     "pids.max", "cpuset.cpus", "io.weight", "memory.high" };
	int fd;

	assert_non_null(mkdtemp(path));
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(mknodat(fd, files[i], S_IFREG | 0644, 0), 0);
	*cgroup = (struct cgroup){ .count = 1, .unified = true };
	cgroup->items[0] = (struct cgroup_hierarchy){ .controllers = "", .directory = path, .path = path };
	return fd;
}

static void limits_are_converted_for_version_2(void **state)
{
	static const struct {
		struct oci_resources resources;
		const char *file, *value;
	} rows[] = {
		{ { .cpu_shares = SET(2) }, "cpu.weight", "1" },
		{ { .cpu_shares = SET(1024) }, "cpu.weight", "39" },
		{ { .cpu_shares = SET(262144) }, "cpu.weight", "10000" },
		{ { .cpu_shares = SET(0) }, "cpu.weight", "" },
		{ { .cpu_quota = SET(50000), .cpu_period = SET(200000) }, "cpu.max", "50000 200000" },
		{ { .cpu_quota = SET(50000) }, "cpu.max", "50000" },
		{ { .cpu_quota = SET(-1), .cpu_period = SET(1000) }, "cpu.max", "max 1000" },
		{ { .cpu_period = SET(1000) }, "cpu.max", "max 1000" },
		{ { .memory_limit = SET(262144) }, "memory.max", "262144" },
		{ { .memory_limit = SET(-1) }, "memory.max", "max" },
		{ { .memory_limit = SET(100), .memory_swap = SET(300) }, "memory.swap.max", "200" },
		{ { .memory_limit = SET(100), .memory_swap = SET(-1) }, "memory.swap.max", "max" },
		{ { .memory_reservation = SET(77) }, "memory.low", "77" },
		{ { .pids_limit = SET(10) }, "pids.max", "10" },
		{ { .pids_limit = SET(-1) }, "pids.max", "max" },
		{ { .pids_limit = SET(0) }, "pids.max", "0" },
		{ { .cpuset_cpus = "0-1" }, "cpuset.cpus", "0-1" },
		{ { .block_io_weight = SET(1000) }, "io.weight", "default 10000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autobuffer struct buffer text = { 0 };
		char path[] = "/tmp/slipway-cgroup-XXXXXX";
		struct cgroup cgroup;
		struct error err;
		int fd = fake_cgroup(path, &cgroup);

		assert_int_equal(cgroup_limit(&cgroup, &rows[i].resources, &err), 0);
		assert_int_equal(file_read(fd, rows[i].file, 100, &text, &err), 0);
		assert_string_equal(buffer_string(&text), rows[i].value);
		(void)close(fd);
		assert_int_equal(file_remove_tree(AT_FDCWD, path, &err), 0);
	}
}

static void a_period_alone_leaves_the_quota_as_it_is(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = { { "50000 100000\n", "50000 200000" }, { "max 100000\n", "max 200000" } };
	const struct oci_resources r = { .cpu_period = SET(200000) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autobuffer struct buffer text = { 0 };
		char path[] = "/tmp/slipway-cgroup-XXXXXX";
		struct cgroup cgroup;
		struct error err;
		int fd = fake_cgroup(path, &cgroup);

		assert_int_equal(file_write_atomic(fd, "cpu.max", rows[i].before, strlen(rows[i].before), 0644, &err), 0);
		assert_int_equal(cgroup_limit(&cgroup, &r, &err), 0);
		assert_int_equal(file_read(fd, "cpu.max", 100, &text, &err), 0);
		/* A file of the kernel's would be written anew; here the longer text shows behind. */
		assert_memory_equal(buffer_string(&text), rows[i].after, strlen(rows[i].after));
		(void)close(fd);
		assert_int_equal(file_remove_tree(AT_FDCWD, path, &err), 0);
	}
}

static void what_version_2_cannot_do_is_refused(void **state)
{
	static const struct {
		struct oci_resources resources;
		const char *message;
	} rows[] = {
		{ { .memory_kernel = SET(100) }, "memory.kernel: cgroup version 2 has nothing like it" },
		{ { .memory_kernel_tcp = SET(100) }, "memory.kernelTCP: cgroup version 2 has nothing like it" },
		{ { .swappiness = SET(10) }, "memory.swappiness: cgroup version 2 has nothing like it" },
		{ { .disable_oom_killer = true }, "memory.disableOOMKiller: cgroup version 2 has nothing like it" },
		{ { .cpu_realtime_runtime = SET(10) }, "cpu.realtimeRuntime: cgroup version 2 has nothing like it" },
		{ { .network_class_id = SET(10) }, "cgroup version 2 has nothing like it" },
		{ { .memory_swap = SET(100) }, "unable to set swap limit without memory limit" },
		{ { .memory_swap = SET(99), .memory_limit = SET(100) }, "memory+swap limit should be >= memory limit" },
		{ { .memory_kernel = SET(-1), .cpu_realtime_runtime = SET(-1), .use_hierarchy = true }, NULL },
	};
	char path[] = "/tmp/slipway-cgroup.XXXXXX";
	struct cgroup cgroup;
	autoclose int fd = fake_cgroup(path, &cgroup);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };
		int r = cgroup_limit(&cgroup, &rows[i].resources, &err);

		assert_int_equal(r, rows[i].message ? -1 : 0);
		if (rows[i].message && !strstr(err.message, rows[i].message))
			fail_msg("'%s' is not in '%s'", rows[i].message, err.message);
	}
	(void)file_remove_tree(AT_FDCWD, path, NULL);
}

static void unified_takes_names_of_files_only(void **state)
{
	static const struct {
		const char *file;
		int result;
	} rows[] = { { "memory.high", 0 }, { "../memory.high", -1 }, { "memory", -1 }, { "a.b/c", -1 }, { "no.such", -1 } };
	char path[] = "/tmp/slipway-cgroup-XXXXXX";
	struct cgroup cgroup;
	struct error err;
	int fd = fake_cgroup(path, &cgroup);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct oci_pair pair = { rows[i].file, "1" };
		const struct oci_resources r = { .unified = { &pair, 1 } };

		assert_int_equal(cgroup_limit(&cgroup, &r, &err), rows[i].result);
	}
	(void)close(fd);
	assert_int_equal(file_remove_tree(AT_FDCWD, path, &err), 0);
}

static void a_missing_controller_is_told(void **state)
{
	const struct cgroup none = { 0 };
	const struct oci_resources r = { .pids_limit = SET(1) };
	struct error err;

	(void)state;
	assert_int_equal(cgroup_limit(&none, &r, &err), -1);
	assert_string_equal(err.message, "linux.resources.pids.limit: the cgroup controller 'pids' is not there");
}

/* The instructions that the programs are made of. */
static int run(const struct bpf_insn *program, int length, uint32_t type, uint32_t access, uint32_t major, uint32_t minor)
{
	uint32_t context[3] = { access << 16 | type, major, minor };
	int64_t r[11] = { 0 };

	for (int at = 0; at < length; at++) {
		const struct bpf_insn *i = &program[at];
		int64_t with = BPF_SRC(i->code) == BPF_X ? r[i->src_reg] : i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_W | BPF_MEM:
			assert_int_equal(i->src_reg, 1);
			r[i->dst_reg] = context[i->off / 4];
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint32_t)with;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			r[i->dst_reg] = with;
			break;
		case BPF_ALU64 | BPF_LSH | BPF_K:
			r[i->dst_reg] <<= with;
			break;
		case BPF_ALU64 | BPF_OR | BPF_X:
			r[i->dst_reg] |= with;
			break;
		case BPF_LD | BPF_DW | BPF_IMM:
			r[i->dst_reg] = (int64_t)((uint64_t)(uint32_t)i[1].imm << 32 | (uint32_t)i->imm);
			at++;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[i->dst_reg] = (uint32_t)(r[i->dst_reg] & with);
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[i->dst_reg] = (uint32_t)r[i->dst_reg] >> with;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
		case BPF_JMP | BPF_JNE | BPF_X:
			at += r[i->dst_reg] != with ? i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += r[i->dst_reg] == with ? i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)r[0];
		default:
			fail_msg("unexpected instruction %#x", i->code);
		}
	}
	fail_msg("the program has no end");
	return -1;
}

enum { MKNOD = BPF_DEVCG_ACC_MKNOD, READ = BPF_DEVCG_ACC_READ, WRITE = BPF_DEVCG_ACC_WRITE };

static void the_last_device_rule_that_matches_decides(void **state)
{
	static const struct oci_device_rule rules[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true, .type = "c", .has_major = true, .major = 1, .has_minor = true, .minor = 3, .access = "rw" },
		{ .allow = true, .type = "b", .access = "m" },
		{ .allow = true, .type = "c", .has_major = true, .major = 10, .access = "rwm" },
		{ .allow = false, .type = "c", .has_major = true, .major = 10, .has_minor = true, .minor = 200, .access = "w" },
		{ .allow = true, .has_major = true, .major = 20, .has_minor = true, .minor = 1048575, .access = "rwm" },
		{ .allow = true, .has_minor = true, .minor = 77, .access = "r" },
		/* No device has such numbers; they must not be taken for others that have the same bits. */
		{ .allow = true, .type = "c", .has_major = true, .major = 4096, .has_minor = true, .minor = 5, .access = "rwm" },
		{ .allow = true, .type = "c", .has_major = true, .major = 30, .has_minor = true, .minor = 1 << 20, .access = "rwm" },
	};
	static const struct {
		uint32_t type, access, major, minor;
		int allowed;
	} rows[] = {
		{ BPF_DEVCG_DEV_CHAR, READ, 1, 3, 1 },		{ BPF_DEVCG_DEV_CHAR, READ | WRITE, 1, 3, 1 },
		{ BPF_DEVCG_DEV_CHAR, MKNOD, 1, 3, 0 },		{ BPF_DEVCG_DEV_CHAR, READ, 1, 5, 0 },
		{ BPF_DEVCG_DEV_BLOCK, READ, 1, 3, 0 },		{ BPF_DEVCG_DEV_BLOCK, MKNOD, 8, 0, 1 },
		{ BPF_DEVCG_DEV_BLOCK, MKNOD | READ, 8, 0, 0 }, { BPF_DEVCG_DEV_CHAR, READ | WRITE, 10, 5, 1 },
		{ BPF_DEVCG_DEV_CHAR, READ, 10, 200, 1 },	{ BPF_DEVCG_DEV_CHAR, READ | WRITE, 10, 200, 0 },
		{ BPF_DEVCG_DEV_CHAR, WRITE, 10, 200, 0 },	{ BPF_DEVCG_DEV_CHAR, READ, 4095, 1, 0 },
		{ BPF_DEVCG_DEV_BLOCK, READ, 20, 1048575, 1 },	{ BPF_DEVCG_DEV_CHAR, MKNOD, 20, 1048575, 1 },
		{ BPF_DEVCG_DEV_CHAR, READ, 20, 1048574, 0 },	{ BPF_DEVCG_DEV_BLOCK, READ, 3, 77, 1 },
		{ BPF_DEVCG_DEV_BLOCK, WRITE, 3, 77, 0 },	{ BPF_DEVCG_DEV_BLOCK, READ, 0, 5, 0 },
		{ BPF_DEVCG_DEV_CHAR, READ, 30, 0, 0 },		{ BPF_DEVCG_DEV_CHAR, READ, 31, 0, 0 },
	};
	struct bpf_insn program[128];
	struct error err;
	int length = cgroup_devices_program(rules, ARRAY_SIZE(rules), program, ARRAY_SIZE(program), &err);

	(void)state;
	assert_true(length > 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(run(program, length, rows[i].type, rows[i].access, rows[i].major, rows[i].minor),
				 rows[i].allowed);
	length = cgroup_devices_program(rules, 0, program, ARRAY_SIZE(program), &err);
	assert_int_equal(run(program, length, BPF_DEVCG_DEV_CHAR, READ, 1, 3), 0);
}

static void device_rules_that_are_wrong_are_refused(void **state)
{
	static const struct oci_device_rule bad[] = {
		{ .type = "x", .access = "r" }, { .type = "c", .access = "rx" }, { .type = "cc", .access = "r" },
	};
	struct bpf_insn program[16];
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(cgroup_devices_program(&bad[i], 1, program, ARRAY_SIZE(program), &err), -1);
}

static void paths_stay_below_the_top_of_the_hierarchy(void **state)
{
	static const char *const rows[][2] = { { "/a/b", "/a/b" }, { "/../../a", "/a" }, { "/a/./../b/", "/b" } };
	struct arena arena = { 0 };
	struct cgroup cgroup;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (cgroup_locate(rows[i][0], "id", &arena, &cgroup, &err) < 0)
			skip();
		for (size_t k = 0; k < cgroup.count; k++)
			assert_string_equal(cgroup.items[k].path, rows[i][1]);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_converted_for_version_2),
		cmocka_unit_test(what_version_2_cannot_do_is_refused),
		cmocka_unit_test(a_period_alone_leaves_the_quota_as_it_is),
		cmocka_unit_test(unified_takes_names_of_files_only),
		cmocka_unit_test(a_missing_controller_is_told),
		cmocka_unit_test(the_last_device_rule_that_matches_decides),
		cmocka_unit_test(device_rules_that_are_wrong_are_refused),
		cmocka_unit_test(paths_stay_below_the_top_of_the_hierarchy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
