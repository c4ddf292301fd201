/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/linux/user.h"
#include "runtime/linux/user_namespace.h"

#define ROOT_DEFAULT "/run/slipway/runtime"

struct runtime_globals runtime_globals;

static const struct command *const commands[] = {
	&command_create, &command_start, &command_run, &command_exec, &command_state,
	&command_kill,	 &command_delete, &command_list,   &command_ps,	   &command_pause,
	&command_resume, &command_update, &command_events, &command_spec,  &command_features,
};

#define GLOBAL(field) offsetof(struct runtime_globals, field)

static const struct option global_options[] = {
	{ OPTION_STRING, 0, "root", "DIR", "where the state of containers is kept (default: " ROOT_DEFAULT ")", GLOBAL(root) },
	{ OPTION_STRING, 0, "log", "FILE", "write the log to FILE", GLOBAL(log) },
	{ OPTION_STRING, 0, "log-format", "FORMAT", "text (default) or json", GLOBAL(log_format) },
	{ OPTION_FLAG, 0, "debug", NULL, "log what is done as well", GLOBAL(debug) },
	{ OPTION_FLAG, 0, "systemd-cgroup", NULL, "not supported: cgroups are made directly", GLOBAL(systemd_cgroup) },
	{ OPTION_STRING, 0, "cgroup-manager", "MANAGER", "cgroupfs (default), or disabled: make no cgroups", GLOBAL(cgroup_manager) },
	{ OPTION_STRING, 0, "rootless", "WHEN", "true, false or auto (default)", GLOBAL(rootless) },
	{ OPTION_STRING, 0, "criu", "FILE", "ignored: there is no checkpoint", GLOBAL(criu) },
	{ OPTION_FLAG, 'v', "version", NULL, "show the version", GLOBAL(version) },
	OPTION_TABLE_END,
};

static const struct option_command program = {
	.name = "", .operands = "COMMAND ...", .summary = "run OCI containers", .options = global_options,
	.operands_max = INT_MAX, .stop_at_operand = true,
};

static int show_version(void)
{
	printf("%s version %s\nspec: %s\n", RUNTIME_NAME, SLIPWAY_VERSION, RUNTIME_SPEC_VERSION);
	return 0;
}

static int show_help(void)
{
	struct option_command table[ARRAY_SIZE(commands) + 1] = { { 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		table[i] = commands[i]->words;
	option_print_commands(table, RUNTIME_NAME, "Runs OCI containers.", global_options);
	return 0;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static const char *const words_true[] = { "true", "t", "1", NULL };
static const char *const words_false[] = { "false", "f", "0", NULL };
/* crun's, which clients give to a runtime that they take for crun. */
static const char *const cgroup_managers[] = { "cgroupfs", "systemd", "disabled", NULL };

bool runtime_makes_cgroups(void)
{
	return !runtime_globals.cgroup_manager || strcmp(runtime_globals.cgroup_manager, "disabled") != 0;
}

enum container_rootless runtime_rootless(void)
{
	const char *word = runtime_globals.rootless;

	if (!word || strcmp(word, "auto") == 0)
		return CONTAINER_ROOTLESS_AUTO;
	return is_one_of(word, words_true) ? CONTAINER_ROOTLESS : CONTAINER_ROOTFUL;
}

/* A user's own, also for who is root of no more than a user namespace: /run is not for them. */
static const char *default_root(struct arena *arena)
{
	const char *directory = getenv("XDG_RUNTIME_DIR"), *user = getenv("USER");

	if (!directory || !*directory)
		return ROOT_DEFAULT;
	if (!user_is_ordinary() && ((user && strcmp(user, "root") == 0) || !user_namespace_is_nested()))
		return ROOT_DEFAULT;
	return arena_printf(arena, "%s/slipway/runtime", directory);
}

static int check_globals(struct arena *arena, struct error *err)
{
	struct runtime_globals *g = &runtime_globals;

	if (g->log_format && strcmp(g->log_format, "text") != 0 && strcmp(g->log_format, "json") != 0)
		return error_set(err, "invalid log-format: '%s'; use 'text' or 'json'", g->log_format);
	if (g->rootless && strcmp(g->rootless, "auto") != 0 && !is_one_of(g->rootless, words_true) &&
	    !is_one_of(g->rootless, words_false))
		return error_set(err, "option '--rootless': expected true, false or auto, got '%s'", g->rootless);
	if (g->cgroup_manager && !is_one_of(g->cgroup_manager, cgroup_managers))
		return error_set(err, "option '--cgroup-manager': expected cgroupfs, systemd or disabled, got '%s'",
				 g->cgroup_manager);
	if (g->systemd_cgroup || (g->cgroup_manager && strcmp(g->cgroup_manager, "systemd") == 0))
		return error_set(err, "option '%s' is not supported: this runtime makes cgroups itself; "
				      "configure the caller to use the cgroupfs driver",
				 g->systemd_cgroup ? "--systemd-cgroup" : "--cgroup-manager systemd");
	if (!g->root)
		g->root = default_root(arena);
	/* State is found again from other directories; and the way to it may not change under us. */
	if (*g->root != '/') {
		char *cwd = getcwd(NULL, 0);

		if (!cwd)
			return error_errno(err, "cannot find the current directory");
		g->root = arena_printf(arena, "%s/%s", cwd, g->root);
		free(cwd);
	}
	return runtime_log_open(err);
}

static int run(const struct command *command, const struct option_list *words, struct arena *arena)
{
	void *values = arena_alloc(arena, command->values_size + 1);
	struct option_list operands = { 0 };
	struct error err = { 0 };
	int status = option_parse(&command->words, RUNTIME_NAME, (int)words->count, (char **)(uintptr_t)words->items, values,
				  &operands, arena, &err);

	if (status != 0)
		return status < 0 ? runtime_fail(&err, 1) : 0;
	log_debug(RUNTIME_NAME " " SLIPWAY_VERSION ": %s %s", command->words.name, operands.count > 0 ? operands.items[0] : "");
	status = command->act(values, &operands, arena, &err);
	return status < 0 ? runtime_fail(&err, command->failed ? command->failed : 1) : status;
}

static bool is_help(const char *word)
{
	return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

/* Commands of runc's that are not built; who asks for their help wants to know whether they are there. */
static const char *const unsupported[] = { "checkpoint", "restore" };

static const struct command *find(const struct option_list *words, struct error *err)
{
	const char *name = words->items[0];
	struct option_command table[ARRAY_SIZE(commands) + 1] = { { 0 } };
	char *argv[] = { (char *)(uintptr_t)name };
	int taken;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i]->words.name, name) == 0)
			return commands[i];
		table[i] = commands[i]->words;
	}
	for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++) {
		if (strcmp(unsupported[i], name) == 0) {
			(void)error_set(err, "the command '%s' is not supported", name);
			return NULL;
		}
	}
	if (words->count > 1 && is_help(words->items[1])) {
		(void)error_set(err, "No help topic for '%s'", name);
		return NULL;
	}
	/* Only for its message: it knows the nearest. */
	(void)option_find_command(table, 1, argv, &taken, err);
	return NULL;
}

