/* SPDX-License-Identifier: Apache-2.0 */
/* The step from the runtime to the program of the container. */
#ifndef RUNTIME_LINUX_EXECUTE_H
#define RUNTIME_LINUX_EXECUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* The strings as execve(2) wants them, ended by NULL. In the arena. */
char **execute_vector(const struct oci_strings *strings, struct arena *arena);

/* The value of NAME in the environment; NULL where it is not set. */
const char *execute_environment(const struct oci_strings *env, const char *name);

/*
 * Leaves of each variable the last one given, where it stands: getenv(3) of some programs finds the first of several, a
 * shell takes the last. `items` is changed.
 */
void execute_unite_environment(struct oci_strings *env, struct arena *arena);

/* The file that `name` means, through PATH of `env` where it has no slash; in the arena. Messages as runc has them. */
int execute_find(const char *name, const struct oci_strings *env, struct arena *arena, const char **path,
		 struct error *err);

/* What execve(2) or the search said, in runc's words. Returns -1. */
int execute_error(const char *name, int number, struct error *err);

/*
 * Enters the working directory; refuses one outside the root, where only a
 * descriptor leaked by somebody could lead (CVE-2024-21626).
 */
int execute_enter_directory(const char *cwd, struct error *err);

/* Puts the session keyring of the runtime aside: a new one, named after the container. */
int execute_new_keyring(const char *id, struct error *err);

/* Standard input, output and error become the user's, so that it may open them again by name. */
int execute_own_stdio(uint32_t uid, struct error *err);

/* For who knows which signals this process ignores (bit 0 is signal 1): the others take no system call to reset. */
void execute_know_ignored(uint64_t signals);

/* False where this process is known not to ignore it. */
bool execute_may_ignore(int signal);

/* Signals as a program expects them: nothing blocked, and what a runtime may ignore back to its default. */
void execute_reset_signals(void);

/*
 * For a process that waits for long: the usual requests to end end it. Process 1 of a PID namespace gets none that it has no handler
 * for. execve(2) takes the handlers away.
 */
void execute_heed_signals(void);

/* Closes those from `first` on but for the `count` of `kept`, which it sorts; -1 among them is fine. */
int execute_close_but(unsigned int first, int *kept, size_t count, struct error *err);

/* Descriptors from `first` on are closed by execve(2). */
int execute_close_from(unsigned int first, struct error *err);

#endif
