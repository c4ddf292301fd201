/* SPDX-License-Identifier: Apache-2.0 */
/* What several commands do alike. */
#include "tools/slipway/command.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

int command_store_open(const char *option, struct store **store, struct error *err)
{
	const char *path = option ? option : getenv("SLIPWAY_STORE");

	return store_open(path && *path ? path : NULL, store, err);
}

int command_put_out(const char *path, const struct buffer *text, struct error *err)
{
	if (path)
		return file_output_write(path, buffer_string(text), text->length, 0644, err);
	return file_write_all(STDOUT_FILENO, buffer_string(text), text->length, "standard output", err);
}

int command_with_operand(const struct option_command *command, int argc, char **argv, void *options, command_action *act)
{
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };
	int r = option_parse(command, "slipway", argc, argv, options, &operands, &arena, &err);

	if (r == 0)
		r = act(options, operands.items[0], &arena, &err);
	if (r < 0)
		error_print(&err, "slipway");
	arena_release(&arena);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
