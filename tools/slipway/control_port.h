/* SPDX-License-Identifier: Apache-2.0 */
/* The host's end of a machine's control port: a process that takes clients of `slipway ctl` and passes them on to it. */
#ifndef SLIPWAY_CONTROL_PORT_H
#define SLIPWAY_CONTROL_PORT_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

struct control_port {
	int guest;			/* QEMU's end; -1 without one */
	const char *path;		/* of the socket for clients; in the arena */
	pid_t relay;			/* 0: none */
};

/* Starts the process, which ends with this one at the latest. */
int control_port_open(struct control_port *port, const char *name, struct arena *arena, struct error *err);

/* The machine has ended. `guest` is not closed here: it was QEMU's. Once more does nothing. */
void control_port_close(struct control_port *port);

#endif
