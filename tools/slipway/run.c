/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway run`: boots in QEMU what `slipway build` wrote. */
#include "tools/slipway/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "tools/mkimage/source/hash.h"
#include "tools/slipway/build.h"
#include "tools/slipway/console.h"
#include "tools/slipway/control_port.h"
#include "tools/slipway/inputs.h"
#include "tools/slipway/machines.h"
#include "tools/slipway/ports.h"
#include "tools/slipway/qemu.h"

#define MEMORY_DEFAULT   512 /* MiB */
#define CMDLINE_FILE_MAX 65536

struct run_options {
	unsigned int memory, cpus, timeout, vsock;
	struct option_list publish, disks, cmdline, credentials;
	const char *machine, *kvm, *cpu, *qemu, *log, *name;
	const char *store, *format, *pull;
	struct builder_options builder;
	bool interactive, no_network, dry_run, publish_all;
};

static const struct option run_option_table[] = {
	{ OPTION_UNSIGNED, 'm', "memory", "MB", "memory of the machine (default 512)",
	  offsetof(struct run_options, memory) },
	{ OPTION_UNSIGNED, 0, "cpus", "N", "number of CPUs (default 1)", offsetof(struct run_options, cpus) },
	{ OPTION_LIST, 'p', "publish", "HOST:GUEST",
	  "forward a port of this machine to the guest (repeatable)", offsetof(struct run_options, publish) },
	{ OPTION_FLAG, 'P', "publish-all", NULL, "forward every port that the image says it listens at",
	  offsetof(struct run_options, publish_all) },
	{ OPTION_LIST, 0, "disk", "FILE[,size=N]", "add a disk, made if it is not there (repeatable)",
	  offsetof(struct run_options, disks) },
	{ OPTION_FLAG, 'i', "interactive", NULL, "send every key to the guest, Ctrl-C too",
	  offsetof(struct run_options, interactive) },
	{ OPTION_LIST, 0, "cmdline", "WORDS", "append to the kernel command line (repeatable)",
	  offsetof(struct run_options, cmdline) },
	{ OPTION_LIST, 0, "credential", "NAME=VALUE", "hand a credential over; '@FILE' is the contents of a file (repeatable)",
	  offsetof(struct run_options, credentials) },
	{ OPTION_UNSIGNED, 0, "timeout", "SECONDS", "end the machine after this time, with exit status 124",
	  offsetof(struct run_options, timeout) },
	{ OPTION_STRING, 0, "name", "NAME", "what 'slipway ctl' calls it (default: from PREFIX)",
	  offsetof(struct run_options, name) },
	{ OPTION_UNSIGNED, 0, "vsock", "CID", "give it a number on vsock, from 3 on (needs vhost_vsock)",
	  offsetof(struct run_options, vsock) },
	{ OPTION_STRING, 0, "log", "FILE", "keep a copy of the console", offsetof(struct run_options, log) },
	{ OPTION_FLAG, 0, "no-network", NULL, "no network card", offsetof(struct run_options, no_network) },
	{ OPTION_STRING, 0, "kvm", "auto|on|off", "hardware virtualization (default auto: where it works)",
	  offsetof(struct run_options, kvm) },
	{ OPTION_STRING, 0, "machine", "NAME", "kind of machine: q35 or microvm (default: what the image was made for)",
	  offsetof(struct run_options, machine) },
	{ OPTION_STRING, 0, "cpu", "MODEL", "CPU model as QEMU names it", offsetof(struct run_options, cpu) },
	{ OPTION_STRING, 0, "qemu", "PATH", "the QEMU to use", offsetof(struct run_options, qemu) },
	{ OPTION_STRING, 'f', "format", "FORMAT", "of what is built first (default kernel+squashfs)",
	  offsetof(struct run_options, format) },
	BUILDER_OPTIONS(struct run_options),
	PULL_OPTION_ROW(struct run_options, pull),
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, offsetof(struct run_options, store) },
	{ OPTION_FLAG, 0, "dry-run", NULL, "print the command instead of running it",
	  offsetof(struct run_options, dry_run) },
	OPTION_TABLE_END,
};

/* --- what was built --- */

static bool is_file(const char *path)
{
	return access(path, F_OK) == 0;
}

static const char *without_suffix(const char *word, const char *suffix, struct arena *arena)
{
	size_t n = strlen(word), m = strlen(suffix);

	return n > m && strcmp(word + n - m, suffix) == 0 ? arena_strndup(arena, word, n - m) : NULL;
}

/* Where what is built to be run is kept: a directory for each thing that it is built from. */
static const char *output_of(const struct input *input, struct arena *arena, struct error *err)
{
	const char *cache = path_of_user(arena, "XDG_CACHE_HOME", ".cache", "slipway/run"), *directory;
	autofree char *real = realpath(input->path, NULL);
	const char *name = input->kind == INPUT_MANIFEST ? machine_name(input->path, arena) : input->name;
	struct digest digest;

	if (!real || !cache) {
		(void)error_set(err, "%s: there is no place to build it in; set XDG_CACHE_HOME", input->path);
		return NULL;
	}
	hash_bytes(real, strlen(real), &digest);
	directory = arena_printf(arena, "%s/%.16s", cache, digest_hex(&digest));
	return file_mkdirs(AT_FDCWD, directory, 0700, err) < 0 ? NULL : path_join(arena, directory, name);
}

/* What is not built yet, or, but for a manifest, may have changed: built first. Gives the prefix. */
static const char *build_first(const char *operand, const struct run_options *o, struct arena *arena, struct error *err)
{
	struct build_options build = {
		.format = o->format ? o->format : "kernel+squashfs", .store = o->store, .builder = o->builder, .pull = o->pull,
		.silent = true,
	};
	struct input input;

	input_find(operand, arena, &input);
	build.output = output_of(&input, arena, err);
	return build.output && build_image(&build, operand, err) == 0 ? build.output : NULL;
}

static bool is_input(const char *operand, struct arena *arena)
{
	struct input input;
	struct stat st;

	if (stat(operand, &st) < 0)
		return false;
	input_find(operand, arena, &input);
	return S_ISDIR(st.st_mode) || input.kind != INPUT_MANIFEST;
}

static bool is_manifest(const char *operand, struct arena *arena)
{
	return is_file(operand) && (without_suffix(operand, ".yml", arena) || without_suffix(operand, ".yaml", arena));
}

/* PREFIX, or what people give instead: one of the files, or the manifest that was built beside them. */
static const char *find_prefix(const char *operand, const struct run_options *o, struct arena *arena, struct error *err)
{
	static const char *const suffixes[] = { "",         "-kernel", "-vmlinux", "-initrd.img",      "-squashfs.img",
						"-cmdline", ".yml",    ".yaml",    "-firecracker.json" };

	if (is_input(operand, arena))
		return build_first(operand, o, arena, err);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		const char *prefix = without_suffix(operand, suffixes[i], arena);

		if (prefix && (is_file(arena_printf(arena, "%s-kernel", prefix)) || is_file(arena_printf(arena, "%s-vmlinux", prefix))))
			return prefix;
	}
	if (is_manifest(operand, arena))
		return build_first(operand, o, arena, err);
	(void)error_set(err, "there is no '%s-kernel'; make it with 'slipway build -o %s MANIFEST'", operand,
			operand);
	return NULL;
}

static int read_cmdline(const char *path, const struct option_list *more, struct arena *arena,
			const char **cmdline, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (file_read(AT_FDCWD, path, CMDLINE_FILE_MAX, &text, err) < 0)
		return -1;
	while (text.length > 0 && text.data[text.length - 1] == '\n')
		text.data[--text.length] = '\0';
	if (strlen(buffer_string(&text)) != text.length || strchr(buffer_string(&text), '\n'))
		return error_set(err, "'%s' is not one line of text", path);
	for (size_t i = 0; i < more->count; i++)
		buffer_printf(&text, "%s%s", text.length ? " " : "", more->items[i]);
	*cmdline = arena_strdup(arena, buffer_string(&text));
	return 0;
}

static int describe_files(struct qemu_vm *vm, const char *operand, const struct run_options *o,
			  struct arena *arena, const char **prefix_found, const char **root, struct error *err)
{
	const char *prefix = find_prefix(operand, o, arena, err), *machine;

	if (!prefix)
		return -1;
	*prefix_found = prefix;
	/* A kernel without a decompressor: for a machine without firmware. */
	vm->kernel = arena_printf(arena, "%s-vmlinux", prefix);
	machine = is_file(vm->kernel) ? "microvm" : "q35";
	if (!is_file(vm->kernel))
		vm->kernel = arena_printf(arena, "%s-kernel", prefix);
	vm->machine = qemu_machine_find(o->machine ? o->machine : machine, err);
	if (!vm->machine)
		return -1;
	vm->initrd = arena_printf(arena, "%s-initrd.img", prefix);
	if (!is_file(vm->initrd))
		vm->initrd = NULL;
	*root = arena_printf(arena, "%s-squashfs.img", prefix);
	if (!is_file(*root))
		*root = NULL;
	return read_cmdline(arena_printf(arena, "%s-cmdline", prefix), &o->cmdline, arena, &vm->cmdline, err);
}

/* --- the machine --- */

static int describe_disks(struct qemu_vm *vm, const char *root, const struct run_options *o,
			  struct arena *arena, struct error *err)
{
	struct qemu_disk *disks = arena_array(arena, o->disks.count + 1, sizeof(*disks));

	if (o->disks.count + (root ? 1 : 0) > vm->machine->disks_max)
		return error_set(err, "--disk: a machine of the kind '%s' takes %u disks%s", vm->machine->name, vm->machine->disks_max,
				 root ? ", and the image is one" : "");
	if (root)
		disks[vm->disks_count++] =
			(struct qemu_disk){ .path = root, .format = "raw", .readonly = true };
	for (size_t i = 0; i < o->disks.count; i++)
		if (qemu_disk_parse(o->disks.items[i], arena, &disks[vm->disks_count++], err) < 0)
			return -1;
	vm->disks = disks;
	return 0;
}

static int describe_ports(struct qemu_vm *vm, const char *prefix, const struct run_options *o, struct arena *arena,
			  struct error *err)
{
	struct option_list publish = { 0 };
	struct qemu_port *ports;

	vm->network = !o->no_network;
	if (o->no_network && o->publish.count)
		return error_set(err, "--publish needs the network that --no-network takes away");
	for (size_t i = 0; i < o->publish.count; i++)
		*(const char **)arena_push(arena, &publish.items, &publish.count, sizeof(*publish.items)) = o->publish.items[i];
	if (vm->network && ports_read(prefix, o->publish_all, &publish, arena, err) < 0)
		return -1;
	ports = arena_array(arena, publish.count + 1, sizeof(*ports));
	for (size_t i = 0; i < publish.count; i++)
		if (qemu_port_parse(publish.items[i], arena, &ports[i], err) < 0)
			return -1;
	vm->ports = ports;
	vm->ports_count = publish.count;
	return 0;
}

static int describe_credentials(struct qemu_vm *vm, const struct run_options *o, struct arena *arena, struct error *err)
{
	struct qemu_credential *credentials = arena_array(arena, o->credentials.count + 1, sizeof(*credentials));

	for (size_t i = 0; i < o->credentials.count; i++)
		if (qemu_credential_parse(o->credentials.items[i], arena, &credentials[i], err) < 0)
			return -1;
	vm->credentials = credentials;
	vm->credentials_count = o->credentials.count;
	return 0;
}

static int describe_accelerator(struct qemu_vm *vm, const struct run_options *o, struct error *err)
{
	const char *reason = NULL;
	enum qemu_kvm kvm;

	if (qemu_kvm_parse(o->kvm, &kvm, err) < 0)
		return -1;
	vm->kvm = kvm != QEMU_KVM_OFF && qemu_kvm_usable(&reason);
	if (kvm == QEMU_KVM_ON && !vm->kvm)
		return error_set(err, "--kvm on: %s", reason);
	if (reason && !o->dry_run)
		log_info("without KVM, so slower: %s", reason);
	return 0;
}

static int describe(struct qemu_vm *vm, const char *operand, const struct run_options *o, struct arena *arena,
		    struct error *err)
{
	const char *root, *prefix;

	if (o->vsock > 0 && o->vsock < 3)
		return error_set(err, "--vsock: numbers below 3 are not for machines");
	if (o->memory == 0 || o->cpus == 0)
		return error_set(err, "%s: expected a number above 0",
				 o->memory == 0 ? "--memory" : "--cpus");
	vm->cpu = o->cpu;
	vm->memory = o->memory;
	vm->cpus = o->cpus;
	vm->interactive = o->interactive;
	vm->log = o->log;
	vm->status_fd = vm->control_fd = -1;
	vm->vsock = o->vsock;
	if (describe_files(vm, operand, o, arena, &prefix, &root, err) < 0)
		return -1;
	vm->program = o->qemu ? o->qemu : vm->machine->program;
	if (describe_disks(vm, root, o, arena, err) < 0 || describe_ports(vm, prefix, o, arena, err) < 0 ||
	    describe_credentials(vm, o, arena, err) < 0)
		return -1;
	return describe_accelerator(vm, o, err);
}

static int boot(struct qemu_vm *vm, const char *name, const struct run_options *o, struct arena *arena, int *status,
		struct error *err)
{
	autoclose int ours = -1;
	struct qemu_run run = { .machine = vm->machine, .timeout = o->timeout };
	struct control_port port = { 0 };
	int pair[2], r;

	for (size_t i = 0; i < vm->ports_count; i++)
		if (qemu_port_check(&vm->ports[i], err) < 0)
			return -1;
	for (size_t i = 0; i < vm->disks_count; i++)
		if (qemu_disk_prepare(&vm->disks[i], err) < 0)
			return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, "cannot make the socket for the guest's status");
	ours = run.status_fd = pair[0];
	vm->status_fd = run.status_fd_guest = pair[1];
	/* A machine that cannot be steered runs all the same. */
	if (control_port_open(&port, name, arena, err) < 0)
		log_warning("without 'slipway ctl': %s", err->message);
	vm->control_fd = run.control_fd_guest = port.guest;
	run.argv = qemu_command(vm, arena);
	r = qemu_process_run(&run, status, err);
	control_port_close(&port);
	return r;
}

static int run(const char *operand, const struct run_options *o, struct arena *arena, int *status,
	       struct error *err)
{
	struct qemu_vm vm = { 0 };

	if (describe(&vm, operand, o, arena, err) < 0)
		return -1;
	if (!o->dry_run)
		return boot(&vm, machine_name(o->name ? o->name : operand, arena), o, arena, status, err);
	printf("%s\n", qemu_command_text(qemu_command(&vm, arena), arena));
	*status = 0;
	return 0;
}

static int run_main(int argc, char **argv)
{
	struct run_options o = { .memory = MEMORY_DEFAULT, .cpus = 1, .kvm = "auto" };
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
