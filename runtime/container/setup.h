/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the first process of a container does to itself, from a fresh child to
 * execve. Three stretches, between which the parent has its turn: hooks in the
 * runtime's namespaces and the cgroup after the first, the wait for `start` after the second.
 */
#ifndef RUNTIME_CONTAINER_SETUP_H
#define RUNTIME_CONTAINER_SETUP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "runtime/linux/cgroup.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/seccomp.h"
#include "runtime/linux/terminal.h"

/* The program of a process, seen from inside: its file, its environment with HOME. */
struct program {
	const char *executable;
	char **argv, **envp;
	bool inside;				/* the working directory has been entered */
	const struct oci_hook_list *hooks;	/* of startContainer; NULL for a process that joins */
	const char *hook_state;
};

struct setup {
	/* given by the caller */
	const struct oci_config *config;
	const char *id, *bundle;		/* the bundle as an absolute path */
	struct namespaces namespaces;
	struct seccomp_program seccomp;
	const struct cgroup *cgroup;		/* NULL: not known */
	int *mapped;				/* of each mount, its source where that is id-mapped; NULL: see idmap.h */
	const char *hook_state;			/* JSON for the hooks that run in here; NULL where there are none */
	unsigned int preserve_fds;		/* descriptors beyond the standard ones that the container keeps */
	bool no_pivot, keep_keyring;
	bool stay_on_cpu;			/* cgroup_is_tight(): the runtime lets go of it once the program runs */
	bool ordinary;				/* the runtime is an ordinary user's */
	int console;				/* a connected socket that gets the terminal; -1 */
	int network;				/* a socket where the network namespace comes from, which others make meanwhile; -1 */
	struct arena *arena;

	/* the set-up's own, from 0 */
	int root, bundle_fd;
	struct terminal terminal;
	struct program program;
};

/* What can be known to be wrong before anything is made. */
int setup_check(const struct oci_config *config, const struct namespaces *namespaces, struct error *err);

/* Mounts, devices, names: the file system as the container will see it, seen from outside. */
int setup_build(struct setup *setup, struct error *err);

/* Steps into it. */
int setup_enter(struct setup *setup, struct error *err);

/*
 * What wants the process to have been moved: the cgroup namespace, whose root is the cgroup of this moment, and
 * what a cgroup may forbid.
 */
int setup_inside_cgroup(struct setup *setup, struct error *err);

/* After a failure: without a mount namespace of its own, what it has mounted would stay. */
void setup_undo(struct setup *setup);

/* Gives up the privileges and becomes the program. Returns only on failure. */
int setup_execute(struct setup *setup, struct error *err);

/* Finds it, and enters its directory. */
int program_prepare(const struct oci_process *process, struct arena *arena, struct program *program,
		    struct error *err);

/* The last part of it, which a process that joins a container does as well: from the user to execve. */
int setup_become(const struct oci_process *process, const struct seccomp_program *seccomp,
		 const struct program *program, struct error *err);

#endif
