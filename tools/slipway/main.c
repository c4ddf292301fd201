/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/slipway/command.h"

#define COMMANDS_MAX 32

static const struct option_command *const commands[] = {
	&command_build, &command_run, &command_test, &command_ctl, &command_bootchart, &command_plan, &command_lock, &command_import, &command_pkg_build,
	&command_inspect, &command_diff, &command_sbom,
	&command_image_pull, &command_image_push, &command_image_copy, &command_image_tags,
	&command_image_show, &command_image_referrers, &command_image_delete, &command_image_verify, &command_image_import,
	&command_image_ls,
	&command_image_inspect, &command_image_tag, &command_image_rm, &command_image_gc, &command_kernel_check,
};

static const char about[] =
	"Turns a YAML manifest into a tiny, immutable operating system that runs containers.";

int main(int argc, char **argv)
{
	static struct option_command table[COMMANDS_MAX];
	const struct option_command *command;
	struct error err = { 0 };
	int words;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		table[i] = *commands[i];
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("slipway %s\n", SLIPWAY_VERSION);
		return EXIT_SUCCESS;
	}
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		option_print_commands(table, "slipway", about, NULL);
		return argc < 2 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	command = option_find_command(table, argc - 1, argv + 1, &words, &err);
	if (!command && (argc == 2 || argv[2][0] == '-') && option_print_group(table, "slipway", argv[1]))
		return argc == 2 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (!command) {
		error_print(&err, "slipway");
		return EXIT_FAILURE;
	}
	return command->run(argc - words, argv + words);
}
