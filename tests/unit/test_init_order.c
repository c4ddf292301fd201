/* SPDX-License-Identifier: Apache-2.0 */
/* Services that wait for others: small chains first, then random ones with random events, in a world that only counts. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/order.h"

#define SERVICES_MAX 12

static struct plan_container containers[SERVICES_MAX];
static struct service services[SERVICES_MAX];
static size_t count;
static bool alive[SERVICES_MAX];
static unsigned int failing;			/* bits: spawn fails */
static char journal[512];			/* "+a" started, "-a" asked to stop */
static struct arena arena;
static int64_t clock_now;

static void note(char sign, const struct service *service)
{
	size_t n = strlen(journal);

	(void)snprintf(journal + n, sizeof(journal) - n, "%c%s", sign, service->plan->name);
}

static int spawn(struct service *service, struct error *err)
{
	if (failing & 1u << (service - services))
		return error_set(err, "no");
	alive[service - services] = true;
	service->pid = 42;
	note('+', service);
	/* What it requires is there, and all that it comes after has had its turn; a restart waits for nobody. */
	for (size_t i = 0; i < service->needs_count && service->state == SERVICE_WAITING; i++) {
		const struct service_need *need = &service->needs[i];

		assert_true(need->on->state == SERVICE_READY || need->on->state == SERVICE_DONE ||
			    (!need->required && need->on->state == SERVICE_FAILED));
	}
	return 0;
}

static void send_signal(struct service *service, int signal)
{
	if (signal != SIGKILL)
		note('-', service);
}

static void nothing(struct service *service)
{
	(void)service;
}

static int64_t now(void)
{
	return clock_now;
}

static int64_t now_us(void)
{
	return clock_now * 1000;
}

static const struct service_actions actions = {
	.spawn = spawn, .signal = send_signal, .kill_all = nothing, .started = nothing, .now = now,
	.now_us = now_us,
};

/* "b: a !c": b comes after a and requires c. Names are one letter, in order. */
static void open_services(const char *const *lines)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" };
	struct error err = { 0 };

	memset(containers, 0, sizeof(containers));
	memset(alive, 0, sizeof(alive));
	journal[0] = '\0';
	failing = 0;
	clock_now = 1000;
	for (count = 0; lines[count]; count++) {
		struct plan_container *c = &containers[count];

		*c = (struct plan_container){ .stage = PLAN_SERVICES, .name = names[count], .ready = PLAN_READY_FD,
					      .ready_timeout = 1000, .stop_timeout = 1000, .ready_fd = 3 };
		for (const char *at = lines[count] + 2; *at; at++) {
			struct plan_strings *list = *at == '!' ? &c->requires : &c->after;

			at += strspn(at, " !");
			*(const char **)arena_push(&arena, &list->items, &list->count, sizeof(*list->items)) =
				names[*at - 'a'];
		}
		service_init(&services[count], c, NULL, &actions);
	}
	if (order_open(services, count, &arena, &err) < 0)
		fail_msg("%s", err.message);
}

static struct service *of(char name)
{
	return &services[name - 'a'];
}

static void becomes_ready(char name)
{
	service_event(of(name), SERVICE_STARTED);
	service_event(of(name), SERVICE_IS_READY);
}

static void ends(char name, int status)
{
	alive[name - 'a'] = false;
	of(name)->pid = 0;
	of(name)->exit_status = status;
	service_event(of(name), SERVICE_EXITED);
}

static int setup(void **state)
{
	(void)state;
	log_open("test", -1, LOG_LEVEL_ERROR, false);
	return 0;
}

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void each_starts_when_those_before_it_are_ready(void **state)
{
	(void)state;
	open_services((const char *const[]){ "a:c", "b:", "c:b", "d:a!b", NULL });
	order_start(services, count);
	assert_string_equal(journal, "+b");
	service_event(of('b'), SERVICE_STARTED);
	order_start(services, count);
	assert_string_equal(journal, "+b");
	service_event(of('b'), SERVICE_IS_READY);
	order_start(services, count);
	assert_string_equal(journal, "+b+c");
	becomes_ready('c');
	order_start(services, count);
	becomes_ready('a');
	order_start(services, count);
	assert_string_equal(journal, "+b+c+a+d");
}

static void who_comes_after_a_failure_starts_and_who_requires_it_fails(void **state)
{
	(void)state;
	open_services((const char *const[]){ "a:", "b:a", "c:!a", "d:!c", "e:c", NULL });
	order_start(services, count);
	ends('a', 1);
	order_start(services, count);
	assert_string_equal(journal, "+a+b+e");
	assert_int_equal(of('c')->state, SERVICE_FAILED);
	assert_int_equal(of('d')->state, SERVICE_FAILED);
}

