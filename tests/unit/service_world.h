/* SPDX-License-Identifier: Apache-2.0 */
/* A world around one service that only counts. */
#ifndef TESTS_UNIT_SERVICE_WORLD_H
#define TESTS_UNIT_SERVICE_WORLD_H

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

#define DELAY_FIRST 100u
#define DELAY_CAP 30000u
#define STEADY 10000

static struct world {
	int64_t now;
	bool spawn_fails;
	bool alive;			/* the child is there */
	unsigned int spawned, reaped, killed_all;
	int last_signal;
	bool forsaken;			/* since it last started */
} world;

static int spawn(struct service *service, struct error *err)
{
	if (world.spawn_fails)
		return error_set(err, "no");
	assert_false(world.alive);
	service->pid = 42;
	world.alive = true;
	world.forsaken = false;
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

static int64_t now_us(void)
{
	return world.now * 1000;
}

static const struct service_actions actions = {
	.spawn = spawn, .signal = send_signal, .kill_all = kill_all, .started = nothing, .now = now,
	.now_us = now_us,
};

static struct plan_container container(enum plan_restart restart, unsigned int max)
{
	return (struct plan_container){
		.stage = PLAN_SERVICES, .name = "s", .bundle = "/s", .restart = restart, .restart_max = max,
		.stop_signal = "SIGINT", .stop_timeout = 10000, .cgroup = "s",
		.ready_fd = 3, .ready_timeout = 5000, .restart_delay = DELAY_FIRST, .restart_delay_max = DELAY_CAP,
		.restart_reset = STEADY,
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

#endif
