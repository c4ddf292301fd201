/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output of containers on its way to the console: a pipe for each container, and a
 * process of its own that reads them all. A console that is slow, or stands still, holds up
 * that process and, once its pipe is full, the container; never PID 1. PID 1 keeps both
 * ends of every pipe, and the process takes out only what it has written: nothing is lost when
 * it is killed. The next one reads on, and may write the last 4 KiB of one container once more.
 */
#ifndef INIT_CONSOLE_H
#define INIT_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/init.h"

/* Makes the pipes and starts the process. */
int console_open(struct machine *machine, struct error *err);

/* Where container `index` of the plan writes; -1 where its output is not wanted. */
int console_of(const struct machine *machine, size_t index);

/* The process is started again whenever it ends, not more often than once in so many milliseconds. */
#define CONSOLE_PAUSE 100

/* At the end of the machine: gives the reader time to write what is left, at most CONSOLE_DRAIN milliseconds. */
void console_close(struct machine *machine);

#define CONSOLE_DRAIN 2000

#endif
