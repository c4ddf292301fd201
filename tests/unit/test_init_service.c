/* SPDX-License-Identifier: Apache-2.0 */
/* What the service table promises, one story each. */
#include "tests/unit/service_world.h"

static void starts_runs_and_ends(void **state)
{
	struct plan_container c = container(PLAN_RESTART_NEVER, 0);
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	assert_int_equal(s.state, SERVICE_WAITING);
	service_event(&s, SERVICE_START);
	assert_int_equal(s.state, SERVICE_STARTING);
	service_event(&s, SERVICE_STARTED);
	assert_int_equal(s.state, SERVICE_READY);
	child_ends(&s, 0);
	assert_int_equal(s.state, SERVICE_DONE);
	assert_int_equal(world.killed_all, 1);
}

static void is_ready_when_it_says_so(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ALWAYS, 0);
	struct service s;

	(void)state;
	c.ready = PLAN_READY_FD;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	assert_int_equal(s.deadline, world.now + 5000);
	service_event(&s, SERVICE_STARTED);
	assert_int_equal(s.state, SERVICE_RUNNING);
	service_event(&s, SERVICE_IS_READY);
	assert_int_equal(s.state, SERVICE_READY);
	assert_int_equal(s.deadline, 0);
}

static void the_first_time_of_each_state_is_kept(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ALWAYS, 0);
	struct service s;

	(void)state;
	c.ready = PLAN_READY_FD;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	world.now = 1010;
	service_event(&s, SERVICE_STARTED);
	world.now = 1020;
	child_ends(&s, 1);
	world.now = 1200;
	service_event(&s, SERVICE_TIMER);
	world.now = 1210;
	service_event(&s, SERVICE_STARTED);
	world.now = 1220;
	service_event(&s, SERVICE_IS_READY);
	assert_int_equal(s.reached[SERVICE_STARTING], 1000000);
	assert_int_equal(s.reached[SERVICE_RUNNING], 1010000);
	assert_int_equal(s.reached[SERVICE_READY], 1220000);
	assert_int_equal(s.reached[SERVICE_BACKING_OFF], 1020000);
	assert_int_equal(s.reached[SERVICE_DONE], 0);
	/* An event that means nothing is no beginning. */
	world.now = 1300;
	service_event(&s, SERVICE_IS_READY);
	assert_int_equal(s.reached[SERVICE_READY], 1220000);
}

static void not_ready_in_time_is_a_failed_start(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ON_FAILURE, 1);
	struct error err = { 0 };
	struct service s;

	(void)state;
	c.ready = PLAN_READY_FD;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	for (int i = 0; i < 2; i++) {
		service_event(&s, SERVICE_STARTED);
		world.now = s.deadline;
		service_event(&s, SERVICE_TIMER);
		assert_int_equal(s.state, SERVICE_STOPPING);
		assert_int_equal(world.last_signal, SIGINT);
		child_ends(&s, 0);
		if (i == 0) {
			assert_int_equal(s.state, SERVICE_BACKING_OFF);
			service_event(&s, SERVICE_TIMER);
		}
	}
	assert_int_equal(s.state, SERVICE_FAILED);
	assert_int_equal(s.exit_status, SERVICE_STATUS_LATE);
	service_cause(&s, &err);
	assert_string_equal(err.message, "'s': cannot start: not ready after 5000 ms");
}

static void a_stop_while_it_is_late_is_for_good(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ALWAYS, 0);
	struct service s;

	(void)state;
	c.ready = PLAN_READY_FD;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	service_event(&s, SERVICE_TIMER);
	assert_int_equal(s.state, SERVICE_STOPPING);
	service_event(&s, SERVICE_STOP);
	child_ends(&s, 1);
	assert_int_equal(s.state, SERVICE_DONE);
}

static void a_oneshot_is_ready_by_its_end_and_not_started_again(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ALWAYS, 0);
	struct service s;

	(void)state;
	c.oneshot = true;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	service_event(&s, SERVICE_STARTED);
	assert_int_equal(s.state, SERVICE_RUNNING);
	assert_int_equal(s.deadline, 0);
	child_ends(&s, 1);
	assert_int_equal(s.state, SERVICE_BACKING_OFF);
	service_event(&s, SERVICE_TIMER);
	service_event(&s, SERVICE_STARTED);
	child_ends(&s, 0);
	assert_int_equal(s.state, SERVICE_DONE);
}

static void forsaken_it_stops_and_has_failed(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ALWAYS, 0);
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	service_event(&s, SERVICE_STARTED);
	service_event(&s, SERVICE_FORSAKE);
	assert_int_equal(s.state, SERVICE_STOPPING);
	child_ends(&s, 0);
	assert_int_equal(s.state, SERVICE_FAILED);
	assert_int_equal(s.exit_status, 1);

	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_FORSAKE);
	assert_int_equal(s.state, SERVICE_FAILED);
}

