/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway ctl`: looks at a running machine and steers it. */
#include "control/ctl.h"

#include "tools/slipway/command.h"
#include "tools/slipway/machines.h"

static struct values {
	const char *machine, *socket;
	unsigned int vsock;
} values;

#define VALUE(field) offsetof(struct values, field)

static const struct option options[] = {
	{ OPTION_STRING, 'm', "machine", "NAME", "the machine, by what 'slipway run' was given (default: the only one)",
	  VALUE(machine) },
	{ OPTION_STRING, 0, "socket", "PATH", "a socket that leads to a machine's control",
	  VALUE(socket) },
	{ OPTION_UNSIGNED, 0, "vsock", "CID", "a machine by its vsock number", VALUE(vsock) },
	OPTION_TABLE_END,
};

static int open_machine(struct error *err)
{
	if (values.socket)
		return client_connect_unix(values.socket, err);
	if (values.vsock)
		return client_connect_vsock(values.vsock, err);
	return machine_connect(values.machine, err);
}

static const struct ctl_way way = {
	.program = "slipway ctl", .options = options, .values = &values, .open = open_machine,
};

static int run(int argc, char **argv)
{
	return ctl_main(&way, argc, argv);
}

const struct option_command command_ctl = {
	.name = "ctl",
	.operands = "COMMAND ...",
	.summary = "look at a running machine and steer it: status, logs, exec, ...",
	.options = options,
	.operands_max = ~0u,
	.stop_at_operand = true,
	.run = run,
};
