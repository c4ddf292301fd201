/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor handed to another process over a connected socket of AF_UNIX. */
#ifndef BASE_DESCRIPTOR_H
#define BASE_DESCRIPTOR_H

#include <sys/types.h>

#include "base/error.h"

/* Sends it with the bytes, of which there must be one at least. How many were sent, or -1 and errno. */
ssize_t descriptor_send(int socket, int fd, const void *bytes, size_t length);

/* How many bytes came, or -1 and errno. `fd` is O_CLOEXEC; -1 where none came with them. */
ssize_t descriptor_receive(int socket, void *bytes, size_t size, int *fd);

/* Connects to the socket (SOCK_STREAM) of somebody who wants a descriptor; `what` is the socket in messages. */
int descriptor_connect(const char *path, const char *what, struct error *err);

#endif
