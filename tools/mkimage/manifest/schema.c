/* SPDX-License-Identifier: Apache-2.0 */
/* The tables. The order of the keys is that of the manual page. */
#include "tools/mkimage/manifest/schema.h"

#include "base/cleanup.h"

/* KEY(struct, name, kind, member); LIST also needs its count and set members. */
#define KEY(type, key, kind_, member) \
	{ .name = key, .kind = FIELD_##kind_, .offset = offsetof(struct manifest##type, member) }
#define NOTED(type, key, kind_, member, note_) \
	{ .name = key, .kind = FIELD_##kind_, .offset = offsetof(struct manifest##type, member), .note = note_ }
#define IGNORED(key, note_) { .name = key, .kind = FIELD_IGNORED, .note = note_ }
#define NESTED(key, offset_, schema_) { .name = key, .kind = FIELD_STRUCT, .offset = offset_, .schema = schema_ }
#define MAPPINGS(type, key, member) \
	{ .name = key, .kind = FIELD_STRUCTS, .schema = &id_mapping, \
	  .offset = offsetof(struct manifest##type, member.items), \
	  .count = offsetof(struct manifest##type, member.count), .set = offsetof(struct manifest##type, member.set) }
#define LIST(type, key, member, schema_) \
	{ .name = key, .kind = FIELD_STRUCTS, .offset = offsetof(struct manifest##type, member), \
	  .count = offsetof(struct manifest##type, member##_count), .set = FIELD_NOWHERE, .schema = schema_ }
#define SET_LIST(type, key, member, schema_) \
	{ .name = key, .kind = FIELD_STRUCTS, .offset = offsetof(struct manifest##type, member), \
	  .count = offsetof(struct manifest##type, member##_count), \
	  .set = offsetof(struct manifest##type, member##_set), .schema = schema_ }

#define SCHEMA(type, at_, set_, fields_) \
	{ .size = sizeof(struct manifest##type), .at = at_, .set = set_, .fields = fields_, .count = ARRAY_SIZE(fields_) }
#define PLACED(type, fields_) SCHEMA(type, offsetof(struct manifest##type, at), FIELD_NOWHERE, fields_)
#define BARE(type, fields_)   SCHEMA(type, FIELD_NOWHERE, FIELD_NOWHERE, fields_)

static const char no_cgroup2[] = "cgroup v2 has nothing like it";

static const struct field id_mapping_fields[] = {
	KEY(_id_mapping, "containerID", INT, container_id),
	KEY(_id_mapping, "hostID", INT, host_id),
	KEY(_id_mapping, "size", INT, size),
};
static const struct schema id_mapping = PLACED(_id_mapping, id_mapping_fields);

static const struct field mount_fields[] = {
	KEY(_mount, "type", TEXT, type),
	KEY(_mount, "source", TEXT, source),
	KEY(_mount, "destination", TEXT, destination),
	KEY(_mount, "options", STRINGS, options),
	MAPPINGS(_mount, "uidmappings", uid_mappings),
	MAPPINGS(_mount, "gidmappings", gid_mappings),
};
static const struct schema mount = PLACED(_mount, mount_fields);

static const struct field device_fields[] = {
	KEY(_device, "path", TEXT, path),
	KEY(_device, "type", TEXT, type),
	KEY(_device, "major", INT, major),
	KEY(_device, "minor", INT, minor),
	KEY(_device, "mode", TEXT, mode),
};
static const struct schema device = PLACED(_device, device_fields);

static const struct field device_rule_fields[] = {
	KEY(_device_rule, "allow", BOOL, allow),
	KEY(_device_rule, "type", TEXT, type),
	KEY(_device_rule, "major", INT, major),
	KEY(_device_rule, "minor", INT, minor),
	KEY(_device_rule, "access", TEXT, access),
};
static const struct schema device_rule = PLACED(_device_rule, device_rule_fields);

/* `resources`: runtime-spec config-linux.md, "Control groups", flattened into one struct. */

static const struct field memory_fields[] = {
	KEY(_resources, "limit", INT, memory_limit),
	KEY(_resources, "reservation", INT, memory_reservation),
	KEY(_resources, "swap", INT, memory_swap),
	NOTED(_resources, "disableOOMKiller", BOOL, disable_oom_killer, no_cgroup2),
	IGNORED("kernel", no_cgroup2),
	IGNORED("kernelTCP", no_cgroup2),
	IGNORED("swappiness", no_cgroup2),
};
static const struct schema memory = BARE(_resources, memory_fields);

static const struct field cpu_fields[] = {
	KEY(_resources, "shares", INT, cpu_shares),
	KEY(_resources, "quota", INT, cpu_quota),
	KEY(_resources, "period", INT, cpu_period),
	KEY(_resources, "cpus", STRING, cpuset_cpus),
	KEY(_resources, "mems", STRING, cpuset_mems),
	IGNORED("realtimeRuntime", no_cgroup2),
	IGNORED("realtimePeriod", no_cgroup2),
};
static const struct schema cpu = BARE(_resources, cpu_fields);

static const struct field pids_fields[] = { KEY(_resources, "limit", INT, pids_limit) };
static const struct schema pids = BARE(_resources, pids_fields);

static const struct field weight_device_fields[] = {
	KEY(_weight_device, "major", INT, major),
	KEY(_weight_device, "minor", INT, minor),
	KEY(_weight_device, "weight", INT, weight),
	IGNORED("leafWeight", no_cgroup2),
};
static const struct schema weight_device = PLACED(_weight_device, weight_device_fields);

static const struct field throttle_device_fields[] = {
	KEY(_throttle_device, "major", INT, major),
	KEY(_throttle_device, "minor", INT, minor),
	KEY(_throttle_device, "rate", INT, rate),
};
static const struct schema throttle_device = PLACED(_throttle_device, throttle_device_fields);

static const struct field blockio_fields[] = {
	KEY(_resources, "weight", INT, block_io_weight),
	IGNORED("leafWeight", no_cgroup2),
	LIST(_resources, "weightDevice", weight_devices, &weight_device),
	LIST(_resources, "throttleReadBpsDevice", read_bps, &throttle_device),
	LIST(_resources, "throttleWriteBpsDevice", write_bps, &throttle_device),
	LIST(_resources, "throttleReadIOPSDevice", read_iops, &throttle_device),
	LIST(_resources, "throttleWriteIOPSDevice", write_iops, &throttle_device),
};
static const struct schema blockio = BARE(_resources, blockio_fields);

static const struct field hugepage_limit_fields[] = {
	KEY(_hugepage_limit, "pageSize", TEXT, page_size),
	KEY(_hugepage_limit, "limit", INT, limit),
};
static const struct schema hugepage_limit = PLACED(_hugepage_limit, hugepage_limit_fields);

static const struct field resources_fields[] = {
	LIST(_resources, "devices", devices, &device_rule),
	NESTED("memory", 0, &memory),
	NESTED("cpu", 0, &cpu),
	NESTED("pids", 0, &pids),
	NESTED("blockio", 0, &blockio),
	LIST(_resources, "hugepageLimits", hugepage_limits, &hugepage_limit),
	IGNORED("network", no_cgroup2),
};
static const struct schema resources =
	SCHEMA(_resources, FIELD_NOWHERE, offsetof(struct manifest_resources, set), resources_fields);

static const struct field interface_fields[] = {
	KEY(_interface, "name", TEXT, name),
	KEY(_interface, "add", TEXT, add),
	KEY(_interface, "peer", TEXT, peer),
	KEY(_interface, "createInRoot", FLAG, create_in_root),
};
static const struct schema interface = PLACED(_interface, interface_fields);

static const char *const namespace_names[] = { "cgroup", "ipc", "mnt", "net", "pid", "user", "uts", NULL };

static const struct field runtime_fields[] = {
	KEY(_runtime, "cgroups", STRINGS, cgroups),
	SET_LIST(_runtime, "mounts", mounts, &mount),
	KEY(_runtime, "mkdir", STRINGS, mkdir),
	SET_LIST(_runtime, "interfaces", interfaces, &interface),
	{ .name = "bindNS", .kind = FIELD_PAIRS, .offset = offsetof(struct manifest_runtime, bind_ns),
	  .keys = namespace_names },
	NOTED(_runtime, "namespace", STRING, namespace_, "there is no containerd"),
	KEY(_runtime, "noRestart", BOOL, no_restart),
};
static const struct schema runtime = BARE(_runtime, runtime_fields);

static const struct field container_fields[] = {
	KEY(_container, "name", STRING, name),
	KEY(_container, "image", STRING, image),
	KEY(_container, "command", STRINGS, command),
	KEY(_container, "env", STRINGS, env),
	KEY(_container, "cwd", STRING, cwd),
	KEY(_container, "uid", ID, uid),
	KEY(_container, "gid", ID, gid),
	KEY(_container, "additionalGids", STRINGS, additional_gids),
	KEY(_container, "capabilities", STRINGS, capabilities),
	KEY(_container, "capabilities.add", STRINGS, capabilities_add),
	KEY(_container, "ambient", STRINGS, ambient),
	KEY(_container, "noNewPrivileges", BOOL, no_new_privileges),
	KEY(_container, "binds", STRINGS, binds),
	KEY(_container, "binds.add", STRINGS, binds_add),
	KEY(_container, "tmpfs", STRINGS, tmpfs),
	SET_LIST(_container, "mounts", mounts, &mount),
	SET_LIST(_container, "devices", devices, &device),
	KEY(_container, "readonly", BOOL, readonly),
	KEY(_container, "maskedPaths", STRINGS, masked_paths),
	KEY(_container, "readonlyPaths", STRINGS, readonly_paths),
	KEY(_container, "rootfsPropagation", STRING, rootfs_propagation),
	KEY(_container, "net", STRING, net),
	KEY(_container, "pid", STRING, pid),
	KEY(_container, "ipc", STRING, ipc),
	KEY(_container, "uts", STRING, uts),
	KEY(_container, "userns", STRING, userns),
	KEY(_container, "cgroupns", STRING, cgroupns),
	KEY(_container, "hostname", STRING, hostname),
	MAPPINGS(_container, "uidMappings", uid_mappings),
	MAPPINGS(_container, "gidMappings", gid_mappings),
	KEY(_container, "rlimits", STRINGS, rlimits),
	KEY(_container, "oomScoreAdj", INT, oom_score_adj),
	NOTED(_container, "disableOOMKiller", BOOL, disable_oom_killer, no_cgroup2),
	KEY(_container, "cgroupsPath", STRING, cgroups_path),
	NESTED("resources", offsetof(struct manifest_container, resources), &resources),
	KEY(_container, "sysctl", PAIRS, sysctl),
	KEY(_container, "annotations", PAIRS, annotations),
	NESTED("runtime", offsetof(struct manifest_container, runtime), &runtime),
	KEY(_container, "restart", STRING, restart),
	KEY(_container, "on_exit", STRING, on_exit),
	KEY(_container, "on_failure", STRING, on_failure),
	KEY(_container, "stop_signal", STRING, stop_signal),
	KEY(_container, "stop_timeout", STRING, stop_timeout),
	KEY(_container, "seccomp", STRING, seccomp),
};
const struct schema schema_container = PLACED(_container, container_fields);

static const struct field file_fields[] = {
	KEY(_file, "path", STRING, path),
	KEY(_file, "directory", BOOL, directory),
	KEY(_file, "symlink", STRING, symlink),
	KEY(_file, "contents", STRING, contents),
	KEY(_file, "source", STRING, source),
	KEY(_file, "metadata", STRING, metadata),
	KEY(_file, "optional", BOOL, optional),
	KEY(_file, "mode", STRING, mode),
	KEY(_file, "uid", ID, uid),
	KEY(_file, "gid", ID, gid),
};
static const struct schema file = PLACED(_file, file_fields);

static const struct field volume_fields[] = {
	KEY(_volume, "name", STRING, name),
	KEY(_volume, "image", STRING, image),
	KEY(_volume, "readonly", BOOL, readonly),
	KEY(_volume, "format", STRING, format),
	KEY(_volume, "platforms", STRINGS, platforms),
};
static const struct schema volume = PLACED(_volume, volume_fields);

static const struct field kernel_fields[] = {
	KEY(_kernel, "image", STRING, image),
	KEY(_kernel, "cmdline", STRING, cmdline),
	KEY(_kernel, "binary", STRING, binary),
	KEY(_kernel, "tar", STRING, tar),
	KEY(_kernel, "ucode", STRING, ucode),
	KEY(_kernel, "modules", STRINGS, modules),
};
static const struct schema kernel = PLACED(_kernel, kernel_fields);

static const struct field trust_fields[] = {
	KEY(_trust, "image", STRINGS, image),
	KEY(_trust, "org", STRINGS, org),
};
static const struct schema trust = BARE(_trust, trust_fields);

#define CONTAINERS(key, member) \
	{ .name = key, .kind = FIELD_STRUCTS, .offset = offsetof(struct manifest, member.items), \
	  .count = offsetof(struct manifest, member.count), .set = FIELD_NOWHERE, .schema = &schema_container }

static const struct field manifest_fields[] = {
	NESTED("kernel", offsetof(struct manifest, kernel), &kernel),
	KEY(, "init", STRINGS, init),
	CONTAINERS("onboot", onboot),
	CONTAINERS("onshutdown", onshutdown),
	CONTAINERS("services", services),
	LIST(, "files", files, &file),
	LIST(, "volumes", volumes, &volume),
	{ .name = "trust", .kind = FIELD_STRUCT, .offset = offsetof(struct manifest, trust), .schema = &trust,
	  .note = "images are pinned by their digests" },
	KEY(, "hostname", STRING, hostname),
	KEY(, "on_failure", STRING, on_failure),
	KEY(, "sysctl", PAIRS, sysctl),
};
const struct schema schema_manifest = BARE(, manifest_fields);
