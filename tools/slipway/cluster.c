/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/source/hash.h"
#include "tools/slipway/lan.h"
#include "tools/slipway/prefix.h"

_Static_assert(MANIFEST_MACHINES_MAX <= LAN_PORTS_MAX, "each machine has a port");

int cluster_read(const struct input *input, struct arena *arena, struct manifest_machines *machines, struct error *err)
{
	*machines = (struct manifest_machines){ 0 };
	/* Standard input is read once, by who builds it. */
	if (input->kind != INPUT_MANIFEST || strcmp(input->path, "-") == 0)
		return 0;
	return manifest_machines_read(input->path, arena, machines, err);
}

int cluster_read_operand(const char *operand, struct arena *arena, struct manifest_machines *machines, struct error *err)
{
	struct input input;

	*machines = (struct manifest_machines){ 0 };
	if (!vm_is_file(operand) || !prefix_is_of_manifest(operand))
		return 0;
	input_find(operand, arena, &input);
	return cluster_read(&input, arena, machines, err);
}

const char *cluster_prefix(const char *prefix, const char *machine, struct arena *arena)
{
	return arena_printf(arena, "%s-%s", prefix, machine);
}

int cluster_check_options(const struct vm_options *o, struct error *err)
{
	const struct {
		bool given;
		const char *option, *instead;
	} options[] = {
		{ o->publish.count > 0, "--publish", "; say it with 'ports' of a service" },
		{ o->publish_all, "--publish-all", "; say it with 'ports' of a service" },
		{ o->disks.count > 0, "--disk", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].given)
			return error_set(err, "%s: there are several machines, and it is one's%s", options[i].option, options[i].instead);
	return 0;
}

/* The same each time, and another one for other machines (RFC 2365, 6.2: of this organization). */
static const char *group_of(const char *prefix, struct arena *arena)
{
	autofree char *real = realpath(path_directory(arena, prefix), NULL);
	const char *whole = path_join(arena, real ? real : ".", path_base(prefix));
	struct digest digest;
	unsigned int bits;

	hash_bytes(whole, strlen(whole), &digest);
	bits = (unsigned int)strtoul(arena_strndup(arena, digest_hex(&digest), 7), NULL, 16);
	return arena_printf(arena, "239.192.%u.%u:%u", bits & 255, (bits >> 8) & 255, 20000 + (bits >> 16));
}

int cluster_describe(struct qemu_vm *vm, const char *prefix, const struct manifest_machine *machine, const struct vm_options *options,
		     const char *words, struct arena *arena, struct error *err)
{
	struct vm_options own = *options;

	if (machine->memory)
		own.memory = machine->memory;
	if (machine->cpus)
		own.cpus = machine->cpus;
	if (vm_describe(vm, cluster_prefix(prefix, machine->name, arena), &own, words, arena, err) < 0)
		return error_context(err, "machine '%s'", machine->name);
	vm->lan = (struct qemu_lan){ .mac = machine->manifest.lan.mac, .fd = -1, .group = group_of(prefix, arena) };
	return 0;
}

static bool is_same_port(const struct qemu_port *a, const struct qemu_port *b)
{
	static const char everywhere[] = "0.0.0.0";

	return a->host == b->host && strcmp(a->protocol, b->protocol) == 0 &&
	       (strcmp(a->address, b->address) == 0 || strcmp(a->address, everywhere) == 0 || strcmp(b->address, everywhere) == 0);
}

static const struct qemu_port *find_port(const struct qemu_vm *vm, const struct qemu_port *port)
{
	for (size_t i = 0; i < vm->ports_count; i++)
		if (is_same_port(&vm->ports[i], port))
			return &vm->ports[i];
	return NULL;
}

int cluster_check_ports(const struct qemu_vm *vms, const struct manifest_machines *machines, struct error *err)
{
	for (size_t i = 0; i < machines->count; i++)
		for (size_t k = 0; k < i; k++)
			for (size_t p = 0; p < vms[i].ports_count; p++)
				if (find_port(&vms[k], &vms[i].ports[p]))
					return error_set(err, "ports: '%s' of the machine '%s' is a port of this host that '%s' has already; give "
							 "it another, or none", vms[i].ports[p].text, machines->items[i].name,
							 machines->items[k].name);
	return 0;
}
