/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service table against a model: every state with every event, then a million
 * random events, with a world that only counts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/service.h"

static struct world {
	int64_t now;
	bool spawn_fails;
	bool alive;			/* the child is there */
	unsigned int spawned, reaped, killed_all;
	int last_signal;
} world;

static int spawn(struct service *service, struct error *err)
{
	if (world.spawn_fails)
		return error_set(err, "no");
	assert_false(world.alive);
	service->pid = 42;
	world.alive = true;
	world.spawned++;
	return 0;
}

static void send_signal(struct service *service, int signal)
{
	(void)service;
	world.last_signal = signal;
}

static void kill_all(struct service *service)
{
	(void)service;
	world.killed_all++;
}

static void nothing(struct service *service)
{
	(void)service;
}

static int64_t now(void)
{
	return world.now;
}

static const struct service_actions actions = {
	.spawn = spawn, .signal = send_signal, .kill_all = kill_all, .started = nothing, .now = now,
};

static struct plan_container container(enum plan_restart restart, unsigned int max)
{
	return (struct plan_container){
		.stage = PLAN_SERVICES, .name = "s", .bundle = "/s", .restart = restart, .restart_max = max,
		.stop_signal = "SIGINT", .stop_timeout = 10000, .cgroup = "s", .log = "null",
		.ready_fd = 3, .ready_timeout = 5000,
	};
}

/* The child ended, as PID 1 tells it. */
static void child_ends(struct service *s, int status)
{
	world.alive = false;
	world.reaped++;
	s->pid = 0;
	s->exit_status = status;
	service_event(s, SERVICE_EXITED);
}

static int setup(void **state)
{
	(void)state;
	world = (struct world){ .now = 1000 };
	log_open("test", -1, LOG_LEVEL_ERROR, false);
	return 0;
}

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
	unsigned int expected = SERVICE_DELAY_FIRST;
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
		expected = expected * 2 > SERVICE_DELAY_CAP ? SERVICE_DELAY_CAP : expected * 2;
	}
	assert_int_equal(expected, SERVICE_DELAY_CAP);
	service_event(&s, SERVICE_STARTED);
	world.now += SERVICE_STEADY;
	child_ends(&s, 1);
	assert_int_equal(s.deadline - world.now, SERVICE_DELAY_FIRST);
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

/* What must hold in any state, however it was reached. */
static void check_invariants(const struct service *s)
{
	bool has_child = s->state == SERVICE_STARTING || s->state == SERVICE_RUNNING ||
			 s->state == SERVICE_READY || s->state == SERVICE_STOPPING;
	bool gets_ready = s->plan->ready == PLAN_READY_FD &&
			  (s->state == SERVICE_STARTING || s->state == SERVICE_RUNNING);

	/* One that the kernel holds on to after SIGKILL. */
	if ((s->state == SERVICE_DONE || s->state == SERVICE_FAILED) && s->killed && s->pid != 0)
		has_child = true;
	assert_in_range(s->state, 0, SERVICE_STATES - 1);
	assert_int_equal(has_child, world.alive);
	assert_int_equal(world.spawned - world.reaped, world.alive);
	/* Timers only where something waits for them. */
	if (s->deadline != 0)
		assert_true(s->state == SERVICE_BACKING_OFF || s->state == SERVICE_STOPPING || gets_ready);
	if (s->state == SERVICE_BACKING_OFF || gets_ready)
		assert_int_not_equal(s->deadline, 0);
	/* Nobody's turn comes before it is ready, and a oneshot is so by its end alone. */
	if (s->state == SERVICE_READY)
		assert_false(s->plan->oneshot);
	if (s->state == SERVICE_RUNNING)
		assert_true(s->plan->oneshot || s->plan->ready == PLAN_READY_FD);
	if (s->plan->oneshot && s->state == SERVICE_BACKING_OFF)
		assert_int_not_equal(s->exit_status, 0);
	assert_true(s->delay >= SERVICE_DELAY_FIRST && s->delay <= SERVICE_DELAY_CAP);
}

