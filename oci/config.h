/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json of a bundle: OCI runtime-spec 1.3, config.md and config-linux.md.
 *
 * Every string, array and struct lives in the arena given to the reader;
 * arena_push() may add to an array. An absent string or object is NULL, an
 * absent array has count 0. Numbers that may be absent have a `has_` flag
 * beside them. A string that is empty where it may be absent is read as
 * absent, and null as absent everywhere: runc's habits.
 *
 * The reader checks what one document can tell: what the specification
 * REQUIRES is there, types and ranges, absolute paths, known namespace and
 * device types, and that no namespace and no limit stands twice. Names of
 * capabilities, limits, mount options and system calls are the runtime's.
 */
#ifndef OCI_CONFIG_H
#define OCI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#define OCI_CONFIG_BYTES_MAX (16u << 20)	/* a config.json larger than this is refused */

struct oci_strings {
	const char **items;
	size_t count;
};

/* A JSON object of strings: annotations, sysctl. In the order of the document. */
struct oci_pair {
	const char *key, *value;
};

struct oci_pairs {
	struct oci_pair *items;
	size_t count;
};

struct oci_user {			/* config.md, POSIX process, "user" */
	uint32_t uid, gid;
	bool has_umask;
	uint32_t umask;
	uint32_t *additional_gids;
	size_t additional_gids_count;
	const char *username;		/* for Windows; kept, never used */
};

struct oci_rlimit {
	const char *type;		/* "RLIMIT_NOFILE" */
	uint64_t soft, hard;
};

struct oci_capabilities {		/* sets of "CAP_..." names */
	struct oci_strings bounding, effective, inheritable, permitted, ambient;
};

struct oci_scheduler {
	const char *policy;		/* "SCHED_OTHER" */
	struct oci_strings flags;
	int nice, priority;
	uint64_t runtime, deadline, period;	/* nanoseconds */
};

struct oci_io_priority {
	const char *class;		/* "IOPRIO_CLASS_BE" */
	int priority;
};

struct oci_process {
	bool terminal;
	bool has_console_size;
	uint16_t console_height, console_width;
	struct oci_user user;
	struct oci_strings args, env;
	const char *cwd;
	struct oci_capabilities *capabilities;	/* NULL: as inherited */
	struct oci_rlimit *rlimits;
	size_t rlimits_count;
	bool no_new_privileges;
	bool has_oom_score_adj;
	int oom_score_adj;
	const char *apparmor_profile, *selinux_label;
	struct oci_scheduler *scheduler;	/* NULL: as inherited */
	struct oci_io_priority *io_priority;	/* NULL: as inherited */
	const char *cpu_affinity_initial, *cpu_affinity_final;	/* execCPUAffinity: "0-3,7" */
};

struct oci_root {
	const char *path;
	bool readonly;
};

struct oci_id_mapping {
	uint32_t container_id, host_id, size;
};

struct oci_id_mappings {
	struct oci_id_mapping *items;
	size_t count;
};

struct oci_mount {
	const char *destination, *type, *source;	/* type and source may be NULL */
	struct oci_strings options;
	struct oci_id_mappings uid_mappings, gid_mappings;	/* of an id-mapped mount */
};

struct oci_hook {
	const char *path;
	struct oci_strings args;
	struct oci_strings env;		/* items is NULL where nothing is said of it */
	bool has_timeout;
	int timeout;			/* seconds */
};

struct oci_hook_list {
	struct oci_hook *items;
	size_t count;
};

struct oci_hooks {
	struct oci_hook_list prestart, create_runtime, create_container, start_container, poststart, poststop;
};

struct oci_namespace {
	const char *type;		/* "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time" */
	const char *path;		/* joined, not made, where set */
};

struct oci_device {			/* config-linux.md, "Devices" */
	const char *type;		/* "c", "b", "u", "p" */
	const char *path;
	bool has_major, has_minor;	/* of a document: all but "p" have both */
	int64_t major, minor;
	bool has_file_mode;
	uint32_t file_mode;
	bool has_uid, has_gid;
	uint32_t uid, gid;
};

struct oci_device_rule {		/* config-linux.md, "Allowed Device list" */
	bool allow;
	const char *type;		/* "a", "b", "c"; NULL is all */
	bool has_major, has_minor;
	int64_t major, minor;
	const char *access;		/* "rwm" */
};

struct oci_number {			/* an integer that may be absent */
	bool set;
	int64_t value;
};

struct oci_weight_device {
	int64_t major, minor;
	struct oci_number weight, leaf_weight;
};

struct oci_throttle_device {
	int64_t major, minor;
	uint64_t rate;			/* bytes or operations a second */
};

struct oci_throttle_devices {
	struct oci_throttle_device *items;
	size_t count;
};

struct oci_hugepage_limit {
	const char *page_size;		/* "2MB" */
	uint64_t limit;			/* bytes */
};

struct oci_interface_priority {
	const char *name;
	uint32_t priority;
};

struct oci_rdma_limit {
	const char *device;		/* first: the key of the object */
	struct oci_number hca_handles, hca_objects;
};

