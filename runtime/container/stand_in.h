/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that PID 1 makes is the container's first one, but for two cases: a PID namespace is joined
 * by children only, and one that belongs to a user namespace is made from inside of that. Then the process makes
 * one more, and stands in for it: signals go on to it, and it ends as that one does.
 */
#ifndef RUNTIME_CONTAINER_STAND_IN_H
#define RUNTIME_CONTAINER_STAND_IN_H

#include <stdbool.h>

#include "base/error.h"
#include "oci/config.h"
#include "runtime/linux/namespaces.h"

bool stand_in_is_needed(const struct namespaces *namespaces);

/*
 * Returns 0 in the new process, which is in all its namespaces but those of the cgroup and of time. Does not return in
 * the one that stands in for it, which closes all its descriptors; -1 with the error where no process was made.
 */
int stand_in(const struct namespaces *namespaces, const struct oci_linux *config, struct error *err);

#endif
