/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/compile/seccomp.h"

#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "base/cleanup.h"
#include "tools/mkimage/compile/parts.h"

static const uint32_t architectures[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM };

/* Younger than the libseccomp of Debian 12; it cannot know them. */
static const char younger[] =
	" cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr "
	"lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat uretprobe ";

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

/* How many groups have the call. */
static int count_groups(const char *name)
{
	int count = 0;

	for (const struct seccomp_group *group = seccomp_groups; group->names; group++)
		count += has_word(group->names, name);
	return count;
}

/* clone and personality have rules of their own. */
static bool is_ruled(const char *name)
{
	return strcmp(name, "clone") == 0 || strcmp(name, "personality") == 0;
}

static void every_call_of_the_kernel_is_decided_once(void **state)
{
	size_t known = 0;

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(architectures); a++)
		for (int number = 0; number < 600; number++) {
			int bit = architectures[a] == SCMP_ARCH_X32 ? 0x40000000 : 0;
			autofree char *name = seccomp_syscall_resolve_num_arch(architectures[a], bit + number);

			if (!name)
				continue;
			known++;
			if (count_groups(name) != (is_ruled(name) ? 0 : 1))
				fail_msg("'%s' stands in %d groups", name, count_groups(name));
		}
	assert_true(known > 1400);
}

static void every_name_is_a_call(void **state)
{
	(void)state;
	for (const struct seccomp_group *group = seccomp_groups; group->names; group++) {
		autofree char *names = strdup(group->names);
		char *rest = NULL;

		for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
			bool known = has_word(younger, name);

			for (size_t a = 0; a < ARRAY_SIZE(architectures) && !known; a++)
				known = seccomp_syscall_resolve_name_arch(architectures[a], name) != __NR_SCMP_ERROR;
			if (!known)
				fail_msg("'%s' is no system call", name);
			assert_int_equal(count_groups(name), 1);
		}
		assert_true(group->answer != SECCOMP_ALLOW || group->unlocked_by == 0);
	}
}

/* ---------------------------------------------------------------- what the profile does */

static uint32_t action_of(const char *text, uint32_t value)
{
	return strcmp(text, "SCMP_ACT_ALLOW") == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(value);
}

static void add_rule(scmp_filter_ctx filter, const struct oci_seccomp_rule *rule, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	uint32_t action = action_of(rule->action, rule->errno_ret);

	if (number == __NR_SCMP_ERROR)
		return;
	if (rule->args_count == 0) {
		assert_int_equal(seccomp_rule_add(filter, action, number, 0), 0);
		return;
	}
	assert_int_equal(rule->args_count, 1);
	assert_int_equal(seccomp_rule_add(filter, action, number, 1, (struct scmp_arg_cmp){
		.arg = rule->args[0].index,
		.op = strcmp(rule->args[0].op, "SCMP_CMP_EQ") == 0 ? SCMP_CMP_EQ : SCMP_CMP_MASKED_EQ,
		.datum_a = rule->args[0].value,
		.datum_b = rule->args[0].value_two,
	}), 0);
}

static int load(uint64_t capabilities)
{
	struct arena arena = { 0 };
	const struct oci_seccomp *profile = seccomp_default(architecture_at(0), capabilities, &arena);
	scmp_filter_ctx filter = seccomp_init(action_of(profile->default_action, profile->default_errno_ret));
	int r;

	for (size_t i = 0; i < profile->syscalls_count; i++)
		for (size_t k = 0; k < profile->syscalls[i].names.count; k++)
			add_rule(filter, &profile->syscalls[i], profile->syscalls[i].names.items[k]);
	r = seccomp_load(filter);
	seccomp_release(filter);
	arena_release(&arena);
	return r;
}

struct probe {
	const char *name;
	long (*call)(void);
	uint64_t capability;		/* that unlocks it */
	int refused;			/* the errno without it */
};

/* Arguments that fail in the kernel, with another errno than the filter's, so that nothing is done. */
static long call_mount(void)
{
	return mount("x", "/nonexistent/x", "tmpfs", 0, NULL);
}

static long call_unshare(void)
{
	return unshare(0);
}

static long call_clone_namespace(void)
{
	/* CLONE_THREAD without CLONE_SIGHAND is EINVAL to the kernel. */
	return syscall(SYS_clone, CLONE_NEWUTS | CLONE_THREAD, 0, 0, 0, 0);
}
static long call_clone3(void)
{
	return syscall(SYS_clone3, NULL, 1);
}

static long call_chroot(void)
{
	return chroot("/nonexistent");
}

static long call_init_module(void)
{
	return syscall(SYS_delete_module, "no such module", 0);
}

static long call_settimeofday(void)
{
	return syscall(SYS_clock_settime, 99, NULL);
}

static long call_io_uring(void)
{
	return syscall(SYS_io_uring_setup, 0, NULL);
}

static long call_unknown(void)
{
	return syscall(900);
}

static long call_personality(void)
{
	return syscall(SYS_personality, 0x0040000);
}


static const struct probe probes[] = {
	{ "mount", call_mount, CAPABILITY(CAP_SYS_ADMIN), EPERM },
	{ "unshare", call_unshare, CAPABILITY(CAP_SYS_ADMIN), EPERM },
	{ "clone with a new namespace", call_clone_namespace, CAPABILITY(CAP_SYS_ADMIN), ENOSYS },
	{ "clone3", call_clone3, CAPABILITY(CAP_SYS_ADMIN), ENOSYS },
	{ "chroot", call_chroot, CAPABILITY(CAP_SYS_CHROOT), EPERM },
	{ "delete_module", call_init_module, CAPABILITY(CAP_SYS_MODULE), EPERM },
	{ "clock_settime", call_settimeofday, CAPABILITY(CAP_SYS_TIME), EPERM },
	{ "io_uring_setup", call_io_uring, 0, ENOSYS },
	{ "a call of the future", call_unknown, 0, ENOSYS },
	{ "a personality without ASLR", call_personality, 0, ENOSYS },
};

/* Runs the probes under the profile of one capability; the exit status is the first that goes wrong, from 1. */
static int run_probes(uint64_t capabilities)
{
	if (load(capabilities) < 0)
		return 100;
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		const struct probe *p = &probes[i];
		bool open = p->capability & capabilities;
		long r = p->call();
		bool refused = r < 0 && errno == p->refused;

		/* Without privileges the kernel itself refuses what the filter lets through. */
		if (open && geteuid() != 0)
			continue;
		if (open == refused)
			return (int)i + 1;
	}
	return 0;
}

static void the_filter_refuses_what_was_not_asked_for(void **state)
{
	static const uint64_t sets[] = { 0, CAPABILITY(CAP_SYS_CHROOT), CAPABILITY(CAP_SYS_TIME),
					 CAPABILITY(CAP_SYS_MODULE), CAPABILITY(CAP_SYS_ADMIN) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(run_probes(sets[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == 100)
			fail_msg("the filter cannot be loaded");
		if (WEXITSTATUS(status))
			fail_msg("set %zu: %s", i, probes[WEXITSTATUS(status) - 1].name);
	}
}

/* A shell and what it starts live under the profile. */
static void programs_run_under_it(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		if (load(0) < 0)
			_exit(100);
		execl("/bin/sh", "sh", "-c", "test \"$(echo a | cat)\" = a && ls / >/dev/null && sleep 0", (char *)NULL);
		_exit(101);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_of_the_kernel_is_decided_once),
		cmocka_unit_test(every_name_is_a_call),
		cmocka_unit_test(the_filter_refuses_what_was_not_asked_for),
		cmocka_unit_test(programs_run_under_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
