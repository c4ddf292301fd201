/* SPDX-License-Identifier: Apache-2.0 */
/* The terminals that the kernel writes its messages to: /sys/class/tty/console/active. */
#ifndef INIT_CONSOLES_H
#define INIT_CONSOLES_H

#include "base/error.h"

/*
 * Shows one line (without its end) on each of them, where the kernel, to which it was logged as an error,
 * has not done so: `quiet` or a low loglevel keep it from that. Never waits for a terminal.
 */
void consoles_tell(const char *line);

/*
 * In a child that leads a session: the terminal ("ttyS0", or "console", the one that /dev/console stands for) becomes
 * its controlling terminal and its standard streams. One that another session has is taken from it, as getty(8) does.
 */
int consoles_take(const char *tty, struct error *err);

#endif
