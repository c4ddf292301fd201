/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel modules, in the order of the plan, which stands for their dependencies. */
#ifndef INIT_MODULES_H
#define INIT_MODULES_H

#include <stdbool.h>

#include "base/error.h"
#include "plan/plan.h"

/*
 * Loads what is not loaded yet, in a worker: the kernel waits in finit_module(2) for all devices that are being set up, whoever's
 * they are, and one of them may never answer. The rest is loaded without waiting then. Before the root is there (`on_root`
 * false) it stops at the first module that the initrd does not hold; on the root a missing one is an error, unless it is optional.
 */
int modules_load(const struct plan *plan, bool on_root, struct error *err);

/*
 * One module; one that is there already, or built in, is fine. `parameters` may be NULL. Without `waits` its devices may not be set
 * up yet when it is there, and the order of their names is not certain.
 */
int module_load(const char *path, const char *parameters, bool waits, struct error *err);

#endif
