/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network of machines: a switch, which is a process, with a pair of packet sockets for each machine. They have no names, so
 * that nobody else can reach it, and several networks never hear each other.
 */
#ifndef SLIPWAY_LAN_H
#define SLIPWAY_LAN_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

#define LAN_PORTS_MAX 64

struct lan {
	int ports[LAN_PORTS_MAX];	/* QEMU's ends, one a machine; -1: closed */
	size_t count;
	pid_t process;			/* 0: there is none */
};

/* Starts the process, which ends with this one at the latest. */
int lan_open(struct lan *lan, size_t count, struct error *err);

/* In the process of one machine: the ports of the others are closed. Gives the port. */
int lan_take(struct lan *lan, size_t index);

/* Safe on an all-zero struct, and more than once. */
void lan_close(struct lan *lan);

/* What the process does, until all ports are closed: frames go where they are addressed to. Exported for tests. */
void lan_switch(const int *ports, size_t count);

#endif
