/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the machine is looked at and steered: the Unix socket CONTROL_SOCKET, root's alone, and where the plan says so a
 * vsock port for the host. Whoever comes by the virtio-serial port is passed on to the socket by a process of its own
 * (control/relay.h). PID 1 reads one line from each, at most CONTROL_REQUEST_MAX bytes within CONTROL_PATIENCE ms; orders it
 * carries out, everything that has more than a line for an answer it leaves to a child, which takes the connection over.
 * It waits for no client: who is slow, says too much or does not take an answer is dropped.
 */
#ifndef INIT_CONTROL_H
#define INIT_CONTROL_H

#include "init/init.h"

#define CONTROL_CONNECTIONS 16		/* with a request still to come, or an order still to be done */
#define CONTROL_SESSIONS 32		/* children that have taken a connection over */
#define CONTROL_PATIENCE 20000
#define CONTROL_HEARING 5000		/* milliseconds that the machine does not end, for one that waited for the boot to ask how it was */

/* Opens the socket. Without it the machine runs just as well. */
int control_open(struct machine *machine, struct error *err);

/* Devices have changed: the port may be there. */
void control_look_for_port(struct machine *machine);

/* Tells those who wait for an order whether it is done. Called after every event. */
void control_advance(struct machine *machine);

/*
 * Somebody has waited for the end of the boot, and is not through with looking at it: the machine, whose end may have come with
 * that, is to be there for so long. Never longer than CONTROL_HEARING.
 */
bool control_is_heard(void);

/* The machine ends: what still runs for clients is killed. */
void control_close(void);

#endif
