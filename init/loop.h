/* SPDX-License-Identifier: Apache-2.0 */
/* The one event loop: signals, the timer, device events, the host, and starting containers. Nothing else wakes PID 1. */
#ifndef INIT_LOOP_H
#define INIT_LOOP_H

#include "init/init.h"

/* Opens what the loop waits for. Signals are blocked from here on. */
int loop_open(struct machine *machine, struct error *err);

/* Runs until the machine ends. */
void loop_run(struct machine *machine) __attribute__((noreturn));

#endif
