/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the kernel's links what the plan says: found and named, made, joined, brought up, given addresses and routes.
 * Nothing of it waits for a cable or a card. What cannot be done is logged, and the rest is done all the same.
 */
#ifndef INIT_NETWORK_APPLY_H
#define INIT_NETWORK_APPLY_H

#include <stdbool.h>

#include "base/error.h"
#include "plan/plan.h"

struct network_apply {
	const struct plan *plan;
	int *settled;			/* shared with PID 1: the index of each link that was dealt with; such are left alone */
	bool first;			/* settings of the whole machine, too: forwarding, name servers */
};

/* A worker's job: `context` is a struct network_apply. It allocates. */
int network_apply(void *context, struct error *err);

#endif
