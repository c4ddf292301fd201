/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of a machine as Cloud Hypervisor's API has it (VmConfig of its cloud-hypervisor.yaml). Files are named without
 * directories: cloud-hypervisor is started where they are. A card is of the host's making, and to be filled in there.
 */
#include "tools/mkimage/image/cloud_hypervisor.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "oci/json.h"
#include "tools/mkimage/image/writers.h"

#define MEMORY_BYTES (256ull << 20)	/* what a few services take; the file is there to be changed */
#define GUEST_CID 3			/* the first that is a guest's */

struct cpus {
	uint32_t boot_vcpus, max_vcpus;
};

struct memory {
	uint64_t size;
};

struct payload {
	const char *kernel, *cmdline;
};

struct disk {
	const char *path;
	bool readonly;
	const char *id;
};

struct rng {
	const char *src;
};

struct line {
	const char *mode;
};

struct vsock {
	uint64_t cid;
	const char *socket;
};

struct vm_config {
	struct cpus cpus;
	struct memory memory;
	struct payload payload;
	struct disk *disks;
	size_t disks_count;
	struct rng rng;
	struct line serial, console;
	struct vsock *vsock;
};

static const struct json_field cpus_fields[] = {
	JSON_ROW("boot_vcpus", struct cpus, boot_vcpus, JSON_ALWAYS),
	JSON_ROW("max_vcpus", struct cpus, max_vcpus, JSON_ALWAYS),
};
static const struct json_type cpus_type = JSON_TYPE(struct cpus, cpus_fields);

static const struct json_field memory_fields[] = { JSON_ROW("size", struct memory, size, JSON_ALWAYS) };
static const struct json_type memory_type = JSON_TYPE(struct memory, memory_fields);

static const struct json_field payload_fields[] = {
	JSON_ROW("kernel", struct payload, kernel, JSON_REQUIRED),
	JSON_ROW("cmdline", struct payload, cmdline, JSON_ALWAYS),
};
static const struct json_type payload_type = JSON_TYPE(struct payload, payload_fields);

static const struct json_field disk_fields[] = {
	JSON_ROW("path", struct disk, path, JSON_REQUIRED),
	JSON_ROW("readonly", struct disk, readonly, JSON_ALWAYS),
	JSON_ROW("id", struct disk, id, 0),
};
static const struct json_type disk_type = JSON_TYPE(struct disk, disk_fields);

static const struct json_field rng_fields[] = { JSON_ROW("src", struct rng, src, JSON_REQUIRED) };
static const struct json_type rng_type = JSON_TYPE(struct rng, rng_fields);

static const struct json_field line_fields[] = { JSON_ROW("mode", struct line, mode, JSON_REQUIRED) };
static const struct json_type line_type = JSON_TYPE(struct line, line_fields);

static const struct json_field vsock_fields[] = {
	JSON_ROW("cid", struct vsock, cid, JSON_ALWAYS),
	JSON_ROW("socket", struct vsock, socket, JSON_REQUIRED),
};
static const struct json_type vsock_type = JSON_TYPE(struct vsock, vsock_fields);

static const struct json_field fields[] = {
	JSON_ROW_OBJECT("cpus", struct vm_config, cpus, &cpus_type, JSON_ALWAYS),
	JSON_ROW_OBJECT("memory", struct vm_config, memory, &memory_type, JSON_ALWAYS),
	JSON_ROW_OBJECT("payload", struct vm_config, payload, &payload_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("disks", struct vm_config, disks, disks_count, &disk_type, JSON_ALWAYS),
	/* Random numbers early, from the host. */
	JSON_ROW_OBJECT("rng", struct vm_config, rng, &rng_type, JSON_ALWAYS),
	JSON_ROW_OBJECT("serial", struct vm_config, serial, &line_type, JSON_ALWAYS),
	JSON_ROW_OBJECT("console", struct vm_config, console, &line_type, JSON_ALWAYS),
	JSON_ROW_POINTER("vsock", struct vm_config, vsock, &vsock_type),
};
static const struct json_type type = JSON_TYPE(struct vm_config, fields);

int cloud_hypervisor_write(const struct image_input *input, int fd, struct error *err)
{
	autobuffer struct buffer vmlinux = { 0 }, root = { 0 }, socket = { 0 };
	struct disk disk = { .readonly = true, .id = "root" };
	struct vsock vsock = { .cid = GUEST_CID };
	struct vm_config config = {
		.cpus = { 1, 1 },
		.memory.size = MEMORY_BYTES,
		.payload.cmdline = input->cmdline,
		.disks = &disk, .disks_count = 1,
		.rng.src = "/dev/urandom",
		/* The serial line is the kernel's console; the other one, of virtio, nobody asked for. */
		.serial.mode = "Tty", .console.mode = "Off",
		.vsock = input->vsock ? &vsock : NULL,
	};

	buffer_printf(&vmlinux, "%s-vmlinux", input->name);
	buffer_printf(&root, "%s-squashfs.img", input->name);
	buffer_printf(&socket, "%s.vsock", input->name);
	config.payload.kernel = buffer_string(&vmlinux);
	disk.path = buffer_string(&root);
	vsock.socket = buffer_string(&socket);
	return image_write_json(&type, &config, fd, err);
}