/* Sends what could really come: a child only ends while it is there, a timer only comes when it is set. */
static void send(struct service *s, enum service_event event, int status)
{
	if (event == SERVICE_EXITED) {
		if (world.alive)
			child_ends(s, status);
	} else if (event == SERVICE_TIMER) {
		if (s->deadline != 0) {
			world.now = s->deadline > world.now ? s->deadline : world.now;
			s->deadline = 0;
			service_event(s, SERVICE_TIMER);
		}
	} else if (event == SERVICE_IS_READY) {
		if (world.alive && s->plan->ready == PLAN_READY_FD)
			service_event(s, event);
	} else if (event != SERVICE_STARTED || world.alive) {
		service_event(s, event);
	}
}

/* Puts a fresh service into a state by events alone. */
static void bring_to(struct service *s, const struct plan_container *c, enum service_state wanted)
{
	static const enum service_event ways[SERVICE_STATES][5] = {
		[SERVICE_WAITING]     = { SERVICE_EVENTS },
		[SERVICE_STARTING]    = { SERVICE_START, SERVICE_EVENTS },
		[SERVICE_RUNNING]     = { SERVICE_START, SERVICE_STARTED, SERVICE_EVENTS },
		[SERVICE_READY]       = { SERVICE_START, SERVICE_STARTED, SERVICE_IS_READY, SERVICE_EVENTS },
		[SERVICE_BACKING_OFF] = { SERVICE_START, SERVICE_STARTED, SERVICE_EXITED, SERVICE_EVENTS },
		[SERVICE_STOPPING]    = { SERVICE_START, SERVICE_STARTED, SERVICE_STOP, SERVICE_EVENTS },
		[SERVICE_DONE]        = { SERVICE_START, SERVICE_STARTED, SERVICE_EXITED, SERVICE_EVENTS },
		[SERVICE_FAILED]      = { SERVICE_START, SERVICE_STARTED, SERVICE_EXITED, SERVICE_EVENTS },
	};

	world = (struct world){ .now = 1000 };
	service_init(s, c, NULL, &actions);
	for (size_t i = 0; i < ARRAY_SIZE(ways[wanted]) && ways[wanted][i] != SERVICE_EVENTS; i++)
		send(s, ways[wanted][i], wanted == SERVICE_DONE ? 0 : 1);
	assert_int_equal(s->state, wanted);
}

/* The three kinds of service that tell differently that they are ready. */
static struct plan_container container_of_kind(enum plan_restart restart, int kind)
{
	struct plan_container c = container(restart, 0);

	c.ready = kind == 1 ? PLAN_READY_FD : PLAN_READY_EXEC;
	c.oneshot = kind == 2;
	return c;
}

#define KINDS 3

/* States that a service of this policy and kind never comes to by itself. */
static bool comes_to(const struct plan_container *c, enum service_state state)
{
	switch (state) {
	case SERVICE_RUNNING:
		return c->oneshot || c->ready == PLAN_READY_FD;
	case SERVICE_READY:
		return !c->oneshot;
	case SERVICE_BACKING_OFF:
		return c->restart != PLAN_RESTART_NEVER;
	case SERVICE_FAILED:
		return c->restart == PLAN_RESTART_NEVER;
	case SERVICE_DONE:
		return c->restart != PLAN_RESTART_ALWAYS || c->oneshot;
	default:
		return true;
	}
}

static void every_state_and_event_keeps_the_promises(void **state)
{
	static const enum plan_restart policies[] = {
		PLAN_RESTART_NEVER, PLAN_RESTART_ON_FAILURE, PLAN_RESTART_ALWAYS,
	};
	unsigned int cells = 0;

	(void)state;
	for (size_t p = 0; p < ARRAY_SIZE(policies) * KINDS; p++)
		for (int st = 0; st < SERVICE_STATES; st++)
			for (int ev = 0; ev < SERVICE_EVENTS; ev++)
				for (int status = 0; status < 2; status++) {
					struct plan_container c = container_of_kind(policies[p / KINDS],
											   (int)(p % KINDS));
					struct service s;

					if (!comes_to(&c, (enum service_state)st))
						continue;
					bring_to(&s, &c, (enum service_state)st);
					check_invariants(&s);
					send(&s, (enum service_event)ev, status);
					check_invariants(&s);
					cells++;
				}
	assert_true(cells > 700);
}

