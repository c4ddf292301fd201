/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a container: runtime-spec 1.3, runtime.md, "State"; with what runc and this runtime add to it. */
#ifndef OCI_STATE_H
#define OCI_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "oci/config.h"

#define OCI_STATE_BYTES_MAX (1u << 20)

struct oci_state {
	const char *oci_version, *id, *status;
	int32_t pid;				/* 0 where there is no process */
	const char *bundle;
	struct oci_pairs annotations;
	/* what runc says as well */
	const char *rootfs, *created, *owner;
	/* what the state file keeps besides */
	uint64_t start_time;			/* of the process, in clock ticks since boot: pids come again, this does not */
	struct oci_pairs cgroup_paths;		/* controllers -> directory */
};

int oci_state_parse(const char *json, size_t length, struct arena *arena, struct oci_state *state,
		    struct error *err);

enum oci_state_form {
	OCI_STATE_FOR_HOOKS,			/* as the specification has it, on one line */
	OCI_STATE_FOR_USERS,			/* with what runc prints, indented */
	OCI_STATE_FOR_FILE,			/* everything */
};

/* Appends the document. */
int oci_state_write(const struct oci_state *state, enum oci_state_form form, struct buffer *out, struct error *err);

/* What an agent for system calls is told: config-linux.md, "The Container Process State". */
struct oci_process_state {
	const char *oci_version;
	struct oci_strings fds;			/* names of the descriptors that go with it */
	int32_t pid;
	const char *metadata;			/* NULL where there is none */
	struct oci_state state;			/* of the container, as hooks see it */
};
int oci_process_state_write(const struct oci_process_state *state, struct buffer *out, struct error *err);

/* Appends an array of states as `list --format json` prints it. */
struct oci_states {
	struct oci_state *items;
	size_t count;
};
int oci_states_write(const struct oci_states *states, struct buffer *out, struct error *err);

#endif