static void a_start_that_fails_at_once_leaves_nobody_waiting(void **state)
{
	(void)state;
	open_services((const char *const[]){ "a:b", "b:", NULL });
	failing = 1u << 1;
	order_start(services, count);
	assert_int_equal(of('b')->state, SERVICE_FAILED);
	assert_string_equal(journal, "+a");
}

static void a_failure_stops_those_that_require_it_from_the_end_of_the_chain(void **state)
{
	struct error err = { 0 };

	(void)state;
	open_services((const char *const[]){ "a:", "b:!a", "c:!b", "d:b", NULL });
	order_start(services, count);
	for (char name = 'a'; name <= 'd'; name++) {
		becomes_ready(name);
		order_start(services, count);
	}
	ends('a', 1);
	order_start(services, count);
	assert_string_equal(journal, "+a+b+c+d-c");
	ends('c', 0);
	order_start(services, count);
	assert_string_equal(journal, "+a+b+c+d-c-b");
	ends('b', 0);
	order_start(services, count);
	assert_int_equal(of('b')->state, SERVICE_FAILED);
	assert_int_equal(of('d')->state, SERVICE_READY);
	service_cause(of('c'), &err);
	assert_string_equal(err.message, "'c' requires 'b', which failed");
}

static void all_stop_the_other_way_round(void **state)
{
	(void)state;
	open_services((const char *const[]){ "a:", "b:a", "c:!b", "d:", "e:c", "f:e", NULL });
	for (char name = 'a'; name <= 'd'; name++) {
		order_start(services, count);
		becomes_ready(name);
	}
	order_start(services, count);
	service_event(of('e'), SERVICE_STARTED);
	/* f was not started yet. */
	order_stop(services, count);
	assert_string_equal(journal, "+a+d+b+c+e-e-d");
	assert_int_equal(of('f')->state, SERVICE_DONE);
	order_stop(services, count);
	ends('d', 0);
	order_stop(services, count);
	assert_string_equal(journal, "+a+d+b+c+e-e-d");
	ends('e', 0);
	order_stop(services, count);
	assert_string_equal(journal, "+a+d+b+c+e-e-d-c");
	ends('c', 0);
	order_stop(services, count);
	ends('b', 143);
	order_stop(services, count);
	assert_string_equal(journal, "+a+d+b+c+e-e-d-c-b-a");
	ends('a', 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(services[i].state, SERVICE_DONE);
}

static void an_unknown_name_is_an_error(void **state)
{
	struct plan_strings names = { .items = (const char *[]){ "nobody" }, .count = 1 };
	struct plan_container c = { .stage = PLAN_SERVICES, .name = "s", .requires = names };
	struct error err = { 0 };
	struct service s;

	(void)state;
	service_init(&s, &c, NULL, &actions);
	assert_int_equal(order_open(&s, 1, &arena, &err), -1);
	assert_string_equal(err.message, "container 's': field 'requires': no service is named 'nobody'");
}

static void a_boot_is_over_when_nothing_is_to_come(void **state)
{
	(void)state;
	open_services((const char *[]){ "a:", "b: !a", "c:", "d:", NULL });
	containers[2].every = 1000;
	assert_false(order_settled(services, count));
	order_start(services, count);
	becomes_ready('d');
	assert_false(order_settled(services, count));
	becomes_ready('a');
	/* In the loop this comes next, before anybody asks. */
	order_start(services, count);
	assert_false(order_settled(services, count));
	becomes_ready('b');
	assert_true(order_settled(services, count));
	/* Of a failure that is for good nothing comes any more; one that is tried again is waited for. */
	of('d')->state = SERVICE_FAILED;
	assert_true(order_settled(services, count));
	of('d')->state = SERVICE_BACKING_OFF;
	assert_false(order_settled(services, count));
}

static void all_are_ready_when_each_does_its_work(void **state)
{
	(void)state;
	/* A daemon, what is done once, and a job. */
	open_services((const char *[]){ "a:", "b:", "c:", NULL });
	containers[1].oneshot = true;
	containers[1].ready = PLAN_READY_EXEC;
	containers[2].oneshot = true;
	containers[2].every = 1000;
	order_start(services, count);
	/* The job has a time of its own. */
	assert_string_equal(journal, "+a+b");
	assert_false(order_all_ready(services, count));
	becomes_ready('a');
	service_event(of('b'), SERVICE_STARTED);
	assert_false(order_all_ready(services, count));
	ends('b', 0);
	assert_true(order_all_ready(services, count));
	service_event(of('c'), SERVICE_START);
	assert_true(order_all_ready(services, count));
	of('a')->health = HEALTH_BAD;
	assert_false(order_all_ready(services, count));
	of('a')->health = HEALTH_GOOD;
	ends('a', 1);
	assert_false(order_all_ready(services, count));
}

static uint32_t seed = 1;

static unsigned int any(unsigned int below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 12) % below;
}

