/* SPDX-License-Identifier: Apache-2.0 */
/* The tables. The order of the keys is that of the manual page. */
#include "tools/mkimage/manifest/schema.h"

#include "tools/mkimage/manifest/rows.h"

static const char no_cgroup2[] = "cgroup v2 has nothing like it";

static const struct field id_mapping_fields[] = {
	KEY(_id_mapping, "containerID", INT, container_id, REQUIRED, RANGE(0, UINT32_MAX)),
	KEY(_id_mapping, "hostID", INT, host_id, REQUIRED, RANGE(0, UINT32_MAX)),
	KEY(_id_mapping, "size", INT, size, REQUIRED, RANGE(0, UINT32_MAX)),
};
static const struct schema id_mapping = PLACED(_id_mapping, id_mapping_fields);

static const struct field mount_fields[] = {
	KEY(_mount, "type", TEXT, type, OPTIONAL),
	KEY(_mount, "source", TEXT, source, OPTIONAL),
	KEY(_mount, "destination", TEXT, destination, OPTIONAL, CHECK(absolute)),
	KEY(_mount, "options", STRINGS, options),
	MAPPINGS(_mount, "uidmappings", uid_mappings),
	MAPPINGS(_mount, "gidmappings", gid_mappings),
};
static const struct schema mount = PLACED(_mount, mount_fields);

static const struct field device_fields[] = {
	KEY(_device, "path", TEXT, path, REQUIRED, CHECK(device_path)),
	KEY(_device, "type", TEXT, type, REQUIRED, CHECK(device_type)),
	KEY(_device, "major", INT, major, RANGE(0, MAJOR_MAX)),
	KEY(_device, "minor", INT, minor, RANGE(0, MINOR_MAX)),
	KEY(_device, "mode", TEXT, mode, OPTIONAL, CHECK(mode)),
};
static const struct field device_word = KEY(_device, "", STRING, word, CHECK(device_short));
static const struct schema device = EITHER(_device, FIELD_NOWHERE, &device_word, device_fields);

static const struct field device_rule_fields[] = {
	KEY(_device_rule, "allow", BOOL, allow, REQUIRED),
	KEY(_device_rule, "type", TEXT, type, CHECK(rule_type)),
	KEY(_device_rule, "major", INT, major, RANGE(-1, MAJOR_MAX)), /* -1 is any, as absent is */
	KEY(_device_rule, "minor", INT, minor, RANGE(-1, MINOR_MAX)),
	KEY(_device_rule, "access", TEXT, access, CHECK(access)),
};
static const struct schema device_rule = PLACED(_device_rule, device_rule_fields);

/* `resources`: runtime-spec config-linux.md, "Control groups", flattened into one struct. */

static const struct field memory_fields[] = {
	KEY(_resources, "limit", INT, memory_limit, AMOUNT),
	KEY(_resources, "reservation", INT, memory_reservation, AMOUNT),
	KEY(_resources, "swap", INT, memory_swap, AMOUNT),
	KEY(_resources, "disableOOMKiller", BOOL, disable_oom_killer, .note = no_cgroup2),
	IGNORED("kernel", no_cgroup2),
	IGNORED("kernelTCP", no_cgroup2),
	IGNORED("swappiness", no_cgroup2),
};
static const struct schema memory = BARE(_resources, memory_fields);

static const struct field cpu_fields[] = {
	KEY(_resources, "shares", INT, cpu_shares, RANGE(0, 262144)),
	KEY(_resources, "quota", INT, cpu_quota, AMOUNT),
	KEY(_resources, "period", INT, cpu_period, RANGE(0, 1000000)),
	KEY(_resources, "cpus", STRING, cpuset_cpus, CHECK(cpuset)),
	KEY(_resources, "mems", STRING, cpuset_mems, CHECK(cpuset)),
	IGNORED("realtimeRuntime", no_cgroup2),
	IGNORED("realtimePeriod", no_cgroup2),
};
static const struct schema cpu = BARE(_resources, cpu_fields);

static const struct field pids_fields[] = { KEY(_resources, "limit", INT, pids_limit, RANGE(-1, 4194304)) };
static const struct schema pids = BARE(_resources, pids_fields);

