/* SPDX-License-Identifier: Apache-2.0 */
/* The cards that are there, and which of them is the one that a link of the plan is to be. */
#ifndef INIT_NETWORK_DEVICES_H
#define INIT_NETWORK_DEVICES_H

#include <net/if.h>
#include <stdbool.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/error.h"
#include "plan/plan.h"

struct network_device {
	int index;
	char name[IFNAMSIZ];
	char driver[64];		/* "" where it has none */
	bool has_mac;
	unsigned char mac[MAC_BYTES];	/* what it was made with, where the kernel tells */
};

struct network_devices {
	struct network_device *items;	/* by their indexes, in the arena */
	size_t count;
	struct arena *arena;
};

/* Cards only: nothing that was made of other interfaces, which have their MAC from these. `fd` is of netlink_open(). */
int network_devices_list(int fd, struct arena *arena, struct network_devices *devices, struct error *err);

/*
 * The number of the device that the link asks for, 0 where it is not there. One that has the link's name wins among
 * those that fit; one that has the name of another link of the plan is not taken.
 */
int network_devices_find(const struct network_devices *devices, const struct plan *plan, const struct plan_link *link);

/* Gives the interface the name; whoever has it now steps aside. */
int network_devices_rename(int fd, int index, const char *name, struct error *err);

#endif
