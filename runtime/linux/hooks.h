/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: config.md, "POSIX-platform Hooks". */
#ifndef RUNTIME_LINUX_HOOKS_H
#define RUNTIME_LINUX_HOOKS_H

#include "base/error.h"
#include "oci/config.h"

/*
 * Runs the hooks in order, each with `state` (JSON) on standard input, and waits for each
 * within its timeout. The first that fails ends the list. `name` is for the message. A hook that
 * does not say what its environment is has the caller's.
 */
int hooks_run(const struct oci_hook_list *hooks, const char *name, const char *state, struct error *err);

/* The same, with another environment for those that say nothing. */
int hooks_run_in(const struct oci_hook_list *hooks, const char *name, const char *state, char *const *environment,
		 struct error *err);

/* The same for hooks whose failure is a warning in the log and no more: all of them run. */
void hooks_run_all(const struct oci_hook_list *hooks, const char *name, const char *state);

#endif
