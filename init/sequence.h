/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of things: onboot containers one after the other, then services side by
 * side, each when what it waits for is ready; at the end services stop the other way
 * round, onshutdown containers run one after the other, and the machine ends. After a failed boot
 * the emergency may stand between the two.
 */
#ifndef INIT_SEQUENCE_H
#define INIT_SEQUENCE_H

#include "init/init.h"

/* Begins with the first onboot container. */
void sequence_start(struct machine *machine);

/* Looks at what has come to rest and does what follows from it. Called after every event. */
void sequence_advance(struct machine *machine);

/* True while services are started and stopped one by one, and nothing else goes on. */
bool sequence_runs_services(void);

/* The boot has come to its end, whatever that is: all services are settled (order.h), or the machine ends. */
bool sequence_booted(const struct machine *machine);

/*
 * The boot failed, and somebody is to look at it: services are stopped, then the emergency containers run, or
 * without any the shell of the root, and at their end the machine ends. Also before sequence_start(), in place of onboot.
 */
void sequence_emergency(struct machine *machine);

/* Begins the shutdown; a later call changes nothing, but for the first one in an emergency. `status` is what the host is told. */
void sequence_shutdown(struct machine *machine, enum machine_end end, int status, const char *why);

#endif
