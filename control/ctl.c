/* SPDX-License-Identifier: Apache-2.0 */
#include "control/ctl.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"

#define COMMANDS_MAX 16
#define OPTIONS_MAX 16

static const struct option_command *const commands[] = {
	&ctl_command_status, &ctl_command_logs, &ctl_command_start, &ctl_command_stop, &ctl_command_restart,
	&ctl_command_exec, &ctl_command_top, &ctl_command_dmesg, &ctl_command_metrics, &ctl_command_poweroff,
	&ctl_command_reboot,
};

static const char about[] = "Looks at a machine that slipway built, and steers it.";

static const struct ctl_way *the_way;
/* No initializer: what is all zero takes no place in the program, and none in the memory of PID 1, which is the same one. */
static struct client the_client;

struct client *ctl_ask(const struct buffer *request, unsigned int seconds, struct error *err)
{
	if (the_client.fd > 0)
		fd_replace(&the_client.fd, -1);
	the_client.start = the_client.length = 0;
	the_client.timeout = seconds;
	the_client.fd = the_way->open(err);
	if (the_client.fd < 0 || client_ask(&the_client, request, err) < 0)
		return NULL;
	return &the_client;
}

int ctl_run(const struct option_command *command, int argc, char **argv, void *values,
	    int (*run)(void *values, const struct option_list *operands, struct error *err), int failed)
{
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };
	int status = option_parse(command, the_way->program, argc, argv, values, &operands, &arena, &err);

	if (status == 0)
		status = run(values, &operands, &err);
	else if (status > 0)
		status = 0;
	if (status < 0) {
		error_print(&err, the_way->program);
		status = failed;
	}
	if (fflush(stdout) != 0)
		status = failed;
	arena_release(&arena);
	return status;
}

/* Options in front of the command; what they leave is the command and its own. */
static int parse_own(int argc, char **argv, struct option_list *words, struct arena *arena, struct error *err)
{
	static const struct option_command none = {
		.name = "", .operands = "COMMAND ...", .summary = about, .operands_max = ~0u, .stop_at_operand = true,
	};
	struct option_command own = none;

	own.options = the_way->options;
	return option_parse(&own, the_way->program, argc, argv, the_way->values, words, arena, err);
}

static int find_and_run(const struct option_list *words, struct error *err)
{
	static struct option_command table[COMMANDS_MAX];
	const struct option_command *command;
	int taken;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		table[i] = *commands[i];
	if (words->count == 0 || strcmp(words->items[0], "help") == 0 || strcmp(words->items[0], "--help") == 0) {
		option_print_commands(table, the_way->program, about, the_way->options);
		return words->count == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	command = option_find_command(table, (int)words->count, (char **)words->items, &taken, err);
	if (!command)
		return -1;
	return command->run((int)words->count - (taken - 1), (char **)words->items + (taken - 1));
}

int ctl_main(const struct ctl_way *way, int argc, char **argv)
{
	struct option_list words = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };
	int status;

	the_way = way;
	/* Who reads our output may leave: an ordinary end. */
	(void)signal(SIGPIPE, SIG_DFL);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		words = (struct option_list){ (const char **)argv + 1, 1 };
	else if (parse_own(argc, argv, &words, &arena, &err) != 0)
		words.count = ~(size_t)0;
	status = words.count == ~(size_t)0 ? -1 : find_and_run(&words, &err);
	if (status < 0) {
		error_print(&err, way->program);
		status = EXIT_FAILURE;
	}
	arena_release(&arena);
	return status;
}
