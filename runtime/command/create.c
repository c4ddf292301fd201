/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include "runtime/container/service_manager.h"

void create_options_read(const struct create_values *values, const char *id, struct container_create_options *options)
{
	*options = (struct container_create_options){
		.root = runtime_globals.root, .id = id, .bundle = values->bundle ? values->bundle : ".",
		.pid_file = values->pid_file, .console_socket = values->console_socket,
		.preserve_fds = values->preserve_fds, .no_pivot = values->no_pivot,
		.no_new_keyring = values->no_new_keyring, .rootless = runtime_rootless(),
		.listen_fds = service_manager_sockets(), .notify = service_manager_address(),
	};
}

static const struct option options[] = { CREATE_OPTIONS, OPTION_TABLE_END };

static int run(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct create_values values = { 0 };
	struct option_list operands = { 0 };
	struct container_create_options create;
	struct container container;
	struct container_process process;
	struct error err = { 0 };
	int status;

	if (command_parse(&command_create, argc, argv, &values, &operands, &arena, &status)) {
		create_options_read(&values, operands.items[0], &create);
		if (container_create(&create, &arena, &container, &process, &err) < 0) {
			status = runtime_fail(&err, 1);
		} else {
			container_process_close(&process);
		}
	}
	arena_release(&arena);
	return status;
}

const struct option_command command_create = {
	"create", "CONTAINER", "make a container, without starting its program", options, 1, 1, false, run,
};
