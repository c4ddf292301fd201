/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service manager and a container have to say to each other, passed on as runc does it:
 * sockets the manager has opened (sd_listen_fds(3)), and that the program is ready (sd_notify(3)).
 *
 * The manager's own socket stays outside. The container gets one in ROOT/ID/notify/, mounted at /run/notify.
 */
#ifndef RUNTIME_CONTAINER_SERVICE_MANAGER_H
#define RUNTIME_CONTAINER_SERVICE_MANAGER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* How many sockets the environment hands to this very process, from descriptor 3 on. */
unsigned int service_manager_sockets(void);

/* Adds to the program's environment that it has `count` of them. */
void service_manager_hand_on(struct oci_config *config, unsigned int count, struct arena *arena);

/* $NOTIFY_SOCKET, or NULL where nobody wants to know. */
const char *service_manager_address(void);

/* Makes the directory of the container's own socket in its state directory, and adds mount and variable to the config. */
int service_manager_prepare(int state_fd, const char *state_path, struct oci_config *config, struct arena *arena,
			    struct error *err);

/* Opens that socket, before the program runs. -1 without an error where the container was made without one. */
int service_manager_open(const char *state_path, int *socket, struct error *err);

/*
 * Passes one message of the container on to the manager; with READY=1 also that `main_pid` is the process
 * to watch. `ready` tells whether it was that.
 */
int service_manager_pass(int socket, const char *address, pid_t main_pid, bool *ready, struct error *err);

/*
 * For who goes away: passes messages until the program is ready and the manager has taken note, or until the process
 * of `pidfd` has ended.
 */
int service_manager_wait(int socket, const char *address, pid_t main_pid, int pidfd, struct error *err);

#endif