static const struct field weight_device_fields[] = {
	KEY(_weight_device, "major", INT, major, REQUIRED, RANGE(0, MAJOR_MAX)),
	KEY(_weight_device, "minor", INT, minor, REQUIRED, RANGE(0, MINOR_MAX)),
	KEY(_weight_device, "weight", INT, weight, RANGE(0, 1000)),
	IGNORED("leafWeight", no_cgroup2),
};
static const struct schema weight_device = PLACED(_weight_device, weight_device_fields);

static const struct field throttle_device_fields[] = {
	KEY(_throttle_device, "major", INT, major, REQUIRED, RANGE(0, MAJOR_MAX)),
	KEY(_throttle_device, "minor", INT, minor, REQUIRED, RANGE(0, MINOR_MAX)),
	KEY(_throttle_device, "rate", INT, rate, REQUIRED, RANGE(0, INT64_MAX)),
};
static const struct schema throttle_device = PLACED(_throttle_device, throttle_device_fields);

static const struct field blockio_fields[] = {
	KEY(_resources, "weight", INT, block_io_weight, RANGE(0, 1000)),
	IGNORED("leafWeight", no_cgroup2),
	LIST(_resources, "weightDevice", weight_devices, &weight_device),
	LIST(_resources, "throttleReadBpsDevice", read_bps, &throttle_device),
	LIST(_resources, "throttleWriteBpsDevice", write_bps, &throttle_device),
	LIST(_resources, "throttleReadIOPSDevice", read_iops, &throttle_device),
	LIST(_resources, "throttleWriteIOPSDevice", write_iops, &throttle_device),
};
static const struct schema blockio = BARE(_resources, blockio_fields);

static const struct field hugepage_limit_fields[] = {
	KEY(_hugepage_limit, "pageSize", TEXT, page_size, REQUIRED),
	KEY(_hugepage_limit, "limit", INT, limit, REQUIRED, RANGE(0, INT64_MAX)),
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
	KEY(_interface, "name", TEXT, name, REQUIRED, CHECK(interface)),
	KEY(_interface, "add", TEXT, add, OPTIONAL),
	KEY(_interface, "peer", TEXT, peer, OPTIONAL, CHECK(interface)),
	KEY(_interface, "createInRoot", FLAG, create_in_root),
};
static const struct schema interface = PLACED(_interface, interface_fields);

static const char *const namespace_names[] = { "cgroup", "ipc", "mnt", "net", "pid", "user", "uts", NULL };

/* init mounts these on the machine before the container is there; LinuxKit's examples have relative destinations. */
static const struct field runtime_mount_fields[] = {
	KEY(_mount, "type", TEXT, type, OPTIONAL),
	KEY(_mount, "source", TEXT, source, OPTIONAL),
	KEY(_mount, "destination", TEXT, destination, REQUIRED, CHECK(inside)),
	KEY(_mount, "options", STRINGS, options),
	MAPPINGS(_mount, "uidmappings", uid_mappings),
	MAPPINGS(_mount, "gidmappings", gid_mappings),
};
static const struct schema runtime_mount = PLACED(_mount, runtime_mount_fields);

static const struct field runtime_fields[] = {
	KEY(_runtime, "cgroups", STRINGS, cgroups, CHECK(inside)),
	SET_LIST(_runtime, "mounts", mounts, &runtime_mount),
	KEY(_runtime, "mkdir", STRINGS, mkdir, CHECK(inside)),
	SET_LIST(_runtime, "interfaces", interfaces, &interface),
	KEY(_runtime, "bindNS", PAIRS, bind_ns, .keys = namespace_names, .check_value = value_absolute),
	KEY(_runtime, "namespace", STRING, namespace_, .note = "there is no containerd"),
	KEY(_runtime, "noRestart", BOOL, no_restart),
};
static const struct schema runtime = BARE(_runtime, runtime_fields);

/* What is ours, and how a service is looked after. */

