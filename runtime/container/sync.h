/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime and the set-up of a container say to each other, over a pair
 * of sequenced-packet sockets. The end of the conversation without an error is
 * execve(2), which closes the set-up's side.
 *
 *	set-up				runtime
 *				<---	GO		ids are mapped (only with a user namespace)
 *				<---	NETWORK		with a descriptor: the network namespace, where that was made meanwhile
 *	PREPARED		--->			mounts and devices are made
 *				<---	GO		with hooks for this moment, which have run: it waits for it here
 *	ENTERED			--->			inside the root (only where it is not in its cgroup yet)
 *				<---	GO		without hooks: it is in its cgroup, and all limits hold
 *	CREATED			--->			not where `run` has nothing to do in between
 *				<---	GO		`run` only, after CREATED; `start` comes over the start socket
 *	ERROR number text	--->			at any time
 */
#ifndef RUNTIME_CONTAINER_SYNC_H
#define RUNTIME_CONTAINER_SYNC_H

#include "base/error.h"

enum sync_kind { SYNC_END, SYNC_GO, SYNC_PREPARED, SYNC_ENTERED, SYNC_CREATED, SYNC_ERROR, SYNC_NETWORK };

/* Two connected sockets: [0] for the runtime, [1] for the set-up. */
int sync_open(int sockets[2], struct error *err);

/* Where the other side has ended after an ERROR, sending fails with that. */
int sync_send(int socket, enum sync_kind kind, struct error *err);
/* The same with a number, which is 0 otherwise: GO tells a process that joins a container who it is outside. */
int sync_send_number(int socket, enum sync_kind kind, int number, struct error *err);
/* With a descriptor. */
int sync_send_descriptor(int socket, enum sync_kind kind, int fd, struct error *err);
/* Tells a failure; that it cannot be told is ignored. */
void sync_send_error(int socket, const struct error *failure);

/*
 * Waits for the message `kind`; SYNC_END is the end of the conversation. An ERROR
 * becomes the error here, and so does anything else.
 */
int sync_expect(int socket, enum sync_kind kind, struct error *err);
int sync_expect_number(int socket, enum sync_kind kind, int *number, struct error *err);
/* Returns the descriptor that comes with it. */
int sync_expect_descriptor(int socket, enum sync_kind kind, struct error *err);

#endif
