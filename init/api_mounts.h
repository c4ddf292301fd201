/* SPDX-License-Identifier: Apache-2.0 */
/* The API file systems of the kernel: /proc, /sys, /dev, /run, cgroup v2 and their like. */
#ifndef INIT_API_MOUNTS_H
#define INIT_API_MOUNTS_H

#include "base/error.h"

/* What the way to the root needs: /dev, /proc, /sys, /run. */
int api_mounts_early(struct error *err);

/* The rest, on the root. A file system that the kernel was built without is passed over, unless it is needed. */
int api_mounts_late(struct error *err);

#endif