struct oci_resources {
	struct oci_device_rule *devices;
	size_t devices_count;
	/* memory, bytes; -1 is unlimited */
	struct oci_number memory_limit, memory_reservation, memory_swap, memory_kernel, memory_kernel_tcp;
	struct oci_number swappiness;	/* 0 to 100 */
	bool disable_oom_killer, use_hierarchy, check_before_update;
	struct oci_number cpu_shares, cpu_quota, cpu_period, cpu_burst, cpu_idle;
	struct oci_number cpu_realtime_runtime, cpu_realtime_period;
	const char *cpuset_cpus, *cpuset_mems;
	struct oci_number pids_limit;
	struct oci_number block_io_weight, block_io_leaf_weight;
	struct oci_weight_device *weight_devices;
	size_t weight_devices_count;
	struct oci_throttle_devices read_bps, write_bps, read_iops, write_iops;
	struct oci_hugepage_limit *hugepage_limits;
	size_t hugepage_limits_count;
	struct oci_number network_class_id;
	struct oci_interface_priority *network_priorities;
	size_t network_priorities_count;
	struct oci_rdma_limit *rdma;
	size_t rdma_count;
	struct oci_pairs unified;	/* cgroup v2 file -> value */
};

struct oci_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	const char *op;			/* "SCMP_CMP_EQ" */
};

struct oci_seccomp_rule {
	struct oci_strings names;
	const char *action;
	bool has_errno_ret;
	uint32_t errno_ret;
	struct oci_seccomp_arg *args;
	size_t args_count;
};

struct oci_seccomp {			/* config-linux.md, "Seccomp" */
	const char *default_action;
	bool has_default_errno_ret;
	uint32_t default_errno_ret;
	struct oci_strings architectures, flags;
	const char *listener_path, *listener_metadata;
	struct oci_seccomp_rule *syscalls;
	size_t syscalls_count;
};

struct oci_time_offset {
	const char *clock;		/* first: the key of the object */
	int64_t secs;
	uint32_t nanosecs;
};

struct oci_personality {
	const char *domain;		/* "LINUX" or "LINUX32" */
	struct oci_strings flags;
};

struct oci_intel_rdt {
	const char *clos_id, *l3_cache_schema, *mem_bw_schema;
	struct oci_strings schemata;
	bool enable_monitoring;
};

struct oci_memory_policy {
	const char *mode;		/* "MPOL_BIND" */
	const char *nodes;		/* "0-3,7" */
	struct oci_strings flags;
};

struct oci_net_device {			/* an interface of the host, moved into the container */
	const char *host_name;		/* first: the key of the object */
	const char *name;		/* NULL keeps the host's */
};

struct oci_linux {
	struct oci_namespace *namespaces;
	size_t namespaces_count;
	struct oci_id_mappings uid_mappings, gid_mappings;
	struct oci_device *devices;
	size_t devices_count;
	const char *cgroups_path;
	struct oci_resources *resources;	/* NULL where absent */
	const char *rootfs_propagation;
	struct oci_seccomp *seccomp;		/* NULL where absent */
	struct oci_pairs sysctl;
	struct oci_strings masked_paths, readonly_paths;
	const char *mount_label;
	struct oci_net_device *net_devices;
	size_t net_devices_count;
	struct oci_intel_rdt *intel_rdt;	/* NULL where absent, as the next two */
	struct oci_memory_policy *memory_policy;
	struct oci_personality *personality;
	struct oci_time_offset *time_offsets;
	size_t time_offsets_count;
};

struct oci_config {
	const char *oci_version;
	struct oci_root root;
	struct oci_process *process;	/* NULL where absent: such a container can be created, not started */
	const char *hostname, *domainname;
	struct oci_mount *mounts;
	size_t mounts_count;
	struct oci_hooks hooks;
	struct oci_linux linux_;	/* `linux` is a macro of gnu C */
	struct oci_pairs annotations;
};

/*
 * Our annotation: the container sees its rootfs through an overlay whose upper
 * layer is a tmpfs of its own, made in the container's mount namespace and gone
 * with it. Other runtimes ignore it. Value: "tmpfs".
 */
#define OCI_ANNOTATION_OVERLAY "org.slipway.rootfs.overlay"

/* How many hooks there are of all kinds. */
size_t oci_hooks_count(const struct oci_hooks *hooks);

/* Reads bytes of JSON; errors name the place: "process.args[1]: expected a string, got 3". */
int oci_config_parse(const char *json, size_t length, struct arena *arena, struct oci_config *config,
		     struct error *err);

/* Reads a file through oci_config_parse; `name` is for the message. */
int oci_config_read(int dirfd, const char *path, struct arena *arena, struct oci_config *config,
		    struct error *err);

/* Appends the document, indented by four spaces, keys in the order of the specification, absent ones left out. */
int oci_config_write(const struct oci_config *config, struct buffer *out, struct error *err);

/* The same in one line, for machines: what a container's start costs them depends on its length. */
int oci_config_write_compact(const struct oci_config *config, struct buffer *out, struct error *err);

/* The value of an annotation, or NULL. */
const char *oci_pairs_find(const struct oci_pairs *pairs, const char *key);

#endif
