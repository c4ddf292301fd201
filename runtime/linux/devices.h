/* SPDX-License-Identifier: Apache-2.0 */
/* Devices in a container's /dev: config-linux.md, "Devices" and "Default Devices"; runtime-linux.md, "Dev symbolic links". */
#ifndef RUNTIME_LINUX_DEVICES_H
#define RUNTIME_LINUX_DEVICES_H

#include <stdbool.h>

#include "base/error.h"
#include "oci/config.h"

/* False where the host's /dev is bound as it is: nothing is made in there. */
bool devices_wanted(const struct oci_config *config);

/* Makes the default devices, those of the config, and the links, inside `root`. The umask must be 0. */
int devices_make(int root, const struct oci_config *config, struct error *err);

#endif
