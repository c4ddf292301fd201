/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/signals.h"
#include "runtime/container/state.h"
#include "runtime/linux/capabilities.h"
#include "runtime/linux/execute.h"
#include "runtime/linux/mount_options.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/rlimits.h"
#include "runtime/linux/syscalls.h"
#include "runtime/linux/sysctl.h"

#define WORDS(...) { (const char *[]){ __VA_ARGS__ }, ARRAY_SIZE(((const char *[]){ __VA_ARGS__ })) }

static struct mount_options parse(struct arena *arena, const struct oci_strings words)
{
	struct mount_options options;

	mount_options_parse(&words, arena, &options);
	return options;
}

static void mount_words_are_sorted_by_what_they_are_for(void **state)
{
	struct arena arena = { 0 };
	struct mount_options o =
		parse(&arena, (struct oci_strings)WORDS("rbind", "nosuid", "ro", "rslave", "sync", "mode=755", "rnoexec"));

	(void)state;
	assert_true(o.bind && o.bind_recursive && !o.remount);
	assert_int_equal(o.set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY);
	assert_int_equal(o.recursive_set, MOUNT_ATTR_NOEXEC);
	assert_int_equal(o.superblock, MS_RDONLY | MS_SYNCHRONOUS);
	assert_int_equal(o.propagation, MS_SLAVE);
	assert_true(o.propagation_recursive);
	assert_int_equal(o.data.count, 1);
	assert_string_equal(o.data.items[0], "mode=755");
	arena_release(&arena);
}

