/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway run`: boots in QEMU what `slipway build` wrote. */
#include "tools/slipway/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "tools/slipway/build.h"
#include "tools/slipway/cluster.h"
#include "tools/slipway/console.h"
#include "tools/slipway/control_port.h"
#include "tools/slipway/inputs.h"
#include "tools/slipway/machines.h"
#include "tools/slipway/run_cluster.h"
#include "tools/slipway/vm.h"

struct run_options {
	struct vm_options vm;
	unsigned int timeout, vsock;
	const char *log, *name;
	const char *store, *format, *pull;
	struct builder_options builder;
	bool interactive;
};

static const struct option run_option_table[] = {
	VM_OPTION_ROWS(struct run_options),
	{ OPTION_FLAG, 'P', "publish-all", NULL, "forward every port that the image says it listens at",
	  offsetof(struct run_options, vm.publish_all) },
	{ OPTION_LIST, 0, "disk", "FILE[,size=N]", "add a disk, made if it is not there (repeatable)",
	  offsetof(struct run_options, vm.disks) },
	{ OPTION_FLAG, 'i', "interactive", NULL, "send every key to the guest, Ctrl-C too",
	  offsetof(struct run_options, interactive) },
	{ OPTION_UNSIGNED, 0, "timeout", "SECONDS", "end the machine after this time, with exit status 124",
	  offsetof(struct run_options, timeout) },
	{ OPTION_STRING, 0, "name", "NAME", "what 'slipway ctl' calls it (default: from PREFIX)",
	  offsetof(struct run_options, name) },
	{ OPTION_UNSIGNED, 0, "vsock", "CID", "give it a number on vsock, from 3 on (needs vhost_vsock)",
	  offsetof(struct run_options, vsock) },
	{ OPTION_STRING, 0, "log", "FILE", "keep a copy of the console", offsetof(struct run_options, log) },
	{ OPTION_STRING, 'f', "format", "FORMAT", "of what is built first (default kernel+squashfs)",
	  offsetof(struct run_options, format) },
	BUILDER_OPTIONS(struct run_options),
	PULL_OPTION_ROW(struct run_options, pull),
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, offsetof(struct run_options, store) },
	{ OPTION_FLAG, 0, "dry-run", NULL, "print the command instead of running it",
	  offsetof(struct run_options, vm.dry_run) },
	OPTION_TABLE_END,
};

/* --- the machine --- */

static struct build_options build_options(const struct run_options *o)
{
	return (struct build_options){ .format = o->format, .platform = o->vm.platform, .store = o->store, .builder = o->builder, .pull = o->pull };
}

static int describe(struct qemu_vm *vm, const char *operand, const struct run_options *o, struct arena *arena,
		    struct error *err)
{
	struct build_options how = build_options(o);
	const char *prefix;

	if (o->vsock > 0 && o->vsock < 3)
		return error_set(err, "--vsock: numbers below 3 are not for machines");
	vm->interactive = o->interactive;
	vm->log = o->log;
	vm->vsock = o->vsock;
	prefix = vm_find(operand, &how, arena, err);
	return prefix ? vm_describe(vm, prefix, &o->vm, NULL, arena, err) : -1;
}

static int boot(struct qemu_vm *vm, const char *name, const struct run_options *o, struct arena *arena, int *status,
		struct error *err)
{
	autoclose int ours = -1;
	struct qemu_run run = { .machine = vm->machine, .timeout = o->timeout };
	struct control_port port = { 0 };
	int pair[2], r;

	if (vm_prepare(vm, err) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, "cannot make the socket for the guest's status");
	ours = run.status_fd = pair[0];
	run.give[run.give_count++] = pair[1];
	vm->status = (struct qemu_line){ QEMU_LINE_SOCKET, pair[1] };
	/* A machine that cannot be steered runs all the same. */
	if (control_port_open(&port, name, arena, err) < 0) {
		log_warning("without 'slipway ctl': %s", err->message);
	} else {
		run.give[run.give_count++] = port.guest;
		vm->control = (struct qemu_line){ QEMU_LINE_SOCKET, port.guest };
	}
	run.argv = qemu_command(vm, arena);
	r = qemu_process_run(&run, status, err);
	control_port_close(&port);
	return r;
}

/* --- several machines --- */

static int check_several(const struct run_options *o, struct error *err)
{
	const struct {
		bool given;
		const char *option;
	} options[] = { { o->interactive, "--interactive" }, { o->vsock, "--vsock" }, { o->name, "--name" } };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].given)
			return error_set(err, "%s: there are several machines, and it is one's", options[i].option);
	return cluster_check_options(&o->vm, err);
}

static int run_several(const char *operand, const struct manifest_machines *machines, const struct run_options *o, struct arena *arena,
		       int *status, struct error *err)
{
	struct qemu_vm *vms = arena_array(arena, machines->count, sizeof(*vms));
	const struct run_cluster run = { .machines = machines, .vms = vms, .timeout = o->timeout, .log = o->log };
	struct build_options how = build_options(o);
	const char *prefix;

	if (check_several(o, err) < 0 || !(prefix = vm_build(operand, &how, arena, err)))
		return -1;
	for (size_t i = 0; i < machines->count; i++)
		if (cluster_describe(&vms[i], prefix, &machines->items[i], &o->vm, NULL, arena, err) < 0)
			return -1;
	if (cluster_check_ports(vms, machines, err) < 0)
		return -1;
	if (!o->vm.dry_run)
		return run_cluster(&run, status, err);
	for (size_t i = 0; i < machines->count; i++)
		printf("# %s\n%s\n", machines->items[i].name, qemu_command_text(qemu_command(&vms[i], arena), arena));
	*status = 0;
	return 0;
}

static int run(const char *operand, const struct run_options *o, struct arena *arena, int *status,
	       struct error *err)
{
	struct manifest_machines machines = { 0 };
	struct qemu_vm vm = { 0 };

	if (cluster_read_operand(operand, arena, &machines, err) < 0)
		return -1;
	if (machines.count)
		return run_several(operand, &machines, o, arena, status, err);
	if (describe(&vm, operand, o, arena, err) < 0)
		return -1;
	if (!o->vm.dry_run)
		return boot(&vm, machine_name(o->name ? o->name : operand, arena), o, arena, status, err);
	printf("%s\n", qemu_command_text(qemu_command(&vm, arena), arena));
	*status = 0;
	return 0;
}

static int run_main(int argc, char **argv)
{
	struct run_options o = { .vm = VM_OPTIONS_DEFAULT };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	int status = EXIT_NO_STATUS, r;
	struct error err;

	console_open_standard();
	r = option_parse(&command_run, "slipway", argc, argv, &o, &operands, &arena, &err);
	if (r == 0)
		r = run(operands.items[0], &o, &arena, &status, &err);
	else if (r > 0)
		status = 0;
	if (r < 0)
		error_print(&err, "slipway");
	arena_release(&arena);
	return status;
}

const struct option_command command_run = {
	.name = "run",
	.operands = "PREFIX|MANIFEST|DOCKERFILE|DIR",
	.summary = "boot in QEMU what 'slipway build' wrote, or would write, and leave with the guest's exit status",
	.options = run_option_table,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_main,
};
