/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of the OCI runtime, compatible with runc's: one file a
 * command, one table in runtime.c.
 */
#ifndef RUNTIME_COMMAND_COMMAND_H
#define RUNTIME_COMMAND_COMMAND_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/option.h"
#include "runtime/container/container.h"

#define RUNTIME_NAME "slipway-runtime"
#define RUNTIME_SPEC_VERSION "1.3.0"

/* One command: its words and options, and what it does with them. */
struct command {
	struct option_command words;	/* without `run` */
	size_t values_size;		/* of the struct that its options fill; it starts as zeros */
	/* Returns the exit status, or -1 with the error. What is in the arena goes with the process. */
	int (*act)(const void *values, const struct option_list *operands, struct arena *arena, struct error *err);
	int failed;			/* the exit status for -1; 0 is 1 */
};

/* The whole program; returns the exit status. */
int runtime_main(int argc, char **argv);

/* The options in front of the command. */
struct runtime_globals {
	const char *root;		/* absolute */
	const char *log, *log_format;
	bool debug, systemd_cgroup;
	const char *rootless, *criu, *cgroup_manager;
	bool version;
};

extern struct runtime_globals runtime_globals;

/* What --rootless says. */
enum container_rootless runtime_rootless(void);

/* Not with --cgroup-manager disabled. */
bool runtime_makes_cgroups(void);

/* Goes on from a copy of the program that cannot be overwritten, where this one could be. Returns where it could not. */
int runtime_protect_self(char **argv, struct error *err);

/* Opens the log that --log asks for. */
int runtime_log_open(struct error *err);

/* Tells a failure on standard error and in the log, and returns `status`. */
int runtime_fail(const struct error *err, int status);

extern const struct command command_create, command_start, command_run, command_state, command_kill,
	command_delete, command_list, command_spec, command_exec, command_ps, command_pause, command_resume,
	command_update, command_events, command_features;

/* What create and run have in common. */
struct create_values {
	const char *bundle, *config, *pid_file, *console_socket, *pidfd_socket;
	unsigned int preserve_fds;
	bool no_pivot, no_new_keyring, detach, keep, no_subreaper;
};

#define CREATE_OPTIONS \
	{ OPTION_STRING, 'b', "bundle", "DIR", "the bundle: where config.json is (default: here)", \
	  offsetof(struct create_values, bundle) }, \
	{ OPTION_STRING, 'f', "config", "FILE", "another file than config.json of the bundle", \
	  offsetof(struct create_values, config) }, \
	{ OPTION_STRING, 0, "console-socket", "PATH", "a socket that gets the terminal's descriptor", \
	  offsetof(struct create_values, console_socket) }, \
	{ OPTION_STRING, 0, "pidfd-socket", "PATH", "a socket that gets a pidfd of the first process", \
	  offsetof(struct create_values, pidfd_socket) }, \
	{ OPTION_STRING, 0, "pid-file", "FILE", "write the number of the first process to FILE", \
	  offsetof(struct create_values, pid_file) }, \
	{ OPTION_FLAG, 0, "no-pivot", NULL, "move the root instead of pivot_root, for a host on a ramdisk", \
	  offsetof(struct create_values, no_pivot) }, \
	{ OPTION_FLAG, 0, "no-new-keyring", NULL, "keep the caller's session keyring", \
	  offsetof(struct create_values, no_new_keyring) }, \
	{ OPTION_UNSIGNED, 0, "preserve-fds", "N", "pass N descriptors beyond the standard ones", \
	  offsetof(struct create_values, preserve_fds) }

void create_options_read(const struct create_values *values, const char *id, struct container_create_options *options);

/*
 * Waits in the foreground for a process of a container: signals are passed to it, bytes between its terminal and ours,
 * and what it tells a service manager. Returns its exit status as a shell has it; -1 with the error.
 */
int foreground_wait(const struct container_process *process, struct error *err);

/* To be called before the process is made, so that no signal is lost. */
void foreground_prepare(bool subreaper);

#endif