/* What could really happen to one of them. */
static void something_happens(void)
{
	size_t i = any((unsigned int)count);
	struct service *s = &services[i];

	clock_now += any(400);
	switch (any(4)) {
	case 0:
		if (alive[i] && s->state != SERVICE_STOPPING)
			service_event(s, SERVICE_STARTED);
		break;
	case 1:
		if (alive[i])
			service_event(s, SERVICE_IS_READY);
		break;
	case 2:
		if (alive[i] && (any(3) == 0 || s->state == SERVICE_STOPPING))
			ends((char)('a' + i), (int)any(2));
		break;
	default:
		if (s->deadline != 0) {
			clock_now = s->deadline > clock_now ? s->deadline : clock_now;
			s->deadline = 0;
			service_event(s, SERVICE_TIMER);
		}
	}
}

static void check(bool stopping)
{
	for (size_t i = 0; i < count; i++) {
		const struct service *s = &services[i];
		bool has_child = s->state >= SERVICE_STARTING && s->state <= SERVICE_STOPPING &&
				 s->state != SERVICE_BACKING_OFF;
		bool left_behind = service_at_rest(s) && s->killed && s->pid != 0;

		assert_int_equal(has_child || left_behind, alive[i]);
		for (size_t k = 0; k < s->needs_count; k++) {
			const struct service *on = s->needs[k].on;

			/* Nothing is taken away from below who still works. */
			if (stopping && !service_at_rest(s) && on->state == SERVICE_STOPPING)
				assert_int_not_equal(on->reason, REASON_ASKED);
			/* Nobody goes on for ever without what he requires. */
			if (!stopping && s->needs[k].required && on->state == SERVICE_FAILED)
				assert_true(s->state == SERVICE_DONE || s->state == SERVICE_FAILED || s->forsaken);
		}
	}
}

static bool all_at_rest(void)
{
	for (size_t i = 0; i < count; i++)
		if (services[i].state != SERVICE_DONE && services[i].state != SERVICE_FAILED)
			return false;
	return true;
}

static void random_orders_with_random_events_keep_the_promises(void **state)
{
	unsigned int events = 0;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		char lines[SERVICES_MAX][SERVICES_MAX * 2 + 3];
		const char *pointers[SERVICES_MAX + 1] = { NULL };
		unsigned int steps;

		for (unsigned int i = 0; i < SERVICES_MAX; i++) {
			int n = sprintf(lines[i], "x:");

			for (unsigned int k = 0; k < i; k++)
				if (any(4) == 0)
					n += sprintf(lines[i] + n, "%s%c", any(2) ? "!" : "", (char)('a' + k));
			pointers[i] = lines[i];
		}
		open_services(pointers);
		for (size_t i = 0; i < count; i++) {
			containers[i].restart = (enum plan_restart)any(3);
			containers[i].restart_max = any(3);
			containers[i].oneshot = any(4) == 0;
			containers[i].ready = any(2) || containers[i].oneshot ? PLAN_READY_EXEC : PLAN_READY_FD;
		}
		steps = any(600);
		for (unsigned int i = 0; i < steps; i++, events++) {
			failing = any(8) == 0 ? any(1u << SERVICES_MAX) : 0;
			order_start(services, count);
			check(false);
			something_happens();
		}
		/* Then all come to an end. */
		for (steps = 0; order_stop(services, count), !all_at_rest(); steps++, events++) {
			assert_true(steps < 100000);
			check(true);
			something_happens();
		}
		arena_release(&arena);
	}
	assert_true(events > 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(each_starts_when_those_before_it_are_ready, release),
		cmocka_unit_test_teardown(who_comes_after_a_failure_starts_and_who_requires_it_fails, release),
		cmocka_unit_test_teardown(a_start_that_fails_at_once_leaves_nobody_waiting, release),
		cmocka_unit_test_teardown(a_failure_stops_those_that_require_it_from_the_end_of_the_chain, release),
		cmocka_unit_test_teardown(all_stop_the_other_way_round, release),
		cmocka_unit_test_teardown(an_unknown_name_is_an_error, release),
		cmocka_unit_test_teardown(all_are_ready_when_each_does_its_work, release),
		cmocka_unit_test_teardown(a_boot_is_over_when_nothing_is_to_come, release),
		cmocka_unit_test_teardown(random_orders_with_random_events_keep_the_promises, release),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