static void an_ill_one_stops_and_is_started_again(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ON_FAILURE, 1);
	struct error err = { 0 };
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	for (int i = 0; i < 2; i++) {
		service_event(&s, SERVICE_STARTED);
		service_event(&s, SERVICE_IS_ILL);
		assert_int_equal(s.state, SERVICE_STOPPING);
		assert_int_equal(world.last_signal, SIGINT);
		child_ends(&s, 0);
		if (i == 0) {
			assert_int_equal(s.state, SERVICE_BACKING_OFF);
			service_event(&s, SERVICE_TIMER);
		}
	}
	assert_int_equal(s.state, SERVICE_FAILED);
	assert_int_equal(s.exit_status, SERVICE_STATUS_ILL);
	service_cause(&s, &err);
	assert_string_equal(err.message, "'s' was unhealthy");
}

static void a_job_waits_for_its_next_time(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ON_FAILURE, 2);
	struct service s;

	(void)state;
	c.oneshot = true;
	c.every = 60000;
	service_init(&s, &c, NULL, &actions);
	for (int run = 0; run < 3; run++) {
		/* Each run has as many tries as the plan says. */
		service_event(&s, SERVICE_START);
		for (int i = 0; i < 2; i++) {
			service_event(&s, SERVICE_STARTED);
			child_ends(&s, 3);
			assert_int_equal(s.state, SERVICE_BACKING_OFF);
			service_event(&s, SERVICE_TIMER);
		}
		service_event(&s, SERVICE_STARTED);
		child_ends(&s, run == 1 ? 0 : 3);
		assert_int_equal(s.state, SERVICE_WAITING);
		assert_true(service_at_rest(&s));
	}
	assert_int_equal(world.spawned, 9);
	service_event(&s, SERVICE_STOP);
	assert_int_equal(s.state, SERVICE_DONE);

	c.critical = true;
	c.restart = PLAN_RESTART_NEVER;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	service_event(&s, SERVICE_STARTED);
	child_ends(&s, 3);
	assert_int_equal(s.state, SERVICE_FAILED);
}

static void asked_to_start_it_has_all_its_tries_again(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ON_FAILURE, 1);
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	for (int i = 0; i < 3; i++) {
		service_event(&s, SERVICE_START);
		service_event(&s, SERVICE_STARTED);
		child_ends(&s, 1);
		assert_int_equal(s.state, SERVICE_BACKING_OFF);
		assert_int_equal(s.deadline, world.now + DELAY_FIRST);
		service_event(&s, SERVICE_TIMER);
		service_event(&s, SERVICE_STARTED);
		child_ends(&s, 1);
		assert_int_equal(s.state, SERVICE_FAILED);
	}
	assert_int_equal(s.restarts, 3);
	assert_int_equal(s.starts, 6);
}

static void failure_for_good_is_failed(void **state)
{
	struct plan_container c = container(PLAN_RESTART_NEVER, 0);
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	service_event(&s, SERVICE_STARTED);
	child_ends(&s, 3);
	assert_int_equal(s.state, SERVICE_FAILED);
	assert_int_equal(s.exit_status, 3);
}

static void back_off_doubles_up_to_its_cap_and_resets_when_steady(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ALWAYS, 0);
	unsigned int expected = DELAY_FIRST;
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	for (int i = 0; i < 12; i++) {
		service_event(&s, SERVICE_STARTED);
		child_ends(&s, 0);
		assert_int_equal(s.state, SERVICE_BACKING_OFF);
		assert_int_equal(s.deadline - world.now, expected);
		world.now = s.deadline;
		s.deadline = 0;
		service_event(&s, SERVICE_TIMER);
		assert_int_equal(s.state, SERVICE_STARTING);
		expected = expected * 2 > DELAY_CAP ? DELAY_CAP : expected * 2;
	}
	assert_int_equal(expected, DELAY_CAP);
	service_event(&s, SERVICE_STARTED);
	world.now += STEADY;
	child_ends(&s, 1);
	assert_int_equal(s.deadline - world.now, DELAY_FIRST);
}

static void restart_n_gives_up_after_n(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ON_FAILURE, 2);
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	for (int i = 0; i < 2; i++) {
		service_event(&s, SERVICE_STARTED);
		child_ends(&s, 1);
		assert_int_equal(s.state, SERVICE_BACKING_OFF);
		service_event(&s, SERVICE_TIMER);
	}
	service_event(&s, SERVICE_STARTED);
	child_ends(&s, 1);
	assert_int_equal(s.state, SERVICE_FAILED);
	assert_int_equal(world.spawned, 3);
}

static void on_failure_leaves_success_alone(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ON_FAILURE, 0);
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	service_event(&s, SERVICE_STARTED);
	child_ends(&s, 0);
	assert_int_equal(s.state, SERVICE_DONE);
}

