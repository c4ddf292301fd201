/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many streams over one line, such as a virtio-serial port: the same code at both ends. The host takes clients and
 * opens a channel for each, the guest connects each channel to the machine's control socket; then bytes go both ways.
 * What one channel has not taken yet is bounded (FRAME_WINDOW gives leave for more), so that a client that does not read
 * holds up nobody else.
 *
 * The guest begins, and begins anew after it was killed: FRAME_BYTES_MAX bytes 0, which end whatever was begun before,
 * then FRAME_HELLO. The host closes all channels and answers with the same FRAME_HELLO. The guest passes over everything
 * before that answer. Whoever breaks the rules is not talked to: the host waits for the next FRAME_HELLO, the guest ends.
 */
#ifndef CONTROL_RELAY_H
#define CONTROL_RELAY_H

#include "base/error.h"

#define RELAY_CHANNELS 16
#define RELAY_WINDOW 16384u		/* bytes on their way in one channel and direction */

/* The host's side, from one end of the line and a listening socket. Returns at the end of the line. */
int relay_host(int line, int listening, struct error *err);

/* The guest's side. `dial` gives a stream to the machine's control, or -1. Returns with the error only. */
int relay_guest(int line, int (*dial)(void), struct error *err);

#endif
