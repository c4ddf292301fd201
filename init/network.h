/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of the plan: its links set up in a child, and listened to in the loop. To the services it is
 * one of them, `network`, that is ready when every link that is not optional has its carrier and its addresses. When
 * that takes longer than the plan's network_wait it has failed: those after it start all the same, those that require it do not.
 * A card that comes later is set up then.
 */
#ifndef INIT_NETWORK_H
#define INIT_NETWORK_H

#include "base/arena.h"
#include "base/error.h"
#include "init/init.h"

/* While the plan is read, before order_open(): what services wait for, in the place behind theirs. */
void network_init(struct machine *machine, struct arena *arena);

/* The stage of the boot: static links are as the plan has them when it is through. Nothing is waited for. */
int network_open(struct machine *machine, struct error *err);

#endif
