/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PID 1 knows of the links of the plan: read from the kernel's messages, one by one, without asking. Nothing
 * here does I/O or allocates but network_table_open().
 */
#ifndef INIT_NETWORK_TABLE_H
#define INIT_NETWORK_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/netlink.h"
#include "plan/plan.h"

#define NETWORK_ADDRESSES_MAX 16	/* of one link that are remembered; more change nothing about its being ready */

struct network_address {
	unsigned char family;
	unsigned char bytes[16];
	bool usable;			/* for all, and known to be nobody else's */
};

/* How many usable addresses there are, or are to be. */
struct network_count {
	size_t v4, v6, all;
};

struct network_link {
	const struct plan_link *plan;
	int index;			/* 0: it is not there */
	unsigned int flags;		/* IFF_UP, IFF_RUNNING */
	const int *settled;		/* the index of the one to which was done what the plan says; 0: none yet */
	bool told;			/* that it is ready */
	struct network_count needed;
	struct network_address addresses[NETWORK_ADDRESSES_MAX];
	size_t addresses_count;
};

struct network_table {
	struct network_link *links;	/* one for each of plan.links, same order */
	size_t count;
};

enum network_change {
	NETWORK_CHANGED = 1,		/* a link is, or has, something else than before */
	NETWORK_NEWCOMER = 2,		/* an interface is there that was not: it may be one of ours under another name */
};

/* `settled` has a number for each link, 0 at first; it stays where it is. */
void network_table_open(struct network_table *table, const struct plan *plan, const int *settled, struct arena *arena);

/* One message of the kernel, of any kind. Bits of enum network_change. */
unsigned int network_table_read(struct network_table *table, const struct nlmsghdr *message);

/* Forgets what was read: messages were lost, and all is asked for again. */
void network_table_forget(struct network_table *table);

/* NULL where the link is ready; else why not, for a message: "has no carrier". */
const char *network_link_lacks(const struct network_link *link);

/* It is there, and what the plan says was done to it. */
bool network_link_settled(const struct network_link *link);

/* The first link that is waited for and not ready; NULL where all are. `lacks` says why. */
const struct network_link *network_table_lacks(const struct network_table *table, const char **lacks);

#endif
