/* SPDX-License-Identifier: Apache-2.0 */
/* The description of a machine for KubeVirt: VirtualMachine of its API, kubevirt.io/v1. */
#include "tools/mkimage/image/kubevirt.h"

#include <ctype.h>

#include "oci/json.h"
#include "tools/mkimage/image/containerdisk.h"
#include "tools/mkimage/image/writers.h"

#define NAME_BYTES_MAX 63		/* RFC 1123, as Kubernetes has it */
#define MEMORY "256Mi"			/* what a few services take; the file is there to be changed */

struct nothing {
	bool unused;
};

struct disk_target {
	const char *bus;
	bool readonly;
};

struct disk {
	const char *name;
	struct disk_target disk;
};

struct interface {
	const char *name;
	struct nothing masquerade;
};

struct devices {
	struct disk *disks;
	size_t disks_count;
	struct interface *interfaces;
	size_t interfaces_count;
	struct nothing rng;
};

struct boot_container {
	const char *image, *kernel_path, *initrd_path;
};

struct kernel_boot {
	const char *kernel_args;
	struct boot_container container;
};

struct network {
	const char *name;
	struct nothing pod;
};

struct container_disk {
	const char *image, *path;
};

struct volume {
	const char *name;
	struct container_disk container_disk;
};

struct domain {
	const char *memory;
	struct kernel_boot kernel_boot;
	struct devices devices;
};

struct machine {
	struct domain domain;
	struct network *networks;
	size_t networks_count;
	struct volume *volumes;
	size_t volumes_count;
};

struct virtual_machine {
	const char *name, *run_strategy;
	struct machine machine;
};

static const struct json_type nothing_type = { .size = sizeof(struct nothing), .item = JSON_KIND_OBJECT };

static const struct json_field disk_target_fields[] = {
	JSON_ROW("bus", struct disk_target, bus, JSON_REQUIRED),
	JSON_ROW("readonly", struct disk_target, readonly, JSON_ALWAYS),
};
static const struct json_type disk_target_type = JSON_TYPE(struct disk_target, disk_target_fields);

static const struct json_field disk_fields[] = {
	JSON_ROW("name", struct disk, name, JSON_REQUIRED),
	JSON_ROW_OBJECT("disk", struct disk, disk, &disk_target_type, JSON_ALWAYS),
};
static const struct json_type disk_type = JSON_TYPE(struct disk, disk_fields);

static const struct json_field interface_fields[] = {
	JSON_ROW("name", struct interface, name, JSON_REQUIRED),
	JSON_ROW_OBJECT("masquerade", struct interface, masquerade, &nothing_type, JSON_ALWAYS),
};
static const struct json_type interface_type = JSON_TYPE(struct interface, interface_fields);

