/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter does is in tests/fuzz/fuzz_runtime_seccomp.c as well, for any profile: here is what has a reason. */
#include "runtime/linux/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/linux/seccomp_file.h"
#include "tests/fuzz/bpf_machine.h"

#define ALLOW "{\"defaultAction\":\"SCMP_ACT_ALLOW\","
#define REFUSE "{\"defaultAction\":\"SCMP_ACT_ERRNO\","
#define THREE "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
#define X32_BIT 0x40000000

static struct arena arena;

/* A config.json that is all seccomp. */
static const struct oci_seccomp *read_profile(const char *text)
{
	struct oci_config config;
	struct error err = { 0 };
	const char *json = arena_printf(&arena,
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"rootfs\"},\"linux\":{\"seccomp\":%s}}", text);

	if (oci_config_parse(json, strlen(json), &arena, &config, &err) < 0)
		fail_msg("%s", err.message);
	return config.linux_.seccomp;
}

static struct seccomp_program compile(const char *text)
{
	struct seccomp_program program;
	struct error err = { 0 };

	if (seccomp_compile(read_profile(text), &arena, &program, &err) < 0)
		fail_msg("%s", err.message);
	return program;
}

static uint32_t answer(const struct seccomp_program *p, uint32_t arch, int number, uint64_t first)
{
	const struct seccomp_data call = { .arch = arch, .nr = number, .args = { first } };

	return bpf_machine_run(p->filter, p->length, &call);
}

static void expect_error(const char *text, const char *message)
{
	struct seccomp_program program;
	struct error err = { 0 };

	assert_int_equal(seccomp_compile(read_profile(text), &arena, &program, &err), -1);
	assert_string_equal(err.message, message);
}

/* ------------------------------------------------------------ tests */

static void calls_newer_than_the_profile_get_enosys(void **state)
{
	struct seccomp_program p = compile(REFUSE THREE
		"\"syscalls\":[{\"names\":[\"read\",\"mount\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");

	(void)state;
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, 900, 0), SCMP_ACT_ERRNO(ENOSYS));
	/* x32, where it is allowed, has the numbers above, and what the profile says is said of them. */
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, X32_BIT | SYS_write, 0), SCMP_ACT_ERRNO(EPERM));
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, X32_BIT | SYS_read, 0), SCMP_ACT_ALLOW);
	assert_int_equal(answer(&p, AUDIT_ARCH_I386, 900, 0), SCMP_ACT_ERRNO(ENOSYS));
	p = compile(REFUSE "\"syscalls\":[{\"names\":[\"read\",\"mount\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_read, 0), SCMP_ACT_ALLOW);
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_write, 0), SCMP_ACT_ERRNO(EPERM));
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_mount, 0), SCMP_ACT_ALLOW);
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_mount + 1, 0), SCMP_ACT_ERRNO(ENOSYS));
	p = compile(ALLOW "\"syscalls\":[{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\"}]}");
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_mount + 1, 0), SCMP_ACT_ALLOW);
}

static void other_architectures_are_killed(void **state)
{
	struct seccomp_program p = compile(ALLOW "\"syscalls\":[]}");

	(void)state;
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_read, 0), SCMP_ACT_ALLOW);
	assert_int_equal(answer(&p, AUDIT_ARCH_I386, SYS_read, 0), SCMP_ACT_KILL);
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, X32_BIT | SYS_read, 0), SCMP_ACT_KILL);
	/* So a tracer tells that the call is not to be made. */
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, -1, 0), SCMP_ACT_ALLOW);
	p = compile(ALLOW THREE "\"syscalls\":[]}");
	assert_int_equal(answer(&p, AUDIT_ARCH_I386, SYS_read, 0), SCMP_ACT_ALLOW);
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, X32_BIT | SYS_read, 0), SCMP_ACT_ALLOW);
	assert_int_equal(answer(&p, AUDIT_ARCH_AARCH64, SYS_read, 0), SCMP_ACT_KILL);
}

/* The table of direct numbers is ours; libseccomp knows what each is called. */
static void i386_reaches_sockets_and_ipc_both_ways(void **state)
{
	static const char *const calls[] = { "socket", "socketpair", "bind", "connect", "listen", "accept", "accept4",
		"getsockopt", "setsockopt", "getsockname", "getpeername", "sendto", "sendmsg", "recvfrom", "recvmsg",
		"shutdown", "send", "recv", "recvmmsg", "sendmmsg", "semop", "semget", "semctl", "semtimedop", "msgsnd",
		"msgrcv", "msgget", "msgctl", "shmat", "shmdt", "shmget", "shmctl" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct seccomp_program p = compile(arena_printf(&arena,
			ALLOW THREE "\"syscalls\":[{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_TRAP\"}]}", calls[i]));
		int pseudo = -seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, calls[i]);
		int gate = pseudo < 200 ? 102 : 117;

		for (int n = 0; n < 500; n++) {
			autofree char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86, n);
			bool refused = name && strcmp(name, calls[i]) == 0;

			assert_int_equal(answer(&p, AUDIT_ARCH_I386, n, 99), refused ? SCMP_ACT_TRAP : SCMP_ACT_ALLOW);
		}
		assert_int_equal(answer(&p, AUDIT_ARCH_I386, gate, pseudo % 100), SCMP_ACT_TRAP);
		assert_int_equal(answer(&p, AUDIT_ARCH_I386, gate, pseudo % 100 + 1), SCMP_ACT_ALLOW);
	}
}

