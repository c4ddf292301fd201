/* SPDX-License-Identifier: Apache-2.0 */
/* Several machines from one file (`machines:`), as the commands have them: their images, and what QEMU is to be told of each. */
#ifndef SLIPWAY_CLUSTER_H
#define SLIPWAY_CLUSTER_H

#include "tools/mkimage/manifest/machines.h"
#include "tools/slipway/inputs.h"
#include "tools/slipway/vm.h"

/* None where the input is of one machine, which is not looked at any further. */
int cluster_read(const struct input *input, struct arena *arena, struct manifest_machines *machines, struct error *err);

/* The same of what a command is given, which may be a prefix. */
int cluster_read_operand(const char *operand, struct arena *arena, struct manifest_machines *machines, struct error *err);

/* What the files of one begin with: "out/app-db" of "out/app". */
const char *cluster_prefix(const char *prefix, const char *machine, struct arena *arena);

/* What would be one machine's is refused, by the name of the option. */
int cluster_check_options(const struct vm_options *options, struct error *err);

/*
 * The machine that was built at the prefix of all: vm_describe() with its own memory and CPUs, and its card on the network, which
 * is that of machines started by hand until `lan.group` is taken away and `lan.fd` given.
 */
int cluster_describe(struct qemu_vm *vm, const char *prefix, const struct manifest_machine *machine, const struct vm_options *options,
		     const char *words, struct arena *arena, struct error *err);

/* No two publish the same port of this host. */
int cluster_check_ports(const struct qemu_vm *vms, const struct manifest_machines *machines, struct error *err);

#endif
