/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of a machine as Firecracker's API has it (FullVmConfiguration of its firecracker.yaml). Files are named
 * without directories: firecracker is started where they are.
 */
#include "tools/mkimage/image/firecracker.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "oci/json.h"
#include "tools/mkimage/image/writers.h"

#define MEMORY_MIB 128			/* what a few services take; the file is there to be changed */
#define GUEST_CID 3			/* the first that is a guest's */

struct boot_source {
	const char *kernel_image_path, *boot_args;
};

struct drive {
	const char *drive_id, *path_on_host;
	bool is_root_device, is_read_only;
};

struct machine_config {
	uint32_t vcpu_count, mem_size_mib;
};

struct vsock {
	uint32_t guest_cid;
	const char *uds_path;
};

struct nothing {
	bool unused;
};

struct vm_configuration {
	struct boot_source boot_source;
	struct drive *drives;
	size_t drives_count;
	struct machine_config machine_config;
	struct nothing *network_interfaces;	/* of the host's making: to be filled in there */
	size_t network_interfaces_count;
	struct vsock *vsock;
	struct nothing entropy;
};

static const struct json_field boot_source_fields[] = {
	JSON_ROW("kernel_image_path", struct boot_source, kernel_image_path, JSON_REQUIRED),
	JSON_ROW("boot_args", struct boot_source, boot_args, JSON_ALWAYS),
};
static const struct json_type boot_source_type = JSON_TYPE(struct boot_source, boot_source_fields);

static const struct json_field drive_fields[] = {
	JSON_ROW("drive_id", struct drive, drive_id, JSON_REQUIRED),
	JSON_ROW("path_on_host", struct drive, path_on_host, JSON_REQUIRED),
	JSON_ROW("is_root_device", struct drive, is_root_device, JSON_ALWAYS),
	JSON_ROW("is_read_only", struct drive, is_read_only, JSON_ALWAYS),
};
static const struct json_type drive_type = JSON_TYPE(struct drive, drive_fields);

static const struct json_field machine_config_fields[] = {
	JSON_ROW("vcpu_count", struct machine_config, vcpu_count, JSON_ALWAYS),
	JSON_ROW("mem_size_mib", struct machine_config, mem_size_mib, JSON_ALWAYS),
};
static const struct json_type machine_config_type = JSON_TYPE(struct machine_config, machine_config_fields);

static const struct json_field vsock_fields[] = {
	JSON_ROW("guest_cid", struct vsock, guest_cid, JSON_ALWAYS),
	JSON_ROW("uds_path", struct vsock, uds_path, JSON_REQUIRED),
};
static const struct json_type vsock_type = JSON_TYPE(struct vsock, vsock_fields);

static const struct json_type nothing_type = { .size = sizeof(struct nothing), .item = JSON_KIND_OBJECT };

static const struct json_field fields[] = {
	JSON_ROW_OBJECT("boot-source", struct vm_configuration, boot_source, &boot_source_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("drives", struct vm_configuration, drives, drives_count, &drive_type, JSON_ALWAYS),
	JSON_ROW_OBJECT("machine-config", struct vm_configuration, machine_config, &machine_config_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("network-interfaces", struct vm_configuration, network_interfaces, network_interfaces_count, &nothing_type,
		       JSON_ALWAYS),
	JSON_ROW_POINTER("vsock", struct vm_configuration, vsock, &vsock_type),
	/* Random numbers early, from the host. */
	JSON_ROW_OBJECT("entropy", struct vm_configuration, entropy, &nothing_type, JSON_ALWAYS),
};
static const struct json_type type = JSON_TYPE(struct vm_configuration, fields);

int firecracker_write(const struct image_input *input, int fd, struct error *err)
{
	autobuffer struct buffer vmlinux = { 0 }, root = { 0 }, socket = { 0 };
	/* For a root device Firecracker adds `root=/dev/vda` behind our words: past the hashes. */
	struct drive drive = { .drive_id = "root", .is_root_device = !input->verity, .is_read_only = true };
	struct vsock vsock = { .guest_cid = GUEST_CID };
	struct vm_configuration configuration = {
		.boot_source.boot_args = input->cmdline,
		.drives = &drive, .drives_count = 1,
		.machine_config = { .vcpu_count = 1, .mem_size_mib = MEMORY_MIB },
		.vsock = input->vsock ? &vsock : NULL,
	};

	buffer_printf(&vmlinux, "%s-vmlinux", input->name);
	buffer_printf(&root, "%s-squashfs.img", input->name);
	buffer_printf(&socket, "%s.vsock", input->name);
	configuration.boot_source.kernel_image_path = buffer_string(&vmlinux);
	drive.path_on_host = buffer_string(&root);
	vsock.uds_path = buffer_string(&socket);
	return image_write_json(&type, &configuration, fd, err);
}