static void a_rule_for_all_goes_before_those_with_conditions(void **state)
{
	struct seccomp_program p = compile(REFUSE "\"syscalls\":["
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_LOG\"}]}");

	(void)state;
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_personality, 8), SCMP_ACT_ALLOW);
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_personality, 0), SCMP_ACT_ALLOW);
}

static void of_two_conditions_on_an_argument_one_is_enough(void **state)
{
	struct seccomp_program p = compile(REFUSE "\"syscalls\":["
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		"{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":4294967295,\"op\":\"SCMP_CMP_EQ\"}]}]}");

	(void)state;
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_personality, 8), SCMP_ACT_ALLOW);
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_personality, 4294967295), SCMP_ACT_ALLOW);
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_personality, 0), SCMP_ACT_ERRNO(EPERM));
	assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, SYS_personality, 8 | 1ull << 32), SCMP_ACT_ERRNO(EPERM));
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	expect_error("{\"defaultAction\":\"SCMP_ACT_MAYBE\"}", "linux.seccomp.defaultAction: unknown action 'SCMP_ACT_MAYBE'");
	expect_error(ALLOW "\"architectures\":[\"SCMP_ARCH_PDP11\"]}", "linux.seccomp: unknown architecture 'SCMP_ARCH_PDP11'");
	expect_error(ALLOW "\"flags\":[\"FAST\"]}", "linux.seccomp: flags: unknown flag 'FAST'");
	expect_error(ALLOW "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_NO\"}]}",
		     "linux.seccomp: syscalls[0]: unknown action 'SCMP_ACT_NO'");
	expect_error(ALLOW "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":["
			   "{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		     "linux.seccomp: syscalls[0]: a system call has the arguments 0 to 5, not 6");
	expect_error(ALLOW "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":["
			   "{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_ODD\"}]}]}",
		     "linux.seccomp: syscalls[0]: unknown operator 'SCMP_CMP_ODD'");
}

static void a_filter_too_long_for_the_kernel_is_refused(void **state)
{
	autobuffer struct buffer text = { 0 };

	(void)state;
	buffer_printf(&text, ALLOW "\"syscalls\":[");
	for (int i = 0; i < 1200; i++)
		buffer_printf(&text, "%s{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":["
			"{\"index\":0,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}]}", i ? "," : "", i);
	buffer_printf(&text, "]}");
	expect_error(buffer_string(&text), "linux.seccomp: the filter is longer than the 4096 instructions that the kernel takes");
}

/* Jumps of a filter of thousands of instructions are longer than a conditional jump goes. */
static void long_filters_find_their_way(void **state)
{
	autobuffer struct buffer text = { 0 };
	struct seccomp_program p;
	int count = 0;

	(void)state;
	buffer_printf(&text, REFUSE "\"syscalls\":[");
	for (int i = 0; i < 330; i += 2) {
		autofree char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, i);

		for (int v = 0; name && v < 4; v++)
			buffer_printf(&text, "%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%d,\"args\":["
				"{\"index\":0,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}]}", count++ ? "," : "", name, i + v + 2, v);
	}
	buffer_printf(&text, "]}");
	p = compile(buffer_string(&text));
	assert_true(p.length > 2000);
	for (int i = 0; i < 329; i++)
		for (int v = 0; v < 5; v++) {
			autofree char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, i);
			uint32_t wanted = i % 2 || v > 3 || !name ? EPERM : (uint32_t)(i + v + 2);

			assert_int_equal(answer(&p, AUDIT_ARCH_X86_64, i, v), SCMP_ACT_ERRNO(wanted));
		}
}

static void write_bytes(const char *path, const void *data, size_t length)
{
	struct error err = { 0 };

	assert_int_equal(file_write_atomic(AT_FDCWD, path, data, length, 0600, &err), 0);
}

static void a_compiled_filter_comes_back_as_it_was(void **state)
{
	const struct seccomp_program before = compile(REFUSE "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]," THREE
		"\"syscalls\":[{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");
	char path[] = "/tmp/slipway-filter.XXXXXX";
	autobuffer struct buffer file = { 0 };
	autoclose int fd = mkstemp(path);
	struct seccomp_program after;
	struct error err = { 0 };

	(void)state;
	assert_true(fd >= 0);
	seccomp_file_write(&before, &file);
	write_bytes(path, file.data, file.length);
	assert_int_equal(seccomp_file_read(path, &arena, &after, &err), 0);
	assert_int_equal(after.flags, before.flags);
	assert_int_equal(after.length, before.length);
	assert_memory_equal(after.filter, before.filter, before.length * sizeof(*before.filter));
	assert_false(after.notifies);
	assert_int_equal(unlink(path), 0);
}

/* A build on one machine compiles filters for another: the numbers are the other's, and only it takes the file. */
static void a_filter_for_another_machine_has_its_numbers(void **state)
{
	const struct oci_seccomp *profile = read_profile(REFUSE "\"architectures\":[\"SCMP_ARCH_AARCH64\"],"
		"\"syscalls\":[{\"names\":[\"getpid\",\"open\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");
	struct seccomp_program p;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(seccomp_compile_for("SCMP_ARCH_AARCH64", profile, &arena, &p, &err), 0);
	assert_int_equal(p.arch, AUDIT_ARCH_AARCH64);
	/* 172 is getpid there, and open is no call. */
	assert_int_equal(answer(&p, AUDIT_ARCH_AARCH64, 172, 0), SECCOMP_RET_ALLOW);
	assert_int_not_equal(answer(&p, AUDIT_ARCH_AARCH64, 39, 0), SECCOMP_RET_ALLOW);
	assert_int_not_equal(answer(&p, AUDIT_ARCH_AARCH64, 2, 0), SECCOMP_RET_ALLOW);
	/* Nobody else calls through it. */
	assert_int_not_equal(answer(&p, AUDIT_ARCH_X86_64, 39, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(seccomp_compile_for("SCMP_ARCH_VAX", profile, &arena, &p, &err), -1);
	assert_non_null(strstr(err.message, "'SCMP_ARCH_VAX'"));
}

static void a_file_that_is_no_filter_is_refused(void **state)
{
	static const struct {
		size_t at, cut;		/* the byte that is changed; what is cut off the end */
		const char *says;
	} wrong[] = {
		{ 0, 0, "is not a compiled filter" },
		{ 8, 0, "is for another architecture" },
		{ 16, 0, "instructions" },
		{ SIZE_MAX, 1, "instructions" },
		{ SIZE_MAX, 24, "instructions" },
		{ SIZE_MAX, SIZE_MAX, "is not a compiled filter" },
	};
	const struct seccomp_program program = compile(ALLOW "\"architectures\":[]}");
	char path[] = "/tmp/slipway-filter.XXXXXX";
	autobuffer struct buffer file = { 0 };
	autoclose int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	seccomp_file_write(&program, &file);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		size_t length = wrong[i].cut > file.length ? 0 : file.length - wrong[i].cut;
		struct seccomp_program read = { .length = 7 };
		struct error err = { 0 };

		if (wrong[i].at < file.length)
			file.data[wrong[i].at] ^= 0x40;
		write_bytes(path, file.data, length);
		assert_int_equal(seccomp_file_read(path, &arena, &read, &err), -1);
		if (!strstr(err.message, path) || !strstr(err.message, wrong[i].says))
			fail_msg("%zu: '%s'", i, err.message);
		assert_int_equal(read.length, 7);
		if (wrong[i].at < file.length)
			file.data[wrong[i].at] ^= 0x40;
	}
	assert_int_equal(unlink(path), 0);
}

static void the_kernel_takes_it_and_does_it(void **state)
{
	struct seccomp_program p = compile(ALLOW "\"syscalls\":["
		"{\"names\":[\"getpriority\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":28},"
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":29,\"args\":["
		"{\"index\":0,\"value\":4294967296,\"op\":\"SCMP_CMP_GE\"}]}]}");
	pid_t pid = fork();
	int status, listener;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct error err = { 0 };

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_apply(&p, &listener, &err) < 0)
			_exit(1);
		if (syscall(SYS_getpriority, 0, 0) != -1 || errno != 28)
			_exit(2);
		if (syscall(SYS_personality, 0xffffffff) < 0)
			_exit(3);
		_exit(syscall(SYS_personality, 0x1ffffffffl) == -1 && errno == 29 ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(calls_newer_than_the_profile_get_enosys, release),
		cmocka_unit_test_teardown(other_architectures_are_killed, release),
		cmocka_unit_test_teardown(i386_reaches_sockets_and_ipc_both_ways, release),
		cmocka_unit_test_teardown(a_rule_for_all_goes_before_those_with_conditions, release),
		cmocka_unit_test_teardown(of_two_conditions_on_an_argument_one_is_enough, release),
		cmocka_unit_test_teardown(what_is_wrong_is_named, release),
		cmocka_unit_test_teardown(a_filter_too_long_for_the_kernel_is_refused, release),
		cmocka_unit_test_teardown(long_filters_find_their_way, release),
		cmocka_unit_test_teardown(a_compiled_filter_comes_back_as_it_was, release),
		cmocka_unit_test_teardown(a_filter_for_another_machine_has_its_numbers, release),
		cmocka_unit_test_teardown(a_file_that_is_no_filter_is_refused, release),
		cmocka_unit_test_teardown(the_kernel_takes_it_and_does_it, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