/* Why it stops decides what it comes to, whatever else comes before its end. */
static void every_two_events_while_stopping_keep_the_promises(void **state)
{
	static const enum service_event first[] = { SERVICE_STOP, SERVICE_FORSAKE, SERVICE_TIMER };

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(first); f++)
		for (int ev = 0; ev < SERVICE_EVENTS; ev++) {
			struct plan_container c = container_of_kind(PLAN_RESTART_ALWAYS, 1);
			bool asked = first[f] == SERVICE_STOP || ev == SERVICE_STOP;
			bool again = (ev == SERVICE_START || ev == SERVICE_RESTART) && first[f] != SERVICE_FORSAKE;
			struct service s;

			bring_to(&s, &c, SERVICE_RUNNING);
			send(&s, first[f], 0);
			assert_int_equal(s.state, SERVICE_STOPPING);
			send(&s, (enum service_event)ev, 0);
			check_invariants(&s);
			if (world.alive)
				child_ends(&s, 0);
			check_invariants(&s);
			if (again)
				assert_int_equal(s.state, SERVICE_STARTING);
			else if (asked)
				assert_int_equal(s.state, SERVICE_DONE);
			else if (first[f] == SERVICE_FORSAKE || ev == SERVICE_FORSAKE)
				assert_int_equal(s.state, SERVICE_FAILED);
			else
				assert_int_equal(s.state, SERVICE_BACKING_OFF);
		}
}

static void a_million_random_events_keep_the_promises(void **state)
{
	uint32_t seed = 12345;
	struct service s;

	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct plan_container c = container_of_kind(PLAN_RESTART_ON_FAILURE, kind);
		unsigned int visits[SERVICE_STATES] = { 0 };

		world = (struct world){ .now = 1000 };
		service_init(&s, &c, NULL, &actions);
		for (int i = 0; i < 1000000; i++) {
			seed = seed * 1664525u + 1013904223u;
			world.now += (seed >> 8) % 50;
			world.spawn_fails = (seed >> 28) == 0;
			send(&s, (enum service_event)((seed >> 16) % SERVICE_EVENTS), (seed >> 24) & 1);
			check_invariants(&s);
			visits[s.state]++;
		}
		assert_true(world.spawned > 10000);
		for (int st = SERVICE_STARTING; st < SERVICE_STATES; st++)
			assert_true(visits[st] > 1000 || (st != SERVICE_FAILED && !comes_to(&c, (enum service_state)st)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts_runs_and_ends, setup),
		cmocka_unit_test_setup(is_ready_when_it_says_so, setup),
		cmocka_unit_test_setup(not_ready_in_time_is_a_failed_start, setup),
		cmocka_unit_test_setup(a_stop_while_it_is_late_is_for_good, setup),
		cmocka_unit_test_setup(a_oneshot_is_ready_by_its_end_and_not_started_again, setup),
		cmocka_unit_test_setup(forsaken_it_stops_and_has_failed, setup),
		cmocka_unit_test_setup(failure_for_good_is_failed, setup),
		cmocka_unit_test_setup(back_off_doubles_up_to_its_cap_and_resets_when_steady, setup),
		cmocka_unit_test_setup(restart_n_gives_up_after_n, setup),
		cmocka_unit_test_setup(on_failure_leaves_success_alone, setup),
		cmocka_unit_test_setup(stop_asks_then_kills, setup),
		cmocka_unit_test_setup(a_start_that_is_stopped_is_killed_at_once, setup),
		cmocka_unit_test_setup(what_cannot_be_killed_is_left_behind, setup),
		cmocka_unit_test_setup(restart_stops_and_starts_again, setup),
		cmocka_unit_test_setup(a_spawn_that_fails_backs_off_too, setup),
		cmocka_unit_test_setup(every_state_and_event_keeps_the_promises, setup),
		cmocka_unit_test_setup(every_two_events_while_stopping_keep_the_promises, setup),
		cmocka_unit_test_setup(a_million_random_events_keep_the_promises, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