static const struct field http_fields[] = {
	KEY(_http, "port", INT, port, RANGE(1, 65535)),
	KEY(_http, "path", STRING, path, CHECK(url_path)),
	KEY(_http, "host", STRING, host, CHECK(hostname)),
	KEY(_http, "status", INT, status, RANGE(100, 599)),
};
static const struct field http_word = KEY(_http, "", STRING, url, CHECK(url));
static const struct schema http = EITHER(_http, offsetof(struct manifest_http, set), &http_word, http_fields);

static const struct field ready_fields[] = {
	KEY(_probe, "exec", STRINGS, exec),
	KEY(_probe, "tcp", STRING, tcp, CHECK(tcp)),
	NESTED("http", offsetof(struct manifest_probe, http), &http),
	KEY(_probe, "interval", STRING, interval, CHECK(duration)),
	KEY(_probe, "timeout", STRING, timeout, CHECK(duration)),
};
static const struct field ready_word = KEY(_probe, "", STRING, word, CHECK(ready));
static const struct schema ready = EITHER(_probe, offsetof(struct manifest_probe, set), &ready_word, ready_fields);

static const struct field health_fields[] = {
	KEY(_probe, "exec", STRINGS, exec),
	KEY(_probe, "tcp", STRING, tcp, CHECK(tcp)),
	NESTED("http", offsetof(struct manifest_probe, http), &http),
	KEY(_probe, "interval", STRING, interval, CHECK(duration)),
	KEY(_probe, "timeout", STRING, timeout, CHECK(duration)),
	KEY(_probe, "retries", INT, retries, RANGE(1, 1000)),
	KEY(_probe, "start_period", STRING, start_period, CHECK(duration)),
	KEY(_probe, "action", STRING, action, CHECK(ill)),
};
static const struct field health_word = KEY(_probe, "", STRING, word, CHECK(health));
static const struct schema health = EITHER(_probe, offsetof(struct manifest_probe, set), &health_word, health_fields);

static const struct field schedule_fields[] = {
	KEY(_schedule, "every", STRING, every, CHECK(period)),
	KEY(_schedule, "cron", STRING, cron, CHECK(cron)),
};
static const struct field schedule_word = KEY(_schedule, "", STRING, word, CHECK(schedule));
static const struct schema schedule =
	EITHER(_schedule, offsetof(struct manifest_schedule, set), &schedule_word, schedule_fields);

static const struct field credential_fields[] = {
	KEY(_credential, "name", STRING, name, REQUIRED, CHECK(credential)),
	KEY(_credential, "source", STRING, source, OPTIONAL),
	KEY(_credential, "optional", BOOL, optional),
};
static const struct field credential_word = KEY(_credential, "", STRING, name, CHECK(credential));
static const struct schema credential = EITHER(_credential, FIELD_NOWHERE, &credential_word, credential_fields);

static const struct field build_fields[] = {
	KEY(_build, "context", STRING, context, CHECK(context)),
	KEY(_build, "dockerfile", STRING, dockerfile, CHECK(context)),
	KEY(_build, "target", STRING, target, CHECK(line)),
	KEY(_build, "args", PAIRS, args, CHECK(line)),
	KEY(_build, "platform", STRING, platform, CHECK(platform)),
};
static const struct field build_word = KEY(_build, "", STRING, context, CHECK(context));
static const struct schema build = EITHER(_build, offsetof(struct manifest_build, set), &build_word, build_fields);

