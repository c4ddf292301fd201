/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include "runtime/container/service_manager.h"

void create_options_read(const struct create_values *values, const char *id, struct container_create_options *options)
{
	*options = (struct container_create_options){
		.root = runtime_globals.root, .id = id, .bundle = values->bundle ? values->bundle : ".",
		.config = values->config ? values->config : "config.json", .no_cgroup = !runtime_makes_cgroups(),
		.pid_file = values->pid_file, .console_socket = values->console_socket,
		.pidfd_socket = values->pidfd_socket,
		.preserve_fds = values->preserve_fds, .no_pivot = values->no_pivot,
		.no_new_keyring = values->no_new_keyring, .rootless = runtime_rootless(),
		.listen_fds = service_manager_sockets(), .notify = service_manager_address(),
	};
}

static const struct option options[] = { CREATE_OPTIONS, OPTION_TABLE_END };

static int create(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	struct container_create_options how;
	struct container container;
	struct container_process process;

	create_options_read(data, operands->items[0], &how);
	if (container_create(&how, arena, &container, &process, err) < 0)
		return -1;
	container_process_close(&process);
	return 0;
}

const struct command command_create = {
	.words = { "create", "CONTAINER", "make a container, without starting its program", options, 1, 1, false, NULL },
	.values_size = sizeof(struct create_values), .act = create,
};