static const struct json_field devices_fields[] = {
	JSON_ROW_ARRAY("disks", struct devices, disks, disks_count, &disk_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("interfaces", struct devices, interfaces, interfaces_count, &interface_type, JSON_ALWAYS),
	/* Random numbers early, from the host. */
	JSON_ROW_OBJECT("rng", struct devices, rng, &nothing_type, JSON_ALWAYS),
};
static const struct json_type devices_type = JSON_TYPE(struct devices, devices_fields);

static const struct json_field boot_container_fields[] = {
	JSON_ROW("image", struct boot_container, image, JSON_REQUIRED),
	JSON_ROW("kernelPath", struct boot_container, kernel_path, JSON_REQUIRED),
	JSON_ROW("initrdPath", struct boot_container, initrd_path, JSON_REQUIRED),
};
static const struct json_type boot_container_type = JSON_TYPE(struct boot_container, boot_container_fields);

static const struct json_field kernel_boot_fields[] = {
	JSON_ROW("kernelArgs", struct kernel_boot, kernel_args, JSON_ALWAYS),
	JSON_ROW_OBJECT("container", struct kernel_boot, container, &boot_container_type, JSON_ALWAYS),
};
static const struct json_type kernel_boot_type = JSON_TYPE(struct kernel_boot, kernel_boot_fields);

static const struct json_field firmware_fields[] = {
	JSON_ROW_OBJECT("kernelBoot", struct domain, kernel_boot, &kernel_boot_type, JSON_ALWAYS),
};
static const struct json_type firmware_type = JSON_TYPE(struct domain, firmware_fields);

static const struct json_field memory_fields[] = { JSON_ROW("guest", struct domain, memory, JSON_REQUIRED) };
static const struct json_type memory_type = JSON_TYPE(struct domain, memory_fields);

static const struct json_field domain_fields[] = {
	JSON_ROW_INLINE("memory", &memory_type, JSON_ALWAYS),
	JSON_ROW_INLINE("firmware", &firmware_type, JSON_ALWAYS),
	JSON_ROW_OBJECT("devices", struct domain, devices, &devices_type, JSON_ALWAYS),
};
static const struct json_type domain_type = JSON_TYPE(struct domain, domain_fields);

static const struct json_field network_fields[] = {
	JSON_ROW("name", struct network, name, JSON_REQUIRED),
	JSON_ROW_OBJECT("pod", struct network, pod, &nothing_type, JSON_ALWAYS),
};
static const struct json_type network_type = JSON_TYPE(struct network, network_fields);

static const struct json_field container_disk_fields[] = {
	JSON_ROW("image", struct container_disk, image, JSON_REQUIRED),
	JSON_ROW("path", struct container_disk, path, JSON_REQUIRED),
};
static const struct json_type container_disk_type = JSON_TYPE(struct container_disk, container_disk_fields);

static const struct json_field volume_fields[] = {
	JSON_ROW("name", struct volume, name, JSON_REQUIRED),
	JSON_ROW_OBJECT("containerDisk", struct volume, container_disk, &container_disk_type, JSON_ALWAYS),
};
static const struct json_type volume_type = JSON_TYPE(struct volume, volume_fields);

static const struct json_field machine_fields[] = {
	JSON_ROW_OBJECT("domain", struct machine, domain, &domain_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("networks", struct machine, networks, networks_count, &network_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("volumes", struct machine, volumes, volumes_count, &volume_type, JSON_ALWAYS),
};
static const struct json_type machine_type = JSON_TYPE(struct machine, machine_fields);

static const struct json_field template_fields[] = {
	JSON_ROW_OBJECT("spec", struct virtual_machine, machine, &machine_type, JSON_ALWAYS),
};
static const struct json_type template_type = JSON_TYPE(struct virtual_machine, template_fields);

static const struct json_field spec_fields[] = {
	JSON_ROW("runStrategy", struct virtual_machine, run_strategy, JSON_REQUIRED),
	JSON_ROW_INLINE("template", &template_type, JSON_ALWAYS),
};
static const struct json_type spec_type = JSON_TYPE(struct virtual_machine, spec_fields);

static const struct json_field metadata_fields[] = { JSON_ROW("name", struct virtual_machine, name, JSON_REQUIRED) };
static const struct json_type metadata_type = JSON_TYPE(struct virtual_machine, metadata_fields);

static const char *const api_version[] = { "kubevirt.io/v1", NULL }, *const kind[] = { "VirtualMachine", NULL };

static const struct json_field fields[] = {
	JSON_ROW_CONSTANT("apiVersion", .words = api_version),
	JSON_ROW_CONSTANT("kind", .words = kind),
	JSON_ROW_INLINE("metadata", &metadata_type, JSON_ALWAYS),
	JSON_ROW_INLINE("spec", &spec_type, JSON_ALWAYS),
};
static const struct json_type type = JSON_TYPE(struct virtual_machine, fields);

const char *kubevirt_name(const char *name, struct arena *arena)
{
	char *out = arena_alloc(arena, NAME_BYTES_MAX + 1);
	size_t n = 0;

	for (; *name && n < NAME_BYTES_MAX; name++) {
		if (isalnum((unsigned char)*name))
			out[n++] = (char)tolower((unsigned char)*name);
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	return n > 0 ? out : "slipway";
}

int kubevirt_write(const struct image_input *input, int fd, struct error *err)
{
	struct arena arena = { 0 };
	const char *name = kubevirt_name(input->name, &arena), *image = arena_printf(&arena, "%s:latest", name);
	struct disk disk = { "root", { "virtio", true } };
	struct interface interface = { .name = "default" };
	struct network network = { .name = "default" };
	struct volume volume = { "root", { image, KUBEVIRT_DISK } };
	struct virtual_machine vm = {
		.name = name,
		.run_strategy = "Always",
		.machine = {
			.domain = {
				.memory = MEMORY,
				.kernel_boot = { input->cmdline, { image, KUBEVIRT_KERNEL, KUBEVIRT_INITRD } },
				.devices = { .disks = &disk, .disks_count = 1, .interfaces = &interface, .interfaces_count = 1 },
			},
			.networks = &network, .networks_count = 1,
			.volumes = &volume, .volumes_count = 1,
		},
	};
	int r = image_write_json(&type, &vm, fd, err);

	arena_release(&arena);
	return r;
}
