/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel modules, in the order of the plan, which stands for their dependencies. */
#ifndef INIT_MODULES_H
#define INIT_MODULES_H

#include <stdbool.h>

#include "base/error.h"
#include "plan/plan.h"

/*
 * Loads what is not loaded yet. `*next` says where to begin and where it ended.
 * Before the root is there (`on_root` false) it stops at the first module that
 * the initrd does not hold; on the root a missing one is an error, unless it is optional.
 */
int modules_load(const struct plan *plan, size_t *next, bool on_root, struct error *err);

/* One module; one that is there already, or built in, is fine. `parameters` may be NULL. */
int module_load(const char *path, const char *parameters, struct error *err);

#endif
