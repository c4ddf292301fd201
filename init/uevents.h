/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's device events (netlink, NETLINK_KOBJECT_UEVENT): how PID 1 waits for a device without polling. */
#ifndef INIT_UEVENTS_H
#define INIT_UEVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* A socket that becomes readable at each event, or -1. Open it before loading modules, so that none is missed. */
int uevents_open(struct error *err);

/* One event of the kernel, in the buffer that it was read into; "" where it says nothing about that. */
struct uevent {
	const char *action;		/* "add", "remove", "change", ... */
	const char *subsystem;		/* "block" */
	const char *name;		/* the device's below /dev: "vda1", "input/event0" */
	const char *modalias;
};

#define UEVENT_BYTES_MAX 8192		/* the kernel's are up to 2 KiB and the path of the device */

/* False where the bytes, which are changed, are no event of the kernel. `text` has room for a NUL behind them. */
bool uevent_parse(char *text, size_t length, struct uevent *event);

/* Calls `seen` for each event that is there; without blocking. */
void uevents_read(int fd, void (*seen)(void *context, const struct uevent *event), void *context);

/* Throws away the events that are there; without blocking. */
void uevents_drain(int fd);

/* Whether events were thrown away, here or by the kernel, since this was asked last: who counts on them looks for himself. */
bool uevents_missed(void);

/* Waits until `path` exists, at most `seconds`; looks again at each event. */
int uevents_wait_for(int fd, const char *path, unsigned int seconds, struct error *err);

#endif
