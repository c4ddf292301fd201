/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/linux/cgroup.h"

struct values {
	const char *bundle;
	bool rootless;
};

static const struct option options[] = {
	{ OPTION_STRING, 'b', "bundle", "DIR", "the bundle to write config.json to (default: here)",
	  offsetof(struct values, bundle) },
	{ OPTION_FLAG, 0, "rootless", NULL, "for a container of an ordinary user", offsetof(struct values, rootless) },
	OPTION_TABLE_END,
};

#define STRINGS(...) { .items = (const char *[]){ __VA_ARGS__ }, .count = ARRAY_SIZE(((const char *[]){ __VA_ARGS__ })) }
#define CAPABILITIES STRINGS("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE")

static struct oci_capabilities capabilities = {
	.bounding = CAPABILITIES, .effective = CAPABILITIES, .permitted = CAPABILITIES,
};

static struct oci_rlimit rlimits[] = { { .type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024 } };

static struct oci_process process = {
	.terminal = true, .args = STRINGS("sh"), .cwd = "/", .capabilities = &capabilities, .rlimits = rlimits,
	.rlimits_count = ARRAY_SIZE(rlimits), .no_new_privileges = true,
	.env = STRINGS("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"),
};

static struct oci_mount mounts[] = {
	{ .destination = "/proc", .type = "proc", .source = "proc" },
	{ .destination = "/dev", .type = "tmpfs", .source = "tmpfs",
	  .options = STRINGS("nosuid", "strictatime", "mode=755", "size=65536k") },
	{ .destination = "/dev/pts", .type = "devpts", .source = "devpts",
	  .options = STRINGS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5") },
	{ .destination = "/dev/shm", .type = "tmpfs", .source = "shm",
	  .options = STRINGS("nosuid", "noexec", "nodev", "mode=1777", "size=65536k") },
	{ .destination = "/dev/mqueue", .type = "mqueue", .source = "mqueue",
	  .options = STRINGS("nosuid", "noexec", "nodev") },
	{ .destination = "/sys", .type = "sysfs", .source = "sysfs",
	  .options = STRINGS("nosuid", "noexec", "nodev", "ro") },
	{ .destination = "/sys/fs/cgroup", .type = "cgroup", .source = "cgroup",
	  .options = STRINGS("nosuid", "noexec", "nodev", "relatime", "ro") },
};

static const struct oci_mount rootless_sys = {
	.destination = "/sys", .type = "none", .source = "/sys",
	.options = STRINGS("rbind", "nosuid", "noexec", "nodev", "ro"),
};

/* For all kinds of containers; without() takes out what is not for one. */
static struct oci_namespace namespaces[] = {
	{ .type = "network" }, { .type = "pid" },    { .type = "ipc" },	 { .type = "uts" },
	{ .type = "mount" },   { .type = "cgroup" }, { .type = "user" },
};

static struct oci_device_rule device_rules[] = { { .allow = false, .access = "rwm" } };
static struct oci_resources resources = { .devices = device_rules, .devices_count = ARRAY_SIZE(device_rules) };

static struct oci_config config = {
	.oci_version = RUNTIME_SPEC_VERSION, .process = &process,
	.root = { .path = "rootfs", .readonly = true }, .hostname = "runc",
	.mounts = mounts, .mounts_count = ARRAY_SIZE(mounts),
	.linux_ = {
		.resources = &resources, .namespaces = namespaces, .namespaces_count = ARRAY_SIZE(namespaces),
		.masked_paths = STRINGS("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
					"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware",
					"/proc/scsi"),
		.readonly_paths = STRINGS("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"),
	},
};

static void without(const char *type)
{
	struct oci_linux *l = &config.linux_;
	size_t kept = 0;

	for (size_t i = 0; i < l->namespaces_count; i++)
		if (strcmp(namespaces[i].type, type) != 0)
			namespaces[kept++] = namespaces[i];
	l->namespaces_count = kept;
}

static void make_rootless(void)
{
	static struct oci_id_mapping uid = { .size = 1 }, gid = { .size = 1 };

	uid.host_id = geteuid();
	gid.host_id = getegid();
	config.linux_.uid_mappings = (struct oci_id_mappings){ &uid, 1 };
	config.linux_.gid_mappings = (struct oci_id_mappings){ &gid, 1 };
	config.linux_.resources = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		if (strcmp(mounts[i].destination, "/sys") == 0)
			mounts[i] = rootless_sys;
		/* Group 5 is not mapped; it is the last option. */
		if (strcmp(mounts[i].destination, "/dev/pts") == 0)
			mounts[i].options.count--;
	}
}

static int write_spec(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	const struct values *values = data;
	const char *path = path_join(arena, values->bundle ? values->bundle : ".", "config.json");
	autobuffer struct buffer text = { 0 };
	autoclose int fd = -1;
	struct cgroup cgroup;

	(void)operands;
	/* A user's container shares the network of its maker. */
	without(values->rootless ? "network" : "user");
	/* With version 1, runc leaves the container the machine's view of cgroups. */
	if (cgroup_locate("/", "", arena, &cgroup, err) < 0 || !cgroup.unified)
		without("cgroup");
	if (values->rootless)
		make_rootless();
	if (oci_config_write(&config, &text, err) < 0)
		return -1;
	fd = openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return error_set(err, "file %s exists. Remove it first", path_base(path));
	if (fd < 0)
		return error_errno(err, "cannot create '%s'", path);
	if (write(fd, text.data, text.length) != (ssize_t)text.length) {
		(void)unlink(path);
		return error_errno(err, "cannot write '%s'", path);
	}
	return 0;
}

const struct command command_spec = {
	.words = { "spec", "", "write a config.json to start from", options, 0, 0, false, NULL },
	.values_size = sizeof(struct values), .act = write_spec,
};