static const struct field container_fields[] = {
	KEY(_container, "name", STRING, name, CHECK(name)),
	KEY(_container, "image", STRING, image, CHECK(image_or_path)),
	NESTED("build", offsetof(struct manifest_container, build), &build),
	KEY(_container, "command", STRINGS, command),
	KEY(_container, "args", STRINGS, args),
	KEY(_container, "env", STRINGS, env, CHECK(env)),
	KEY(_container, "env.add", STRINGS, env_add, CHECK(env)),
	KEY(_container, "ports", STRINGS, ports, CHECK(port)),
	KEY(_container, "cwd", STRING, cwd, OPTIONAL, CHECK(absolute)),
	KEY(_container, "uid", ID, uid),
	KEY(_container, "gid", ID, gid),
	KEY(_container, "additionalGids", STRINGS, additional_gids),
	KEY(_container, "capabilities", STRINGS, capabilities, CHECK(capability)),
	KEY(_container, "capabilities.add", STRINGS, capabilities_add, CHECK(capability)),
	KEY(_container, "ambient", STRINGS, ambient, CHECK(capability)),
	KEY(_container, "noNewPrivileges", BOOL, no_new_privileges),
	KEY(_container, "binds", STRINGS, binds, CHECK(bind)),
	KEY(_container, "binds.add", STRINGS, binds_add, CHECK(bind)),
	KEY(_container, "tmpfs", STRINGS, tmpfs, CHECK(tmpfs)),
	SET_LIST(_container, "mounts", mounts, &mount),
	SET_LIST(_container, "devices", devices, &device),
	KEY(_container, "readonly", BOOL, readonly),
	KEY(_container, "maskedPaths", STRINGS, masked_paths, CHECK(absolute)),
	KEY(_container, "readonlyPaths", STRINGS, readonly_paths, CHECK(absolute)),
	KEY(_container, "rootfsPropagation", STRING, rootfs_propagation, OPTIONAL, CHECK(propagation)),
	KEY(_container, "net", STRING, net, OPTIONAL, CHECK(net)),
	KEY(_container, "pid", STRING, pid, OPTIONAL, CHECK(namespace)),
	KEY(_container, "ipc", STRING, ipc, OPTIONAL, CHECK(namespace)),
	KEY(_container, "uts", STRING, uts, OPTIONAL, CHECK(namespace)),
	KEY(_container, "userns", STRING, userns, OPTIONAL, CHECK(userns)),
	KEY(_container, "cgroupns", STRING, cgroupns, CHECK(namespace)),
	KEY(_container, "hostname", STRING, hostname, OPTIONAL, CHECK(hostname)),
	MAPPINGS(_container, "uidMappings", uid_mappings),
	MAPPINGS(_container, "gidMappings", gid_mappings),
	KEY(_container, "rlimits", STRINGS, rlimits, CHECK(rlimit)),
	KEY(_container, "oomScoreAdj", INT, oom_score_adj, RANGE(-1000, 1000)),
	KEY(_container, "disableOOMKiller", BOOL, disable_oom_killer, .note = no_cgroup2),
	KEY(_container, "cgroupsPath", STRING, cgroups_path, OPTIONAL, CHECK(inside)),
	NESTED("resources", offsetof(struct manifest_container, resources), &resources),
	KEY(_container, "sysctl", PAIRS, sysctl, CHECK(sysctl_key), .check_value = value_line),
	KEY(_container, "annotations", PAIRS, annotations),
	NESTED("runtime", offsetof(struct manifest_container, runtime), &runtime),
	/* ours */
	KEY(_container, "restart", STRING, restart, CHECK(restart)),
	KEY(_container, "after", STRINGS, after, CHECK(name)),
	KEY(_container, "requires", STRINGS, requires, CHECK(name)),
	KEY(_container, "oneshot", BOOL, oneshot),
	NESTED("ready", offsetof(struct manifest_container, ready), &ready),
	KEY(_container, "ready_timeout", STRING, ready_timeout, CHECK(duration)),
	NESTED("health", offsetof(struct manifest_container, health), &health),
	KEY(_container, "watchdog", STRING, watchdog, CHECK(duration)),
	KEY(_container, "restart_delay", STRING, restart_delay, CHECK(duration)),
	KEY(_container, "restart_delay_max", STRING, restart_delay_max, CHECK(duration)),
	KEY(_container, "restart_reset", STRING, restart_reset, CHECK(duration)),
	NESTED("schedule", offsetof(struct manifest_container, schedule), &schedule),
	KEY(_container, "critical", BOOL, critical),
	NESTED("log", offsetof(struct manifest_container, log), &schema_log),
	KEY(_container, "timeout", STRING, timeout, CHECK(duration)),
	KEY(_container, "tty", STRING, tty, CHECK(tty)),
	KEY(_container, "on_exit", STRING, on_exit, CHECK(on_exit)),
	KEY(_container, "on_failure", STRING, on_failure, CHECK(on_failure)),
	KEY(_container, "stop_signal", STRING, stop_signal, CHECK(signal)),
	KEY(_container, "stop_timeout", STRING, stop_timeout, CHECK(duration)),
	KEY(_container, "seccomp", STRING, seccomp, CHECK(seccomp)),
	KEY(_container, "memory", STRING, memory, CHECK(amount_or_max)),
	KEY(_container, "memory_high", STRING, memory_high, CHECK(amount_or_max)),
	KEY(_container, "memory_low", STRING, memory_low, CHECK(amount)),
	KEY(_container, "swap", STRING, swap, CHECK(amount_or_max)),
	KEY(_container, "cpu", STRING, cpu, CHECK(cpus)),
	KEY(_container, "cpu_weight", INT, cpu_weight, RANGE(1, 10000)),
	KEY(_container, "io_weight", INT, io_weight, RANGE(1, 10000)),
	KEY(_container, "io_max", STRINGS, io_max, CHECK(io_max)),
	KEY(_container, "pids", INT, pids, RANGE(1, 4194304)),
	KEY(_container, "oom", STRING, oom, CHECK(oom)),
	SET_LIST(_container, "credentials", credentials, &credential),
};
const struct schema schema_container = PLACED(_container, container_fields);

