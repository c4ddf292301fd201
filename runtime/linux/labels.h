/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LINUX_LABELS_H
#define RUNTIME_LINUX_LABELS_H

#include "base/error.h"
#include "oci/config.h"

/*
 * process.apparmorProfile and process.selinuxLabel, for the next execve. Where the
 * kernel does not have the module, a profile that was asked for is an error.
 */
int labels_apply(const struct oci_process *process, struct error *err);

#endif
