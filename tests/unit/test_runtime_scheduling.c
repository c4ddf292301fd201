/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused before anything is made; what is applied is in tests/functional/runtime-linux.sh. */
#include "runtime/linux/scheduling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define WORDS(...) { (const char *[]){ __VA_ARGS__ }, ARRAY_SIZE(((const char *[]){ __VA_ARGS__ })) }

static int check(const struct oci_process *process, const struct oci_linux *config, struct error *err)
{
	*err = (struct error){ 0 };
	return scheduling_check(process, config, err);
}

static void lists_of_cpus_are_lists(void **state)
{
	static const char *const good[] = { "0", "0-3", "0-3,7", "7,0-3", "8191", "0-8191", "5-5" };
	static const char *const bad[] = { ",", "0,", ",0", "1-", "-1", "3-1", "0--1", " 1", "1 ", "a", "0x1", "8192", "0-8192",
					   "99999999999999999999", "0-99999999999999999999", "1;2", "+1" };
	const struct oci_linux none = { 0 };
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const struct oci_process p = { .cpu_affinity_initial = good[i], .cpu_affinity_final = good[i] };

		assert_int_equal(check(&p, &none, &err), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct oci_process p = { .cpu_affinity_final = bad[i] };

		assert_int_equal(check(&p, &none, &err), -1);
		assert_non_null(strstr(err.message, "process.execCPUAffinity.final: expected a list like '0-3,7'"));
	}
}

static void what_is_not_there_costs_nothing(void **state)
{
	const struct oci_linux none = { 0 };
	const struct oci_process p = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(check(NULL, &none, &err), 0);
	assert_int_equal(check(&p, &none, &err), 0);
	assert_int_equal(scheduling_apply(&p, &none, &err), 0);
	assert_int_equal(scheduling_set_cpus(NULL, &err), 0);
}

static void every_word_of_the_specification_is_known(void **state)
{
	static const char *const policies[] = { "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO",
						"SCHED_IDLE", "SCHED_DEADLINE" };
	static const char *const classes[] = { "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE" };
	struct oci_scheduler s = { .flags = WORDS("SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN",
						  "SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS",
						  "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX") };
	struct oci_io_priority io = { 0 };
	struct oci_memory_policy m = { .nodes = "0", .flags = WORDS("MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
								    "MPOL_F_STATIC_NODES") };
	const struct oci_process p = { .scheduler = &s, .io_priority = &io };
	const struct oci_linux l = { .memory_policy = &m };
	struct error err;

	(void)state;
	m.mode = "MPOL_DEFAULT";
	io.class = classes[0];
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		s.policy = policies[i];
		assert_int_equal(check(&p, &l, &err), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		io.class = classes[i];
		assert_int_equal(check(&p, &l, &err), 0);
	}
	for (size_t i = 0; memory_policy_mode_names[i]; i++) {
		m.mode = memory_policy_mode_names[i];
		assert_int_equal(check(&p, &l, &err), 0);
	}
	io.priority = -1;
	assert_int_equal(check(&p, &l, &err), -1);
	assert_string_equal(err.message, "process.ioPriority: priority goes from 0 to 7, not -1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_cpus_are_lists),
		cmocka_unit_test(what_is_not_there_costs_nothing),
		cmocka_unit_test(every_word_of_the_specification_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
