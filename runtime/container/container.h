/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a container: OCI runtime-spec, runtime.md. The command line and
 * PID 1 both stand on this.
 *
 * The command line's containers have a state directory `ROOT/ID/` with state.json and
 * the start socket. PID 1's have none: it makes the child itself and calls
 * container_enter() in it.
 */
#ifndef RUNTIME_CONTAINER_CONTAINER_H
#define RUNTIME_CONTAINER_CONTAINER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "oci/state.h"
#include "runtime/linux/cgroup.h"
#include "runtime/linux/seccomp.h"

/* ------------------------------------------------------------ for PID 1 */

struct container_enter_options {
	const char *bundle;		/* absolute path of the directory with config.json */
	const char *filter;		/* absolute path of its compiled filter, where it has one: see prepared.h */
	const char *id;			/* for messages and hooks */
	int status_fd;			/* the caller's, to tell a failure on: kept open until execve closes it */
	unsigned int preserve_fds;	/* descriptors beyond the standard ones that the container keeps */
	/* A socket that its mount namespace is sent to once it is made, with one byte; 0 or below: none. Kept open until execve. */
	int mounts_to;
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

/*
 * Finds a container that container_enter() has made and that runs, for container_exec() and container_kill(): `pid` is
 * the process it was called in, seen from here. To be called in the namespaces of whoever made that process, and not
 * by PID 1 itself: it reads files. Of the options, `bundle`, `filter` and `id` count. Nothing is to be closed.
 */
struct container;
int container_entered(const struct container_enter_options *options, pid_t pid, struct arena *arena,
		      struct container *container, struct error *err);

/* ------------------------------------------------------------ for the command line */

#define CONTAINER_ID_MAX 1024

enum container_status {
	CONTAINER_CREATING,
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_STOPPED,
};

/* "creating", "created", "running", "paused", "stopped" */
extern const char *const container_status_names[];

/* Strings are in the arena it was loaded with. */
struct container {
	const char *root;		/* the directory of all states; NULL for PID 1's containers, which have none */
	const char *directory;		/* ROOT/ID; NULL for those */
	struct oci_state state;		/* as it was written; `status` there is of that moment */
	struct cgroup cgroup;		/* its directories */
	const struct oci_config *config;/* what it was created with; NULL until container_config() */
	struct seccomp_program filter;	/* compiled before, and `config` has no profile; else of length 0 */
};

int container_load(const char *root, const char *id, struct arena *arena, struct container *container,
		   struct error *err);

/* What it is now: the process may be gone, and the cgroup frozen. */
enum container_status container_status(const struct container *container);

/* A pidfd of its first process; -1 and errno ESRCH when that is gone, whatever has its number now. */
int container_pidfd(const struct container *container);

/* Reads the config.json it was created with into `config`, once. */
int container_config(struct container *container, struct arena *arena, struct error *err);

/* Whether a container is an ordinary user's: it does without the cgroups that only root may make. */
enum container_rootless {
	CONTAINER_ROOTLESS_AUTO,		/* by who runs the program, and in which user namespace */
	CONTAINER_ROOTLESS,
	CONTAINER_ROOTFUL,
};

struct container_create_options {
	const char *root, *id, *bundle;
	const char *config;			/* a path, from the bundle on */
	const char *pid_file, *console_socket, *pidfd_socket;	/* NULL where not given */
	unsigned int preserve_fds;		/* behind the listen_fds */
	unsigned int listen_fds;		/* sockets of a service manager, from descriptor 3 on */
	bool notify;				/* a service manager wants to know when the program is ready */
	bool no_pivot, no_new_keyring;
	bool no_cgroup;				/* none is made: the container stays where the caller is, without limits */
	enum container_rootless rootless;
	bool start;			/* `run`: container_run() follows, no start socket is made */
	bool foreground;		/* with `start`: the terminal comes to this process, in `master` */
};

/* What container_create() leaves behind in this process. */
struct container_process {
	pid_t pid;
	int pidfd;
	int sync;			/* to the set-up, until it is executed */
	int master;			/* of the terminal, or -1 */
	int notify;			/* with `notify` and `start`: what the program tells a service manager; or -1 */
	bool goes_on;			/* the set-up does not wait for container_run() */
};

/*
 * Makes the container up to the point where its program could be started. On
 * failure nothing is left: no process, mount, cgroup or state.
 */
int container_create(const struct container_create_options *options, struct arena *arena,
		     struct container *container, struct container_process *process, struct error *err);

/* For arena_out_of_memory: takes back what a container_create() that memory ran out in has made. */
void container_undo_unfinished(void);

/* Starts the program of what container_create() made with `start`. */
int container_run(struct container *container, struct container_process *process, struct arena *arena,
		  struct error *err);
void container_process_close(struct container_process *process);

/* Starts the program of a container that is "created". */
int container_start(struct container *container, struct arena *arena, struct error *err);

struct container_exec_options {
	const struct oci_process *process;
	const char *pid_file, *console_socket, *pidfd_socket;	/* NULL where not given */
	struct oci_strings cgroups;	/* "PATH" below the container's, or "CONTROLLER,...:PATH"; none is its own */
	unsigned int preserve_fds;
	bool foreground;		/* the terminal comes to this process, in `master` */
	bool ignore_paused;
};

/* Runs one more process in a container. On success it is executed; the caller may wait for it. */
int container_exec(struct container *container, const struct container_exec_options *options, struct arena *arena,
		   struct container_process *process, struct error *err);

/*
 * The same for a command with the user, rights and environment of the container's own process, and waits for its end, for
 * at most `timeout` milliseconds (0: for ever). What it started, as far as it is of its process group, ends with it.
 */
int container_exec_wait(struct container *container, const char *const *args, size_t count, unsigned int timeout,
			struct arena *arena, int *wait_status, struct error *err);

/* Sends a signal to the first process, or to all; SIGKILL to all also where they have no PID namespace that ends with the first. */
int container_kill(struct container *container, int signal, bool all, struct arena *arena, struct error *err);

/* Removes a stopped container, or with `force` any. poststop hooks are run. */
int container_delete(struct container *container, bool force, struct arena *arena, struct error *err);

#endif
