/* SPDX-License-Identifier: Apache-2.0 */
/* The service table against a model: every state with every event, then a million random events of each kind of service. */
#include "tests/unit/service_world.h"

/* What must hold in any state, however it was reached. */
static void check_invariants(const struct service *s)
{
	bool has_child = s->state == SERVICE_STARTING || s->state == SERVICE_RUNNING ||
			 s->state == SERVICE_READY || s->state == SERVICE_STOPPING;
	bool gets_ready = s->plan->ready != PLAN_READY_EXEC &&
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
		assert_true(s->plan->oneshot || s->plan->ready != PLAN_READY_EXEC);
	if (s->plan->oneshot && s->state == SERVICE_BACKING_OFF)
		assert_int_not_equal(s->exit_status, 0);
	assert_true(s->delay >= DELAY_FIRST && s->delay <= DELAY_CAP);
	assert_true(s->plan->restart_max == 0 || s->tries <= s->plan->restart_max);
	/* A job is never at its end by itself, but for one that the machine is nothing without. */
	if (plan_is_scheduled(s->plan) && s->state == SERVICE_FAILED)
		assert_true(world.forsaken || s->plan->critical);
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
		if (world.alive && s->plan->ready != PLAN_READY_EXEC)
			service_event(s, event);
	} else if (event == SERVICE_IS_ILL) {
		/* Whoever finds out about one that has gone in between has not heard of it yet. */
		service_event(s, event);
	} else if (event == SERVICE_FORSAKE) {
		world.forsaken = true;
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

/* Kinds of service that tell differently that they are ready, and one that has times. */
#define KINDS 6

static struct plan_container container_of_kind(enum plan_restart restart, int kind)
{
	struct plan_container c = container(restart, 0);

	static const enum plan_ready ways[KINDS] = {
		PLAN_READY_EXEC, PLAN_READY_FD, PLAN_READY_EXEC, PLAN_READY_NOTIFY, PLAN_READY_PROBE, PLAN_READY_EXEC,
	};

	c.ready = ways[kind];
	c.oneshot = kind == 2 || kind == 5;
	c.every = kind == 5 ? 1000 : 0;
	return c;
}

/* States that a service of this policy and kind never comes to by itself. */
static bool comes_to(const struct plan_container *c, enum service_state state)
{
	switch (state) {
	case SERVICE_RUNNING:
		return c->oneshot || c->ready != PLAN_READY_EXEC;
	case SERVICE_READY:
		return !c->oneshot;
	case SERVICE_BACKING_OFF:
		return c->restart != PLAN_RESTART_NEVER;
	case SERVICE_FAILED:
		return c->restart == PLAN_RESTART_NEVER && !c->every;
	case SERVICE_DONE:
		return !c->every && (c->restart != PLAN_RESTART_ALWAYS || c->oneshot);
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
	assert_true(cells > 1500);
}

/* Why it stops decides what it comes to, whatever else comes before its end. */
static void every_two_events_while_stopping_keep_the_promises(void **state)
{
	static const enum service_event first[] = { SERVICE_STOP, SERVICE_FORSAKE, SERVICE_TIMER, SERVICE_IS_ILL };

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(first); f++)
		for (int ev = 0; ev < SERVICE_EVENTS; ev++) {
			struct plan_container c = container_of_kind(PLAN_RESTART_ALWAYS, 1);
			bool asked = first[f] == SERVICE_STOP || ev == SERVICE_STOP;
			bool again = (ev == SERVICE_START || ev == SERVICE_RESTART) && first[f] != SERVICE_FORSAKE;
			struct service s;

			bring_to(&s, &c, first[f] == SERVICE_IS_ILL ? SERVICE_READY : SERVICE_RUNNING);
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
		cmocka_unit_test_setup(every_state_and_event_keeps_the_promises, setup),
		cmocka_unit_test_setup(every_two_events_while_stopping_keep_the_promises, setup),
		cmocka_unit_test_setup(a_million_random_events_keep_the_promises, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
