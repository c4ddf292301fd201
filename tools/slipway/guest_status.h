/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PID 1 tells the host, over the virtio serial port `org.slipway.status.0`. Lines:
 *
 *     guest to host   exit N          the status to leave with, 0 to 255
 *                     failed TEXT     why the boot failed
 *     host to guest   poweroff        asks for an orderly shutdown
 *
 * A guest is hostile: lines are bounded, and what is shown has no control characters.
 * Unknown lines are passed over, so that a newer guest runs under an older host.
 */
#ifndef SLIPWAY_GUEST_STATUS_H
#define SLIPWAY_GUEST_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#define GUEST_STATUS_PORT "org.slipway.status.0"
#define GUEST_STATUS_LINE_MAX 512	/* bytes; the rest of a longer line is dropped */
#define GUEST_STATUS_POWEROFF "poweroff\n"

/* An all-zero struct has heard nothing yet. */
struct guest_status {
	bool reported;			/* an `exit` came; the last one counts */
	int status;
	bool failed;			/* a `failed` came, and was printed */
	char failure[GUEST_STATUS_LINE_MAX + 1];	/* its text; of several the first */
	char line[GUEST_STATUS_LINE_MAX + 1];
	size_t length;
};

/* Takes bytes as they come; prints `slipway: guest: TEXT` on standard error for each `failed`. */
void guest_status_feed(struct guest_status *guest, const char *data, size_t length);

#endif
