/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces of the runtime's network namespace that become the container's, with their permanent addresses:
 * config-linux.md, "Network Devices".
 */
#ifndef RUNTIME_LINUX_NET_DEVICES_H
#define RUNTIME_LINUX_NET_DEVICES_H

#include "base/error.h"
#include "oci/config.h"

/* The loopback device of a network namespace that was just made works, as callers of runc are used to. -1 and errno. */
int net_devices_raise_loopback(void);

/* A socket in the network namespace of this moment, or -1 without an error where the config has no such devices. */
int net_devices_open(const struct oci_linux *config, int *socket, struct error *err);

/*
 * Moves them from the namespace of `outside` into that of this process, under their new names, and sets them up.
 * Nothing is moved where a name is taken there.
 */
int net_devices_move(const struct oci_linux *config, int outside, struct error *err);

#endif
