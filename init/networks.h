/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network namespaces that are made before their container: pinned to a file, by which the
 * container and others join, and given the interfaces that the plan names.
 */
#ifndef INIT_NETWORKS_H
#define INIT_NETWORKS_H

#include <stdbool.h>

#include "base/error.h"
#include "plan/plan.h"

/*
 * In the child, in the machine's namespaces. A namespace that is pinned already is taken as it is, and where
 * the container was started before (`again`), so is an interface that is there.
 */
int networks_prepare(const struct plan *plan, const struct plan_container *container, bool again,
		     struct error *err);

#endif
