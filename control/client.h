/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of the control protocol. A request is one line, a record whose kind is the verb:
 *
 *     logs name=web name=db lines=100 follow=1
 *
 * The answer begins with the line `ok`, or is the line `error text=...`. Behind `ok` come records up to the line `end`;
 * after `exec`, frames (control/frame.h). A machine is hostile as any input: what it sends is bounded and checked.
 */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include "base/error.h"
#include "control/record.h"

#define CONTROL_REQUEST_MAX 2048	/* bytes of a request, with its end */
#define CONTROL_SOCKET "/run/slipway/control"
#define CONTROL_PORT_NAME "org.slipway.control.0"
#define CONTROL_VSOCK_PORT 1023u	/* only root of the host can connect from below 1024, and only the host is let in */

struct client {
	int fd;
	unsigned int timeout;		/* seconds for the first answer; 0 is for ever */
	size_t start, length;		/* of what was received and not yet taken */
	char data[RECORD_LINE_MAX];
};

/* Sends the request, which ends with '\n', and reads the answer's first line: -1 with the machine's error. */
int client_ask(struct client *client, const struct buffer *request, struct error *err);

/* The next record, borrowed until the next call. 1 at `end`, -1 with the error, also where the connection ends before that. */
int client_next(struct client *client, struct record *record, struct error *err);

/* Connects to a Unix socket, or to the machine with this number over vsock. -1 with the error. */
int client_connect_unix(const char *path, struct error *err);
int client_connect_vsock(unsigned int cid, struct error *err);

#endif