static bool has_standard_descriptors(void)
{
	struct pollfd p[] = { { .fd = STDIN_FILENO }, { .fd = STDOUT_FILENO }, { .fd = STDERR_FILENO } };

	return poll(p, ARRAY_SIZE(p), 0) >= 0 && !((p[0].revents | p[1].revents | p[2].revents) & POLLNVAL);
}

/*
 * A caller may have closed standard descriptors; what is opened next must not become
 * the container's standard input.
 */
static int open_standard_descriptors(struct error *err)
{
	int fd;

	if (has_standard_descriptors())
		return 0;

	do
		fd = openat(AT_FDCWD, "/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return error_errno(err, "cannot open '/dev/null'");
	(void)close(fd);
	return 0;
}

static bool enters_containers(const struct command *command)
{
	return command == &command_create || command == &command_run || command == &command_exec;
}

static void __attribute__((noreturn)) out_of_memory(void)
{
	static const char message[] = RUNTIME_NAME ": out of memory\n";

	container_undo_unfinished();
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(1);
	_exit(1);
}

int runtime_main(int argc, char **argv)
{
	/* Enough for most commands: they end before they have asked the kernel for memory. */
	static alignas(max_align_t) unsigned char memory[64 * 1024];
	struct arena arena;
	struct option_list words = { 0 };
	const struct command *command;
	struct error err = { 0 };
	int status = 1, r;

	arena_out_of_memory = out_of_memory;
	arena_lend(&arena, memory, sizeof(memory));
	if (open_standard_descriptors(&err) < 0)
		return runtime_fail(&err, 1);
	for (int i = 1; i < argc && argv[i][0] == '-'; i++)
		if (is_help(argv[i]))
			return show_help();
	r = option_parse(&program, RUNTIME_NAME, argc, argv, &runtime_globals, &words, &arena, &err);
	if (r < 0)
		status = runtime_fail(&err, 1);
	else if (runtime_globals.version)
		status = show_version();
	else if (words.count == 0 || strcmp(words.items[0], "help") == 0)
		status = show_help();
	else if (check_globals(&arena, &err) < 0 || !(command = find(&words, &err)) ||
		 (enters_containers(command) && runtime_protect_self(argv, &err) < 0))
		status = runtime_fail(&err, 1);
	else
		status = run(command, &words, &arena);
	arena_release(&arena);
	return status;
}
