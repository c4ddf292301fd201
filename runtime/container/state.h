/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory of a container: ROOT/ID with state.json, config.json and, until it is started, start.sock. */
#ifndef RUNTIME_CONTAINER_STATE_H
#define RUNTIME_CONTAINER_STATE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "oci/state.h"
#include "runtime/linux/cgroup.h"

#define STATE_FILE "state.json"
#define STATE_CONFIG "config.json"
#define STATE_SOCKET "start.sock"

/* Letters, digits and "+_.-", no more: the id is the name of a directory. */
int state_check_id(const char *id, struct error *err);

/* Makes ROOT and ROOT/ID; an id that is taken is an error. Returns the descriptor of the latter. */
int state_make(const char *root, const char *id, struct error *err);

/* Writes a file of the directory so that readers see the old or the new one. */
int state_write(int directory, const char *name, const char *data, size_t length, struct error *err);

/* Reads state.json. */
int state_read(const char *root, const char *id, struct arena *arena, struct oci_state *state, struct error *err);

/* Removes the directory and what is in it. */
int state_remove(const char *root, const char *id, struct error *err);

/* The cgroup of the state as directories to work with, and back. */
void state_get_cgroup(const struct oci_state *state, struct arena *arena, struct cgroup *cgroup);
void state_set_cgroup(struct oci_state *state, struct arena *arena, const struct cgroup *cgroup);

/* The state as hooks read it, in the arena; NULL where the config has no hooks. */
const char *state_for_hooks(const struct oci_config *config, const char *id, const char *bundle, pid_t pid,
			    const char *status, struct arena *arena);

/* When the process was started, in clock ticks since boot; 0 where there is none, or only a zombie. */
uint64_t state_start_time(pid_t pid);

/* Now, as RFC 3339 with nanoseconds, in the arena. */
const char *state_now(struct arena *arena);

#endif
