/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters of a container: config-linux.md, "Sysctl". */
#ifndef RUNTIME_LINUX_SYSCTL_H
#define RUNTIME_LINUX_SYSCTL_H

#include "base/error.h"
#include "oci/config.h"

/* Refuses what is not the container's own: parameters of no namespace, or of one shared with the host. */
int sysctl_check(const struct oci_pairs *sysctl, unsigned int own_namespaces, struct error *err);

/* Writes them through the host's /proc, which shows the namespaces of the process that opens it. */
int sysctl_apply(const struct oci_pairs *sysctl, struct error *err);

#endif