static void the_later_mount_word_wins(void **state)
{
	struct arena arena = { 0 };
	struct mount_options o = parse(&arena, (struct oci_strings)WORDS("ro", "rw", "suid", "nosuid", "noatime", "strictatime"));

	(void)state;
	assert_int_equal(o.set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
	assert_int_equal(o.clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME);
	assert_int_equal(o.superblock, 0);
	arena_release(&arena);
}

static void mapped_mount_words(void **state)
{
	struct arena arena = { 0 };
	struct mount_options o = parse(&arena, (struct oci_strings)WORDS("rbind", "ridmap"));

	(void)state;
	assert_true(o.bind && o.idmap_recursive && !o.idmap);
	assert_int_equal(o.data.count, 0);
	arena_release(&arena);
}

static void known_mount_words_are_sorted_and_once(void **state)
{
	const char *const *words = mount_options_known();

	(void)state;
	for (size_t i = 1; words[i]; i++)
		assert_true(strcmp(words[i - 1], words[i]) < 0);
}

static void propagation_words(void **state)
{
	(void)state;
	assert_int_equal(mount_propagation("rshared"), MS_SHARED | MS_REC);
	assert_int_equal(mount_propagation("private"), MS_PRIVATE);
	assert_int_equal(mount_propagation("ro"), 0);
	assert_int_equal(mount_propagation(NULL), 0);
}

static void capabilities_have_the_kernels_numbers(void **state)
{
	(void)state;
	assert_int_equal(capability_find("CAP_CHOWN"), 0);
	assert_int_equal(capability_find("CAP_SYS_ADMIN"), 21);
	assert_int_equal(capability_find("cap_checkpoint_restore"), 40);
	assert_int_equal(capability_find("CAP_NOTHING"), -1);
	assert_null(capability_name(41));
	for (unsigned int n = 0; capability_name(n); n++)
		assert_int_equal(capability_find(capability_name(n)), n);
}

static void signals_by_name_and_number(void **state)
{
	static const struct {
		const char *text;
		int number;
	} rows[] = { { "KILL", 9 },    { "SIGTERM", 15 }, { "sigint", 2 }, { "1", 1 },	  { "64", 64 },	    { "65", -1 },
		     { "0", 0 },	       { "RTMIN", 34 },	  { "RTMIN+2", 36 }, { "SIGRTMAX-1", 63 }, { "RTMIN+99", -1 },
		     { "", -1 },       { "9x", -1 },	  { "SIG", -1 },   { "-9", -1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(signal_number(rows[i].text), rows[i].number);
}

static void ids_that_are_no_file_names_are_refused(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "../x", "a b", "a\n", "\xc3\xa4", "a:b" };
	static const char *const good[] = { "a", "web-1", "A.b_c+d", "..." };
	char longest[1100];
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(state_check_id(bad[i], &err), -1);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(state_check_id(good[i], &err), 0);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(state_check_id(longest, &err), -1);
}

static void rlimits_that_make_no_sense_are_refused(void **state)
{
	struct oci_rlimit limits[2] = { { "RLIMIT_NOFILE", 1, 2 }, { "RLIMIT_CORE", 0, 0 } };
	struct oci_process process = { .rlimits = limits, .rlimits_count = 2 };
	struct error err;

	(void)state;
	assert_int_equal(rlimits_check(&process, &err), 0);
	limits[1].type = "RLIMIT_NOFILE";
	assert_int_equal(rlimits_check(&process, &err), -1);
	assert_string_equal(err.message, "process.rlimits[1]: 'RLIMIT_NOFILE' is given twice");
	limits[1] = (struct oci_rlimit){ "RLIMIT_CORE", 3, 2 };
	assert_int_equal(rlimits_check(&process, &err), -1);
	limits[1].type = "NOFILE";
	assert_int_equal(rlimits_check(&process, &err), -1);
}

static void sysctls_of_the_host_are_refused(void **state)
{
	static const struct {
		const char *key;
		unsigned int namespaces;
		int result;
	} rows[] = {
		{ "net.ipv4.ip_forward", CLONE_NEWNET, 0 }, { "net/ipv4/conf/eth0.1/forwarding", CLONE_NEWNET, 0 },
		{ "net.ipv4.ip_forward", 0, -1 },	    { "kernel.shmmax", CLONE_NEWIPC, 0 },
		{ "kernel.shmmaxx", CLONE_NEWIPC, -1 },	    { "fs.mqueue.msg_max", CLONE_NEWIPC, 0 },
		{ "vm.swappiness", ~0u, -1 },		    { "kernel.core_pattern", ~0u, -1 },
		{ "network", ~0u, -1 },			    { "", ~0u, -1 },
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct oci_pair pair = { rows[i].key, "1" };
		const struct oci_pairs sysctl = { &pair, 1 };

		assert_int_equal(sysctl_check(&sysctl, rows[i].namespaces, &err), rows[i].result);
	}
}

static void programs_are_found_in_the_containers_path(void **state)
{
	const struct oci_strings env = WORDS("PATH=/no/such:/bin", "X=1"), none = WORDS("PATH=/no/such");
	struct arena arena = { 0 };
	const char *path;
	struct error err;

	(void)state;
	assert_int_equal(execute_find("sh", &env, &arena, &path, &err), 0);
	assert_string_equal(path, "/bin/sh");
	assert_int_equal(execute_find("sh", &none, &arena, &path, &err), -1);
	assert_string_equal(err.message, "exec: \"sh\": executable file not found in $PATH");
	assert_int_equal(execute_find("/etc/passwd", &env, &arena, &path, &err), -1);
	assert_string_equal(err.message, "exec: \"/etc/passwd\": permission denied");
	assert_int_equal(execute_find("", &env, &arena, &path, &err), -1);
	arena_release(&arena);
}

static void namespaces_that_are_not_right_are_refused(void **state)
{
	struct oci_namespace list[2] = { { "mount", NULL }, { "network", "/proc/self/ns/uts" } };
	struct oci_config config = { .linux_ = { .namespaces = list, .namespaces_count = 2 } };
	struct namespaces namespaces;
	struct error err;

	(void)state;
	assert_int_equal(namespaces_open(&config, &namespaces, &err), -1);
	assert_non_null(strstr(err.message, "'/proc/self/ns/uts' is not a network namespace"));
	list[1].path = "/proc/self/ns/net";
	assert_int_equal(namespaces_open(&config, &namespaces, &err), 0);
	assert_int_equal(namespaces.make, CLONE_NEWNS);
	assert_int_equal(namespaces.join, CLONE_NEWNET);
	namespaces_close(&namespaces);
	list[1] = (struct oci_namespace){ "mount", NULL };
	assert_int_equal(namespaces_open(&config, &namespaces, &err), -1);
	list[1] = (struct oci_namespace){ "dream", NULL };
	assert_int_equal(namespaces_open(&config, &namespaces, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mount_words_are_sorted_by_what_they_are_for),
		cmocka_unit_test(the_later_mount_word_wins),
		cmocka_unit_test(mapped_mount_words),
		cmocka_unit_test(known_mount_words_are_sorted_and_once),
		cmocka_unit_test(propagation_words),
		cmocka_unit_test(capabilities_have_the_kernels_numbers),
		cmocka_unit_test(signals_by_name_and_number),
		cmocka_unit_test(ids_that_are_no_file_names_are_refused),
		cmocka_unit_test(rlimits_that_make_no_sense_are_refused),
		cmocka_unit_test(sysctls_of_the_host_are_refused),
		cmocka_unit_test(programs_are_found_in_the_containers_path),
		cmocka_unit_test(namespaces_that_are_not_right_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
