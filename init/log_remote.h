/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines to other machines, by UDP or TCP: a process `log-remote` for each. What waits is what the memory of the logs holds; a
 * line that is overwritten before it was sent is counted, and the count is sent. A line on a TCP connection counts as sent when
 * the other side's kernel has acknowledged it: what a broken connection has not brought over is sent again.
 */
#ifndef INIT_LOG_REMOTE_H
#define INIT_LOG_REMOTE_H

#include "init/init.h"

int log_remote_open(struct machine *machine, struct error *err);

/* At the end of the machine: so many milliseconds for what is left. */
void log_remote_close(int timeout);

#endif