static const struct field file_fields[] = {
	KEY(_file, "path", STRING, path, REQUIRED, CHECK(file_path)),
	KEY(_file, "directory", BOOL, directory),
	KEY(_file, "symlink", STRING, symlink, OPTIONAL),
	KEY(_file, "contents", STRING, contents),
	KEY(_file, "source", STRING, source, OPTIONAL),
	KEY(_file, "metadata", STRING, metadata, OPTIONAL, CHECK(metadata)),
	KEY(_file, "optional", BOOL, optional),
	KEY(_file, "mode", STRING, mode, OPTIONAL, CHECK(mode)),
	KEY(_file, "uid", ID, uid),
	KEY(_file, "gid", ID, gid),
};
const struct schema schema_file = PLACED(_file, file_fields);

static const struct field volume_fields[] = {
	KEY(_volume, "name", STRING, name, REQUIRED, CHECK(volume_name)),
	KEY(_volume, "image", STRING, image, OPTIONAL, CHECK(image)),
	KEY(_volume, "readonly", BOOL, readonly),
	KEY(_volume, "format", STRING, format, OPTIONAL, CHECK(format)),
	KEY(_volume, "platforms", STRINGS, platforms, CHECK(platform)),
	/* ours */
	KEY(_volume, "from", STRING, from, CHECK(name)),
	KEY(_volume, "path", STRING, path, CHECK(absolute)),
	KEY(_volume, "persistent", BOOL, persistent),
	KEY(_volume, "size", STRING, size, CHECK(size)),
	KEY(_volume, "uid", ID, uid),
	KEY(_volume, "gid", ID, gid),
	KEY(_volume, "mode", STRING, mode, CHECK(mode)),
};
static const struct schema volume = PLACED(_volume, volume_fields);

static const struct field kernel_fields[] = {
	KEY(_kernel, "image", STRING, image, REQUIRED, CHECK(image)),
	KEY(_kernel, "cmdline", STRING, cmdline, OPTIONAL, CHECK(cmdline)),
	KEY(_kernel, "binary", STRING, binary, OPTIONAL),
	KEY(_kernel, "tar", STRING, tar),
	KEY(_kernel, "ucode", STRING, ucode),
	KEY(_kernel, "modules", STRINGS, modules, CHECK(module)),
	KEY(_kernel, "coldplug", BOOL, coldplug),
};
static const struct schema kernel = PLACED(_kernel, kernel_fields);

static const struct field linuxkit_trust_fields[] = {
	KEY(_linuxkit_trust, "image", STRINGS, image),
	KEY(_linuxkit_trust, "org", STRINGS, org),
};
static const struct schema linuxkit_trust = BARE(_linuxkit_trust, linuxkit_trust_fields);
static const struct field linuxkit_trust_field = {
	.name = "trust", .kind = FIELD_STRUCT, .offset = offsetof(struct manifest, linuxkit_trust), .schema = &linuxkit_trust,
	.note = "images are pinned by their digests; a list of rules in its place is enforced",
};

