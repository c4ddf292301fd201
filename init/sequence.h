/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of things: onboot containers one after the other, then services side by
 * side, each when what it waits for is ready; at the end services stop the other way
 * round, onshutdown containers run one after the other, and the machine ends.
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

/* Begins the shutdown; a later call changes nothing. `status` is what the host is told. */
void sequence_shutdown(struct machine *machine, enum machine_end end, int status, const char *why);

#endif