static void stop_asks_then_kills(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ALWAYS, 0);
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	service_event(&s, SERVICE_STARTED);
	service_event(&s, SERVICE_STOP);
	assert_int_equal(s.state, SERVICE_STOPPING);
	assert_int_equal(world.last_signal, SIGINT);
	assert_int_equal(s.deadline, world.now + 10000);
	service_event(&s, SERVICE_TIMER);
	assert_int_equal(world.last_signal, SIGKILL);
	assert_int_equal(world.killed_all, 1);
	child_ends(&s, 137);
	assert_int_equal(s.state, SERVICE_DONE);
	assert_int_equal(s.deadline, 0);
}

static void a_start_that_is_stopped_is_killed_at_once(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ALWAYS, 0);
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	service_event(&s, SERVICE_STOP);
	assert_int_equal(s.state, SERVICE_STOPPING);
	assert_int_equal(world.last_signal, SIGKILL);
	child_ends(&s, 137);
	assert_int_equal(s.state, SERVICE_DONE);
}

static void what_cannot_be_killed_is_left_behind(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ALWAYS, 0);
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	service_event(&s, SERVICE_STARTED);
	service_event(&s, SERVICE_STOP);
	service_event(&s, SERVICE_TIMER);
	assert_int_equal(s.state, SERVICE_STOPPING);
	assert_int_equal(s.deadline, world.now + SERVICE_KILL_WAIT);
	service_event(&s, SERVICE_TIMER);
	assert_int_equal(s.state, SERVICE_DONE);
	assert_true(service_at_rest(&s));
	/* No second one beside it, until it has gone. */
	service_event(&s, SERVICE_START);
	assert_int_equal(world.spawned, 1);
	child_ends(&s, 137);
	assert_int_equal(s.state, SERVICE_DONE);
	service_event(&s, SERVICE_START);
	assert_int_equal(world.spawned, 2);
}

/* Asked for, it is at once, without a delay, and counts as no failure. */
static void restart_stops_and_starts_again(void **state)
{
	struct plan_container c = container(PLAN_RESTART_NEVER, 0);
	struct service s;

	(void)state;
	world = (struct world){ .now = 1000 };
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	service_event(&s, SERVICE_STARTED);
	world.now = 5000;
	service_event(&s, SERVICE_RESTART);
	assert_int_equal(s.state, SERVICE_STOPPING);
	assert_int_equal(s.since, 5000);
	assert_int_equal(world.last_signal, SIGINT);
	child_ends(&s, 3);
	assert_int_equal(s.state, SERVICE_STARTING);
	assert_int_equal(world.spawned, 2);
	assert_int_equal(s.restarts, 0);
	/* Of one that has ended it is a start. */
	child_ends(&s, 3);
	assert_int_equal(s.state, SERVICE_FAILED);
	service_event(&s, SERVICE_RESTART);
	assert_int_equal(s.state, SERVICE_STARTING);
}

static void a_spawn_that_fails_backs_off_too(void **state)
{
	struct plan_container c = container(PLAN_RESTART_ALWAYS, 0);
	struct service s;

	(void)state;
	world.spawn_fails = true;
	service_init(&s, &c, NULL, &actions);
	service_event(&s, SERVICE_START);
	assert_int_equal(s.state, SERVICE_BACKING_OFF);
	assert_int_not_equal(s.deadline, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts_runs_and_ends, setup),
		cmocka_unit_test_setup(is_ready_when_it_says_so, setup),
		cmocka_unit_test_setup(the_first_time_of_each_state_is_kept, setup),
		cmocka_unit_test_setup(not_ready_in_time_is_a_failed_start, setup),
		cmocka_unit_test_setup(a_stop_while_it_is_late_is_for_good, setup),
		cmocka_unit_test_setup(a_oneshot_is_ready_by_its_end_and_not_started_again, setup),
		cmocka_unit_test_setup(forsaken_it_stops_and_has_failed, setup),
		cmocka_unit_test_setup(an_ill_one_stops_and_is_started_again, setup),
		cmocka_unit_test_setup(a_job_waits_for_its_next_time, setup),
		cmocka_unit_test_setup(asked_to_start_it_has_all_its_tries_again, setup),
		cmocka_unit_test_setup(failure_for_good_is_failed, setup),
		cmocka_unit_test_setup(back_off_doubles_up_to_its_cap_and_resets_when_steady, setup),
		cmocka_unit_test_setup(restart_n_gives_up_after_n, setup),
		cmocka_unit_test_setup(on_failure_leaves_success_alone, setup),
		cmocka_unit_test_setup(stop_asks_then_kills, setup),
		cmocka_unit_test_setup(a_start_that_is_stopped_is_killed_at_once, setup),
		cmocka_unit_test_setup(what_cannot_be_killed_is_left_behind, setup),
		cmocka_unit_test_setup(restart_stops_and_starts_again, setup),
		cmocka_unit_test_setup(a_spawn_that_fails_backs_off_too, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
