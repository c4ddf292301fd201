/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that `slipway run` and `slipway test` boot: options that both have, and what comes of them for QEMU. */
#ifndef SLIPWAY_VM_H
#define SLIPWAY_VM_H

#include "tools/slipway/build.h"
#include "tools/slipway/inputs.h"
#include "tools/slipway/qemu.h"

struct vm_options {
	unsigned int memory, cpus;
	struct option_list publish, cmdline, credentials;
	const char *machine, *kvm, *cpu, *qemu, *platform;
	bool no_network, publish_all;
	struct option_list disks;	/* `run` alone has the option */
	bool dry_run;			/* likewise */
	bool ports_stay;		/* what the image says of ports does not count: only `publish` does */
};

#define VM_OPTIONS_DEFAULT { .memory = 512, .cpus = 1, .kvm = "auto" }

/* Rows of an option table, for an options struct that has a `struct vm_options vm`. */
#define VM_OPTION_ROWS(type)                                                                                               \
	{ OPTION_UNSIGNED, 'm', "memory", "MB", "memory of the machine (default 512)", offsetof(type, vm.memory) },        \
	{ OPTION_UNSIGNED, 0, "cpus", "N", "number of CPUs (default 1)", offsetof(type, vm.cpus) },                        \
	{ OPTION_LIST, 'p', "publish", "HOST:GUEST", "forward a port of this machine to the guest (repeatable)",           \
	  offsetof(type, vm.publish) },                                                                                    \
	{ OPTION_LIST, 0, "cmdline", "WORDS", "append to the kernel command line (repeatable)", offsetof(type, vm.cmdline) }, \
	{ OPTION_LIST, 0, "credential", "NAME=VALUE", "hand a credential over; '@FILE' is the contents of a file (repeatable)", \
	  offsetof(type, vm.credentials) },                                                                                \
	{ OPTION_FLAG, 0, "no-network", NULL, "no network card", offsetof(type, vm.no_network) },                          \
	{ OPTION_STRING, 0, "kvm", "auto|on|off", "hardware virtualization (default auto: where it works)",                \
	  offsetof(type, vm.kvm) },                                                                                        \
	{ OPTION_STRING, 0, "machine", "NAME", "kind of machine: q35, microvm or virt (default: what the image was made for)",   \
	  offsetof(type, vm.machine) },                                                                                    \
	{ OPTION_STRING, 0, "cpu", "MODEL", "CPU model as QEMU names it", offsetof(type, vm.cpu) },                        \
	{ OPTION_STRING, 0, "qemu", "PATH", "the QEMU to use", offsetof(type, vm.qemu) },                                  \
	{ OPTION_STRING, 0, "platform", "OS/ARCH", "of what is built first: linux/amd64 or linux/arm64 (default: this machine's)", \
	  offsetof(type, vm.platform) }

/*
 * Where what `slipway build` wrote is at PREFIX: all of `vm` but for its lines. `words`, which may be NULL, go to the kernel's
 * command line besides.
 */
int vm_describe(struct qemu_vm *vm, const char *prefix, const struct vm_options *options, const char *words, struct arena *arena,
		struct error *err);

/* Ports are free, and disks there. */
int vm_prepare(const struct qemu_vm *vm, struct error *err);

bool vm_is_file(const char *path);

/* Builds what is only to be booted, as `how` says, which gets the place. The prefix, or NULL with the error. */
const char *vm_build(const char *operand, struct build_options *how, struct arena *arena, struct error *err);

/*
 * The prefix of what OPERAND names: it itself, one of the files, or the manifest that was built beside them. What is not built yet
 * or, but for a manifest, may have changed, is built first. NULL with the error.
 */
const char *vm_find(const char *operand, struct build_options *how, struct arena *arena, struct error *err);

/*
 * The prefix of what is built only to be booted: below the user's cache, in DIRECTORY a directory for each thing that it is
 * built from, which is made. NULL with the error.
 */
const char *vm_output(const struct input *input, const char *directory, struct arena *arena, struct error *err);

#endif
