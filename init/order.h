/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which service waits for which: `after` and `requires` of the plan. Services are
 * started when those before them are ready, and stopped when those behind them are at rest.
 */
#ifndef INIT_ORDER_H
#define INIT_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "init/service.h"

/* Finds the services that the plan names, or the network, in the place behind them; what it makes is in the arena. To be called once, after service_init(). */
int order_open(struct service *services, size_t count, struct arena *arena, struct error *err);

/*
 * Starts the services whose turn it is, but for those that have a time of their own. Those whose requirement has failed are stopped, the last of a chain first,
 * and have failed too. To be called after every event.
 */
void order_start(struct service *services, size_t count);

/* What it comes after is ready or at an end, and what it requires has not failed. */
bool order_may_start(const struct service *service);

/*
 * Every service does what it is there for: it is ready and not ill, or was to do its work once and has, or waits for its next
 * time. What a boot has to come to before it is called good.
 */
bool order_all_ready(const struct service *services, size_t count);

/* Nothing of the boot is to come any more: each is ready, done or failed for good, or waits for a time of its schedule. */
bool order_settled(const struct service *services, size_t count);

/* Stops the containers that no other needs any more. To be called after every event until all are at rest. */
void order_stop(struct service *services, size_t count);

#endif
