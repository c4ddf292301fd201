/* SPDX-License-Identifier: Apache-2.0 */
/* The emergency shell: /bin/sh of the root, which sees the whole machine, on the console. */
#ifndef INIT_SHELL_H
#define INIT_SHELL_H

#include <stdbool.h>

struct machine;

/* False where the root has none, or it cannot be started. shell_runs() is to be asked after every event. */
bool shell_start(struct machine *machine);
bool shell_runs(void);

/* Kills it. */
void shell_stop(void);

/* The same where there is no loop: waits for its end. */
void shell_run(void);

#endif
