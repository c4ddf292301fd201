/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a container: OCI runtime-spec, runtime.md. The command line and
 * PID 1 both stand on this.
 *
 * The command line's containers have a state directory `ROOT/ID/` with state.json and
 * the start fifo. PID 1's have none: it makes the child itself and calls
 * container_enter() in it.
 */
#ifndef RUNTIME_CONTAINER_CONTAINER_H
#define RUNTIME_CONTAINER_CONTAINER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* ------------------------------------------------------------ for PID 1 */

struct container_enter_options {
	const char *bundle;		/* absolute path of the directory with config.json */
	const char *id;			/* for messages and hooks */
	int status_fd;			/* a message is written here when set-up fails; closed by execve when it works */
};

/*
 * Called in a child that was made by clone3(CLONE_INTO_CGROUP | CLONE_PIDFD [| CLONE_NEWPID]):
 * reads config.json, makes and joins namespaces, mounts,
 * pivots, drops privileges and runs the process. Where the config asks for a
 * new PID namespace the caller must have given CLONE_NEWPID, so that the child itself is
 * process 1 of it (`new_pid` of the plan); all other namespaces are made in here.
 *
 * Standard input, output and error are the container's. Does not return on
 * success; returns -1 with the error otherwise (the caller exits with 127).
 */
int container_enter(const struct container_enter_options *options, struct error *err);


#endif
