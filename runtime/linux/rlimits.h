/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LINUX_RLIMITS_H
#define RUNTIME_LINUX_RLIMITS_H

#include "base/error.h"
#include "oci/config.h"

/* The number of "RLIMIT_NOFILE", or -1. */
int rlimit_find(const char *name);

/* Refuses unknown and repeated names, and a soft limit above the hard one: config.md, "POSIX process", rlimits. */
int rlimits_check(const struct oci_process *process, struct error *err);

int rlimits_apply(const struct oci_process *process, struct error *err);

#endif
