/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line to the host that started this machine, where there is one: the virtio-serial
 * port "org.slipway.status.0". Lines, guest to host: `exit N` (the status that
 * `slipway run` shall end with), `failed TEXT` (the boot failed). Host to guest:
 * `poweroff`. A machine without the port works the same, untold.
 */
#ifndef INIT_HOST_H
#define INIT_HOST_H

#include <stdbool.h>

#define HOST_WAIT 2u			/* seconds */

/* Opens the port without blocking; -1 while there is none. The same for another port, by its name. */
int host_open(void);
int host_port_open(const char *name);

/*
 * The last word before the machine ends. Where the port is not open yet although the machine
 * has a virtio console, it is given HOST_WAIT seconds to come up (`uevent_fd` tells).
 */
void host_report_exit(int uevent_fd, int *fd, int status);
void host_send_failure(int fd, const char *message);

/* Reads what the host sent; true when it asks for an orderly power-off. */
bool host_wants_poweroff(int fd);

#endif
