/* SPDX-License-Identifier: Apache-2.0 */
/* "linux" of config.json: runtime-spec 1.3, config-linux.md. The order of the rows is that of specs-go. */
#include "oci/config_linux.h"

#include <string.h>

static const struct json_field id_mapping_fields[] = {
	JSON_ROW("containerID", struct oci_id_mapping, container_id, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("hostID", struct oci_id_mapping, host_id, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("size", struct oci_id_mapping, size, JSON_REQUIRED | JSON_ALWAYS),
};
const struct json_type oci_id_mapping_type = JSON_TYPE(struct oci_id_mapping, id_mapping_fields);

#define NAMESPACES_MAX 64		/* the kernel knows 8 */

static const char *const namespace_types[] = { "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time",
					       NULL };
static const struct json_field namespace_fields[] = {
	JSON_ROW("type", struct oci_namespace, type, JSON_REQUIRED, .words = namespace_types),
	JSON_ROW("path", struct oci_namespace, path, JSON_ABSOLUTE),
};
static const struct json_type namespace_type = JSON_TYPE(struct oci_namespace, namespace_fields);

/* --- devices ----------------------------------------------------------------------------------- */

static const char *const device_types[] = { "c", "b", "u", "p", NULL };
static const struct json_field device_fields[] = {
	JSON_ROW("path", struct oci_device, path, JSON_REQUIRED),
	JSON_ROW("type", struct oci_device, type, JSON_REQUIRED, .words = device_types),
	JSON_ROW_HAS("major", struct oci_device, major, 0),
	JSON_ROW_HAS("minor", struct oci_device, minor, 0),
	JSON_ROW_HAS("fileMode", struct oci_device, file_mode, 0),
	JSON_ROW_HAS("uid", struct oci_device, uid, 0),
	JSON_ROW_HAS("gid", struct oci_device, gid, 0),
};

/* config-linux.md, "Devices": REQUIRED unless `type` is `p`. */
static int check_device(const void *value, const struct json_place *place, struct error *err)
{
	const struct oci_device *device = value;

	if (*device->type == 'p' || (device->has_major && device->has_minor))
		return 0;
	return json_error(place, device->has_major ? "minor" : "major", err, "is missing");
}

static const struct json_type device_type = JSON_TYPE(struct oci_device, device_fields, .check = check_device);

static const char *const device_rule_types[] = { "a", "b", "c", NULL };
static const struct json_field device_rule_fields[] = {
	JSON_ROW("allow", struct oci_device_rule, allow, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("type", struct oci_device_rule, type, 0, .words = device_rule_types),
	JSON_ROW_HAS("major", struct oci_device_rule, major, 0),
	JSON_ROW_HAS("minor", struct oci_device_rule, minor, 0),
	JSON_ROW("access", struct oci_device_rule, access, 0),
};
static const struct json_type device_rule_type = JSON_TYPE(struct oci_device_rule, device_rule_fields);

/* --- resources --------------------------------------------------------------------------------- */

static const struct json_field memory_fields[] = {
	JSON_ROW("limit", struct oci_resources, memory_limit, 0),
	JSON_ROW("reservation", struct oci_resources, memory_reservation, 0),
	JSON_ROW("swap", struct oci_resources, memory_swap, 0),
	JSON_ROW("kernel", struct oci_resources, memory_kernel, 0),
	JSON_ROW("kernelTCP", struct oci_resources, memory_kernel_tcp, 0),
	JSON_ROW("swappiness", struct oci_resources, swappiness, JSON_UNSIGNED),
	JSON_ROW("disableOOMKiller", struct oci_resources, disable_oom_killer, 0),
	JSON_ROW("useHierarchy", struct oci_resources, use_hierarchy, 0),
	JSON_ROW("checkBeforeUpdate", struct oci_resources, check_before_update, 0),
};
static const struct json_type memory_type = JSON_TYPE(struct oci_resources, memory_fields);

static const struct json_field cpu_fields[] = {
	JSON_ROW("shares", struct oci_resources, cpu_shares, JSON_UNSIGNED),
	JSON_ROW("quota", struct oci_resources, cpu_quota, 0),
	JSON_ROW("burst", struct oci_resources, cpu_burst, JSON_UNSIGNED),
	JSON_ROW("period", struct oci_resources, cpu_period, JSON_UNSIGNED),
	JSON_ROW("realtimeRuntime", struct oci_resources, cpu_realtime_runtime, 0),
	JSON_ROW("realtimePeriod", struct oci_resources, cpu_realtime_period, JSON_UNSIGNED),
	JSON_ROW("cpus", struct oci_resources, cpuset_cpus, 0),
	JSON_ROW("mems", struct oci_resources, cpuset_mems, 0),
	JSON_ROW("idle", struct oci_resources, cpu_idle, 0),
};
static const struct json_type cpu_type = JSON_TYPE(struct oci_resources, cpu_fields);

static const struct json_field pids_fields[] = {
	JSON_ROW("limit", struct oci_resources, pids_limit, 0),
};
static const struct json_type pids_type = JSON_TYPE(struct oci_resources, pids_fields);

static const struct json_field weight_device_fields[] = {
	JSON_ROW("major", struct oci_weight_device, major, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("minor", struct oci_weight_device, minor, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("weight", struct oci_weight_device, weight, JSON_UNSIGNED),
	JSON_ROW("leafWeight", struct oci_weight_device, leaf_weight, JSON_UNSIGNED),
};
static const struct json_type weight_device_type = JSON_TYPE(struct oci_weight_device, weight_device_fields);

static const struct json_field throttle_device_fields[] = {
	JSON_ROW("major", struct oci_throttle_device, major, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("minor", struct oci_throttle_device, minor, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("rate", struct oci_throttle_device, rate, JSON_REQUIRED | JSON_ALWAYS),
};
static const struct json_type throttle_device_type = JSON_TYPE(struct oci_throttle_device, throttle_device_fields);

#define THROTTLE(key, member) \
	JSON_ROW_ARRAY(key, struct oci_resources, member.items, member.count, &throttle_device_type, 0)

static const struct json_field block_io_fields[] = {
	JSON_ROW("weight", struct oci_resources, block_io_weight, JSON_UNSIGNED),
	JSON_ROW("leafWeight", struct oci_resources, block_io_leaf_weight, JSON_UNSIGNED),
	JSON_ROW_ARRAY("weightDevice", struct oci_resources, weight_devices, weight_devices_count,
		       &weight_device_type, 0),
	THROTTLE("throttleReadBpsDevice", read_bps),
	THROTTLE("throttleWriteBpsDevice", write_bps),
	THROTTLE("throttleReadIOPSDevice", read_iops),
	THROTTLE("throttleWriteIOPSDevice", write_iops),
};
static const struct json_type block_io_type = JSON_TYPE(struct oci_resources, block_io_fields);

static const struct json_field hugepage_limit_fields[] = {
	JSON_ROW("pageSize", struct oci_hugepage_limit, page_size, JSON_REQUIRED),
	JSON_ROW("limit", struct oci_hugepage_limit, limit, JSON_REQUIRED | JSON_ALWAYS),
};
static const struct json_type hugepage_limit_type = JSON_TYPE(struct oci_hugepage_limit, hugepage_limit_fields);

static const struct json_field interface_priority_fields[] = {
	JSON_ROW("name", struct oci_interface_priority, name, JSON_REQUIRED),
	JSON_ROW("priority", struct oci_interface_priority, priority, JSON_REQUIRED | JSON_ALWAYS),
};
static const struct json_type interface_priority_type =
	JSON_TYPE(struct oci_interface_priority, interface_priority_fields);

static const struct json_field network_fields[] = {
	JSON_ROW("classID", struct oci_resources, network_class_id, JSON_UNSIGNED),
	JSON_ROW_ARRAY("priorities", struct oci_resources, network_priorities, network_priorities_count,
		       &interface_priority_type, 0),
};
static const struct json_type network_type = JSON_TYPE(struct oci_resources, network_fields);

static const struct json_field rdma_fields[] = {
	JSON_ROW("hcaHandles", struct oci_rdma_limit, hca_handles, JSON_UNSIGNED),
	JSON_ROW("hcaObjects", struct oci_rdma_limit, hca_objects, JSON_UNSIGNED),
};
static const struct json_type rdma_type = JSON_TYPE(struct oci_rdma_limit, rdma_fields);
_Static_assert(offsetof(struct oci_rdma_limit, device) == 0, "JSON_KIND_MAP puts the key first");

static const struct json_field resources_fields[] = {
	JSON_ROW_ARRAY("devices", struct oci_resources, devices, devices_count, &device_rule_type, 0),
	JSON_ROW_INLINE("memory", &memory_type, 0),
	JSON_ROW_INLINE("cpu", &cpu_type, 0),
	JSON_ROW_INLINE("pids", &pids_type, 0),
	JSON_ROW_INLINE("blockIO", &block_io_type, 0),
	JSON_ROW_ARRAY("hugepageLimits", struct oci_resources, hugepage_limits, hugepage_limits_count,
		       &hugepage_limit_type, 0),
	JSON_ROW_INLINE("network", &network_type, 0),
	JSON_ROW_MAP("rdma", struct oci_resources, rdma, rdma_count, &rdma_type),
	JSON_ROW("unified", struct oci_resources, unified, 0),
};

static int check_resources(const void *value, const struct json_place *place, struct error *err)
{
	const struct oci_resources *r = value;

	if (r->swappiness.set && r->swappiness.value > 100)
		return json_error(place, "memory.swappiness", err, "expected an integer from 0 to 100, got %lld",
				  (long long)r->swappiness.value);
	return 0;
}

static const struct json_type resources_type =
	JSON_TYPE(struct oci_resources, resources_fields, .check = check_resources);

/* --- seccomp ----------------------------------------------------------------------------------- */

static const struct json_field seccomp_arg_fields[] = {
	JSON_ROW("index", struct oci_seccomp_arg, index, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("value", struct oci_seccomp_arg, value, JSON_REQUIRED | JSON_ALWAYS),
	JSON_ROW("valueTwo", struct oci_seccomp_arg, value_two, 0),
	JSON_ROW("op", struct oci_seccomp_arg, op, JSON_REQUIRED),
};
static const struct json_type seccomp_arg_type = JSON_TYPE(struct oci_seccomp_arg, seccomp_arg_fields);

static const struct json_field seccomp_rule_fields[] = {
	JSON_ROW("names", struct oci_seccomp_rule, names, JSON_REQUIRED),
	JSON_ROW("action", struct oci_seccomp_rule, action, JSON_REQUIRED),
	JSON_ROW_HAS("errnoRet", struct oci_seccomp_rule, errno_ret, 0),
	JSON_ROW_ARRAY("args", struct oci_seccomp_rule, args, args_count, &seccomp_arg_type, 0),
};
static const struct json_type seccomp_rule_type = JSON_TYPE(struct oci_seccomp_rule, seccomp_rule_fields);

static const struct json_field seccomp_fields[] = {
	JSON_ROW("defaultAction", struct oci_seccomp, default_action, JSON_REQUIRED),
	JSON_ROW_HAS("defaultErrnoRet", struct oci_seccomp, default_errno_ret, 0),
	JSON_ROW("architectures", struct oci_seccomp, architectures, 0),
	JSON_ROW("flags", struct oci_seccomp, flags, 0),
	JSON_ROW("listenerPath", struct oci_seccomp, listener_path, 0),
	JSON_ROW("listenerMetadata", struct oci_seccomp, listener_metadata, 0),
	JSON_ROW_ARRAY("syscalls", struct oci_seccomp, syscalls, syscalls_count, &seccomp_rule_type, 0),
};

static int check_seccomp(const void *value, const struct json_place *place, struct error *err)
{
	const struct oci_seccomp *seccomp = value;

	if (seccomp->listener_metadata && !seccomp->listener_path)
		return json_error(place, "listenerMetadata", err, "must not be there without listenerPath");
	return 0;
}

static const struct json_type seccomp_type = JSON_TYPE(struct oci_seccomp, seccomp_fields, .check = check_seccomp);

/* --- what few containers set ------------------------------------------------------------------- */

static const struct json_field net_device_fields[] = {
	JSON_ROW("name", struct oci_net_device, name, 0),
};
static const struct json_type net_device_type = JSON_TYPE(struct oci_net_device, net_device_fields);
_Static_assert(offsetof(struct oci_net_device, host_name) == 0, "JSON_KIND_MAP puts the key first");

static const struct json_field intel_rdt_fields[] = {
	JSON_ROW("closID", struct oci_intel_rdt, clos_id, 0),
	JSON_ROW("schemata", struct oci_intel_rdt, schemata, 0),
	JSON_ROW("l3CacheSchema", struct oci_intel_rdt, l3_cache_schema, 0),
	JSON_ROW("memBwSchema", struct oci_intel_rdt, mem_bw_schema, 0),
	JSON_ROW("enableMonitoring", struct oci_intel_rdt, enable_monitoring, 0),
};
static const struct json_type intel_rdt_type = JSON_TYPE(struct oci_intel_rdt, intel_rdt_fields);

static const struct json_field memory_policy_fields[] = {
	JSON_ROW("mode", struct oci_memory_policy, mode, JSON_REQUIRED),
	JSON_ROW("nodes", struct oci_memory_policy, nodes, 0),
	JSON_ROW("flags", struct oci_memory_policy, flags, 0),
};
static const struct json_type memory_policy_type = JSON_TYPE(struct oci_memory_policy, memory_policy_fields);

static const char *const personality_domains[] = { "LINUX", "LINUX32", NULL };
static const struct json_field personality_fields[] = {
	JSON_ROW("domain", struct oci_personality, domain, JSON_REQUIRED, .words = personality_domains),
	JSON_ROW("flags", struct oci_personality, flags, 0),
};
static const struct json_type personality_type = JSON_TYPE(struct oci_personality, personality_fields);

static const struct json_field time_offset_fields[] = {
	JSON_ROW("secs", struct oci_time_offset, secs, 0),
	JSON_ROW("nanosecs", struct oci_time_offset, nanosecs, 0),
};

/* time_namespaces(7): the others are the same in all of them. */
static int check_time_offset(const void *value, const struct json_place *place, struct error *err)
{
	const struct oci_time_offset *offset = value;

	if (strcmp(offset->clock, "monotonic") == 0 || strcmp(offset->clock, "boottime") == 0)
		return 0;
	return json_error(place, NULL, err, "no such clock has an offset, only 'monotonic' and 'boottime'");
}

static const struct json_type time_offset_type =
	JSON_TYPE(struct oci_time_offset, time_offset_fields, .check = check_time_offset);
_Static_assert(offsetof(struct oci_time_offset, clock) == 0, "JSON_KIND_MAP puts the key first");

/* --- the object -------------------------------------------------------------------------------- */

static const struct json_field linux_fields[] = {
	JSON_ROW_ARRAY("uidMappings", struct oci_linux, uid_mappings.items, uid_mappings.count,
		       &oci_id_mapping_type, 0),
	JSON_ROW_ARRAY("gidMappings", struct oci_linux, gid_mappings.items, gid_mappings.count,
		       &oci_id_mapping_type, 0),
	JSON_ROW("sysctl", struct oci_linux, sysctl, 0),
	JSON_ROW_POINTER("resources", struct oci_linux, resources, &resources_type),
	JSON_ROW("cgroupsPath", struct oci_linux, cgroups_path, 0),
	JSON_ROW_ARRAY("namespaces", struct oci_linux, namespaces, namespaces_count, &namespace_type, 0,
		       .limit = NAMESPACES_MAX),
	JSON_ROW_ARRAY("devices", struct oci_linux, devices, devices_count, &device_type, 0),
	JSON_ROW_MAP("netDevices", struct oci_linux, net_devices, net_devices_count, &net_device_type),
	JSON_ROW_POINTER("seccomp", struct oci_linux, seccomp, &seccomp_type),
	JSON_ROW("rootfsPropagation", struct oci_linux, rootfs_propagation, 0),
	JSON_ROW("maskedPaths", struct oci_linux, masked_paths, JSON_ABSOLUTE),
	JSON_ROW("readonlyPaths", struct oci_linux, readonly_paths, JSON_ABSOLUTE),
	JSON_ROW("mountLabel", struct oci_linux, mount_label, 0),
	JSON_ROW_POINTER("intelRdt", struct oci_linux, intel_rdt, &intel_rdt_type),
	JSON_ROW_POINTER("memoryPolicy", struct oci_linux, memory_policy, &memory_policy_type),
	JSON_ROW_POINTER("personality", struct oci_linux, personality, &personality_type),
	JSON_ROW_MAP("timeOffsets", struct oci_linux, time_offsets, time_offsets_count, &time_offset_type),
};

/* config-linux.md, "Namespaces": an error MUST be generated for a type that stands twice. */
static int check_linux(const void *value, const struct json_place *place, struct error *err)
{
	const struct oci_linux *linux_ = value;

	for (size_t i = 0; i < linux_->namespaces_count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(linux_->namespaces[i].type, linux_->namespaces[k].type) == 0)
				return json_error(place, "namespaces", err, "'%s' stands twice",
						  linux_->namespaces[i].type);
	return 0;
}

const struct json_type oci_linux_type = JSON_TYPE(struct oci_linux, linux_fields, .check = check_linux);
