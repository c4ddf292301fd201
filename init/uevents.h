/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's device events (netlink, NETLINK_KOBJECT_UEVENT): how PID 1 waits for a device without polling. */
#ifndef INIT_UEVENTS_H
#define INIT_UEVENTS_H

#include "base/error.h"

/* A socket that becomes readable at each event, or -1. Open it before loading modules, so that none is missed. */
int uevents_open(struct error *err);

/* Throws away the events that are there; without blocking. */
void uevents_drain(int fd);

/* Waits until `path` exists, at most `seconds`; looks again at each event. */
int uevents_wait_for(int fd, const char *path, unsigned int seconds, struct error *err);

#endif
