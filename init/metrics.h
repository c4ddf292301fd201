/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for Prometheus over TCP, where the plan names a port: a process of its own, which asks the control socket as any
 * client does. There is no other way in by network.
 */
#ifndef INIT_METRICS_H
#define INIT_METRICS_H

#include "init/init.h"

/* Starts the process where it is wanted. */
int metrics_open(struct machine *machine, struct error *err);

#endif
