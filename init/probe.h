/* SPDX-License-Identifier: Apache-2.0 */
/* How a service is asked how it is. For a worker's process: it joins namespaces, blocks and allocates. */
#ifndef INIT_PROBE_H
#define INIT_PROBE_H

#include <stddef.h>

#include "base/error.h"
#include "init/service.h"

/*
 * 0 where the service is well: the command gave 0 inside its container, the port of its network took a connection, the
 * web server answered with the right status. The time limit of TCP and HTTP is the worker's.
 */
int probe_run(const struct service *service, const struct plan_probe *probe, struct error *err);

/* The number in the first line of an answer, "HTTP/1.1 200 OK"; -1 where that is not how it begins. */
int probe_http_status(const char *text, size_t length);

#endif