static const struct field trust_rule_fields[] = {
	KEY(_trust_rule, "prefix", STRING, prefix, REQUIRED, CHECK(image_prefix)),
	KEY(_trust_rule, "keys", STRINGS, keys, CHECK(key_file)),
	KEY(_trust_rule, "local", BOOL, local),
	KEY(_trust_rule, "insecure", BOOL, insecure),
};
static const struct schema trust_rule = PLACED(_trust_rule, trust_rule_fields);

static const struct field metrics_fields[] = { KEY(_metrics, "port", INT, port, REQUIRED, RANGE(1, 65535)) };
static const struct schema metrics = BARE(_metrics, metrics_fields);

static const struct field control_fields[] = {
	KEY(_control, "exec", STRING, exec, CHECK(control_exec)),
	KEY(_control, "vsock", BOOL, vsock),
	NESTED("metrics", offsetof(struct manifest_control, metrics), &metrics),
};
static const struct schema control = BARE(_control, control_fields);
static const struct field clock_fields[] = { KEY(_clock, "rtc", STRING, rtc, CHECK(rtc)) };
static const struct schema clock = BARE(_clock, clock_fields);

static const struct field watchdog_fields[] = {
	KEY(_watchdog, "device", STRING, device, CHECK(absolute)),
	KEY(_watchdog, "timeout", STRING, timeout, CHECK(seconds)),
	KEY(_watchdog, "shutdown_timeout", STRING, shutdown_timeout, CHECK(seconds)),
};
static const struct schema watchdog =
	SCHEMA(_watchdog, FIELD_NOWHERE, offsetof(struct manifest_watchdog, set), watchdog_fields);

static const struct field test_fields[] = {
	KEY(_test, "service", STRING, service, CHECK(name)),
	KEY(_test, "timeout", STRING, timeout, CHECK(seconds)),
	KEY(_test, "artifacts", STRINGS, artifacts, CHECK(artifact)),
};
static const struct schema test =
	SCHEMA(_test, offsetof(struct manifest_test, at), offsetof(struct manifest_test, set), test_fields);

static const struct field manifest_fields[] = {
	NESTED("kernel", offsetof(struct manifest, kernel), &kernel),
	KEY(, "init", STRINGS, init, CHECK(image)),
	CONTAINERS("onboot", onboot),
	CONTAINERS("onshutdown", onshutdown),
	CONTAINERS("services", services),
	LIST(, "files", files, &schema_file),
	LIST(, "volumes", volumes, &volume),
	LIST_AT(, "trust", trust, trust_count, &trust_rule, .set = offsetof(struct manifest, trust_set),
		.mapping = &linuxkit_trust_field),
	/* ours */
	KEY(, "hostname", STRING, hostname, CHECK(hostname)),
	NESTED("network", offsetof(struct manifest, network), &schema_network),
	KEY(, "on_failure", STRING, on_failure, CHECK(boot_failure)),
	CONTAINERS("emergency", emergency),
	KEY(, "reboot", STRING, reboot, CHECK(reboot)),
	KEY(, "panic", STRING, panic, CHECK(panic)),
	KEY(, "oom", STRING, oom, CHECK(machine_oom)),
	KEY(, "lockdown", STRING, lockdown, CHECK(lockdown)),
	KEY(, "verity", STRING, verity, CHECK(verity)),
	KEY(, "machine_id", STRING, machine_id, CHECK(machine_id)),
	NESTED("clock", offsetof(struct manifest, clock), &clock),
	NESTED("watchdog", offsetof(struct manifest, watchdog), &watchdog),
	KEY(, "sysctl", PAIRS, sysctl, CHECK(sysctl_key), .check_value = value_line),
	NESTED("storage", offsetof(struct manifest, storage), &schema_storage),
	NESTED("control", offsetof(struct manifest, control), &control),
	NESTED("logging", offsetof(struct manifest, logging), &schema_logging),
	NESTED("test", offsetof(struct manifest, test), &test),
};
const struct schema schema_manifest = BARE(, manifest_fields);
