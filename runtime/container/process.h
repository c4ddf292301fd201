/* SPDX-License-Identifier: Apache-2.0 */
/* What the first process of a container and one that joins it have in common, on the runtime's side. */
#ifndef RUNTIME_CONTAINER_PROCESS_H
#define RUNTIME_CONTAINER_PROCESS_H

#include <linux/sched.h>

#include "runtime/container/container.h"

#define CONTAINER_PROCESS_NONE { .pidfd = -1, .sync = -1, .master = -1, .notify = -1 }

/* A terminal needs somebody to take it, and who would take one needs a terminal. `process` may be NULL. */
int process_check_terminal(const struct oci_process *process, const char *console_socket, bool foreground,
			   struct error *err);

/*
 * Where the set-up sends its terminal: `send` is the console socket, or one end of a pair whose other is
 * `receive`. Both stay -1 without a terminal.
 */
int process_open_console(const struct oci_process *process, const char *console_socket, int *send, int *receive,
			 struct error *err);

/* The first `count` descriptors beyond the standard ones are there: else some of our own would be handed over. */
int process_check_descriptors(unsigned int count, struct error *err);

/* --pid-file; NULL is fine. */
int process_write_pid(const struct container_process *process, const char *path, struct error *err);

/* --pidfd-socket: its pidfd for who listens there; NULL is fine. */
int process_send_pidfd(const struct container_process *process, const char *path, struct error *err);

/*
 * Before clone3(2): what it is to be told, and the conversation with the set-up, whose side is `setup_sync`. `args`
 * points to `process`, which stays where it is.
 */
int process_prepare_clone(struct container_process *process, int *setup_sync, struct clone_args *args,
			  struct error *err);

/* The process is born in this cgroup. The caller closes `fd` after the clone. */
int process_clone_into(const struct cgroup_hierarchy *hierarchy, struct clone_args *args, int *fd, struct error *err);

/* After it, in the runtime: -1 where `pid` is. */
int process_cloned(struct container_process *process, pid_t pid);

/* Kills and reaps it, and closes. */
void process_end(struct container_process *process);

#endif
