/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest: LinuxKit's YAML schema (docs/yaml.md of LinuxKit), extended.
 *
 * Every value that can be wrong later keeps the place where it was written, so
 * that any error can say `file:line:column`. All of it lives in the arena.
 * A key that LinuxKit knows has LinuxKit's meaning; ours are marked (+).
 */
#ifndef MKIMAGE_MANIFEST_MANIFEST_H
#define MKIMAGE_MANIFEST_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "tools/mkimage/manifest/scalars.h"

struct manifest_mount {
	struct place at;
	const char *type, *source, *destination;
	struct manifest_strings options;
	struct manifest_id_mappings uid_mappings, gid_mappings;
};

struct manifest_device {		/* LinuxKit: path "all" is the wildcard rule */
	struct place at;
	struct manifest_string word;	/* (+) in place of a mapping: "/dev/kvm", "/dev/fuse:0666" */
	const char *path, *type;
	struct manifest_int major, minor;	/* absent: any */
	const char *mode;		/* octal text */
};

struct manifest_interface {
	struct place at;
	const char *name, *add, *peer;
	bool create_in_root;
};

struct manifest_runtime {		/* LinuxKit's `runtime:` */
	struct manifest_strings cgroups, mkdir;
	struct manifest_mount *mounts;
	size_t mounts_count;
	struct manifest_interface *interfaces;
	size_t interfaces_count;
	struct manifest_pairs bind_ns;	/* "net" -> "/run/netns/wg0" */
	struct manifest_string namespace_;	/* containerd namespace: accepted, of no effect */
	bool mounts_set, interfaces_set;	/* an empty list replaces the label's */
	struct manifest_bool no_restart;	/* older LinuxKit's `noRestart`: what `restart: never` says */
};

struct manifest_device_rule {		/* resources.devices */
	struct place at;
	struct manifest_bool allow;
	const char *type;		/* "a", "b", "c"; NULL is all */
	struct manifest_int major, minor;	/* absent: any */
	const char *access;		/* letters of "rwm"; NULL is all */
};

struct manifest_weight_device {		/* resources.blockio.weightDevice: 10 to 1000 */
	struct place at;
	struct manifest_int major, minor, weight;
};

struct manifest_throttle_device {	/* resources.blockio.throttle...: bytes or operations a second */
	struct place at;
	struct manifest_int major, minor, rate;
};

struct manifest_hugepage_limit {	/* resources.hugepageLimits */
	struct place at;
	const char *page_size;		/* "2MB" */
	struct manifest_int limit;	/* bytes */
};

struct manifest_resources {		/* LinuxKit's `resources:` is runtime-spec LinuxResources; these are read */
	struct manifest_int memory_limit, memory_reservation, memory_swap;
	struct manifest_int cpu_shares, cpu_quota, cpu_period;
	struct manifest_string cpuset_cpus, cpuset_mems;
	struct manifest_int pids_limit;
	bool set;			/* the key is there, and replaces the label's as a whole */
	struct manifest_bool disable_oom_killer;
	struct manifest_device_rule *devices;
	size_t devices_count;
	struct manifest_int block_io_weight;	/* 10 to 1000 */
	struct manifest_weight_device *weight_devices;
	size_t weight_devices_count;
	struct manifest_throttle_device *read_bps, *write_bps, *read_iops, *write_iops;
	size_t read_bps_count, write_bps_count, read_iops_count, write_iops_count;
	struct manifest_hugepage_limit *hugepage_limits;
	size_t hugepage_limits_count;
};

/* (+) How a service is asked how it is. */
struct manifest_http {
	struct place at;		/* line 0 or `set` false: not stated */
	bool set;
	struct manifest_string url;	/* in place of a mapping */
	struct manifest_int port, status;
	struct manifest_string path, host;
};

struct manifest_probe {
	struct place at;
	bool set;
	struct manifest_string word;	/* in place of a mapping. ready: exec | fd | fd:3 | notify | health; health: image | none */
	struct manifest_strings exec;
	struct manifest_string tcp;
	struct manifest_http http;
	struct manifest_string interval, timeout, start_period, action;
	struct manifest_int retries;
};

struct manifest_schedule {		/* (+) */
	struct place at;
	bool set;
	struct manifest_string word;	/* in place of a mapping: either of them */
	struct manifest_string every, cron;
};

struct manifest_credential {		/* (+) */
	struct place at;
	struct manifest_string name, source;
	struct manifest_bool optional;
};

struct manifest_log_file {		/* (+) log.file */
	bool set;
	struct manifest_string size;	/* "1M" */
	struct manifest_int count;
	struct manifest_string sync;	/* never | interval | always */
};

struct manifest_log {			/* (+) what becomes of a container's lines */
	struct manifest_bool console, kmsg;
	struct manifest_string memory;	/* "256K" */
	struct manifest_string policy;	/* wait | drop */
	struct manifest_log_file file;
};

struct manifest_log_remote {		/* (+) logging.remotes */
	struct place at;
	struct manifest_string syslog;	/* "udp://HOST:PORT", "tcp://HOST:PORT" */
	struct manifest_string format;	/* rfc5424 | json */
};

struct manifest_logging {		/* (+) of the machine */
	struct manifest_log defaults;
	struct manifest_log_remote *remotes;
	size_t remotes_count;
};

struct manifest_build {			/* (+) a Dockerfile in place of an image */
	struct place at;
	bool set;
	struct manifest_string context;	/* a directory, relative to the manifest; also in place of a mapping */
	struct manifest_string dockerfile;	/* relative to the context */
	struct manifest_string target, platform;
	struct manifest_pairs args;
};

/*
 * What a container may say; the same keys come from an image's label
 * `org.mobyproject.config` (JSON), with the manifest's keys winning key by key,
 * and `capabilities.add` and `binds.add` appended to whichever list is in force.
 */
struct manifest_container {
	struct place at;
	struct manifest_string name;
	struct manifest_string image;	/* NULL with `build`, until that is built */
	struct manifest_build build;	/* also what `image: ./path` says */
	struct manifest_strings capabilities, capabilities_add, ambient, binds, binds_add, tmpfs, command, env;
	struct manifest_mount *mounts;
	size_t mounts_count;
	bool mounts_set;
	struct manifest_device *devices;
	size_t devices_count;
	bool devices_set;
	struct manifest_string cwd, net, pid, ipc, uts, userns, cgroupns, hostname, rootfs_propagation, cgroups_path;
	struct manifest_bool readonly, no_new_privileges, disable_oom_killer;
	struct manifest_strings masked_paths, readonly_paths, rlimits;
	struct manifest_id uid, gid;
	struct manifest_strings additional_gids;
	struct manifest_int oom_score_adj;
	struct manifest_pairs sysctl, annotations;
	struct manifest_resources resources;
	struct manifest_runtime runtime;
	struct manifest_id_mappings uid_mappings, gid_mappings;
	/* (+) */
	struct manifest_strings args;		/* behind the image's entrypoint, or `command` */
	struct manifest_strings env_add;	/* in place of, or beside, what is in force */
	struct manifest_strings ports;		/* "8080:80/tcp": what `slipway run` publishes */
	struct manifest_string restart;		/* always | on-failure | never | N */
	struct manifest_string on_exit;		/* ignore | poweroff | reboot */
	struct manifest_string on_failure;	/* onboot: stop | continue */
	struct manifest_string stop_signal;	/* "SIGTERM" */
	struct manifest_string stop_timeout;	/* "10s", "500ms" */
	struct manifest_string seccomp;		/* default | unconfined */
	struct manifest_strings after, requires;	/* services: names of others */
	struct manifest_bool oneshot, critical;	/* services */
	struct manifest_probe ready, health;	/* services */
	struct manifest_string ready_timeout;	/* "1m" */
	struct manifest_string watchdog;	/* services: a time */
	struct manifest_string restart_delay, restart_delay_max, restart_reset;	/* times */
	struct manifest_schedule schedule;	/* services */
	struct manifest_string memory, memory_high, memory_low, swap;	/* sizes or "max" */
	struct manifest_string cpu;		/* processors: "1.5" */
	struct manifest_int cpu_weight, io_weight;	/* 1 to 10000 */
	struct manifest_strings io_max;		/* "/dev/vda rbps=10M" */
	struct manifest_int pids;
	struct manifest_string oom;		/* kill-process | kill-service | reboot */
	struct manifest_credential *credentials;
	size_t credentials_count;
	bool credentials_set;
	struct manifest_log log;
	struct manifest_string timeout;		/* but for services: how long it may run; "1m" */
	struct manifest_string tty;		/* "ttyS0", "console" */
};

struct manifest_containers {
	struct manifest_container *items;
	size_t count;
};

struct manifest_file {
	struct place at;
	struct manifest_string path;
	struct manifest_bool directory, optional;
	struct manifest_string symlink, contents, source, metadata, mode;
	struct manifest_id uid, gid;
};

struct manifest_volume {
	struct place at;
	struct manifest_string name, image;
	struct manifest_string from;		/* (+) a container whose image is meant */
	struct manifest_string path;		/* (+) the directory of the image that is meant; default: all of it */
	struct manifest_bool readonly;
	struct manifest_string format;		/* filesystem (default) | oci */
	struct manifest_strings platforms;
	/* (+) any of them makes it a volume that PID 1 sets up */
	struct manifest_bool persistent;	/* on the state partition */
	struct manifest_string size;		/* "1G": what it holds at most */
	struct manifest_id uid, gid;
	struct manifest_string mode;
};

/* (+) `storage:` */

/* A disk or a partition: of `state`, of `swap`, of `disks`. At most one of the first six says which. */
struct manifest_disk {
	struct place at;
	struct manifest_string device, label, partlabel, uuid, partuuid, type;
	struct manifest_string filesystem, mount;
	struct manifest_strings options;
	struct manifest_string create;		/* never | blank | overwrite */
	struct manifest_bool grow, check, repair;
	struct manifest_string wait, time_limit;
	struct manifest_string on_failure;	/* stop | continue | reboot */
	struct manifest_string file, size;	/* swap: a file on the state partition, and its bytes */
	struct manifest_int priority;		/* swap */
};

struct manifest_zram {
	struct place at;		/* line 0: no such section */
	struct manifest_string size;	/* "50%" of the memory, or bytes: "1G" */
	struct manifest_string algorithm;
	struct manifest_int priority;
	struct manifest_string on_failure;
};

struct manifest_tmpfs {
	struct place at;
	struct manifest_string mount, size, mode, on_failure;
	struct manifest_strings options;
};

struct manifest_storage {
	struct manifest_disk state;	/* state.at.line 0: no such section */
	struct manifest_disk *disks, *swap;
	size_t disks_count, swap_count;
	struct manifest_zram zram;
	struct manifest_tmpfs *tmpfs;
	size_t tmpfs_count;
};

struct manifest_linuxkit_trust {	/* accepted, of no effect: Docker's Notary is no more */
	struct manifest_strings image, org;
};

#define MANIFEST_TRUST_KEYS_MAX 64

struct manifest_trust_rule {		/* (+) exactly one of keys, local, insecure */
	struct place at;
	struct manifest_string prefix;	/* of images */
	struct manifest_strings keys;	/* files, beside the manifest */
	struct manifest_bool local, insecure;
};

struct manifest_kernel {
	struct place at;		/* line 0: no kernel section */
	struct manifest_string image, cmdline, binary, tar, ucode;
	struct manifest_strings modules;	/* (+) absent: all of kernel.tar; a list: only these, what they depend
						 * on, and what the machine needs; they are loaded at boot */
	struct manifest_bool coldplug;		/* (+) all are kept, and found at boot; default: without `modules` */
};

struct manifest_clock {			/* (+) */
	struct manifest_string rtc;	/* utc | +HH:MM | -HH:MM */
};

struct manifest_watchdog {		/* (+) */
	bool set;
	struct manifest_string device;	/* "/dev/watchdog0" */
	struct manifest_string timeout, shutdown_timeout;	/* "30s" */
};

struct manifest_metrics {		/* (+) control.metrics */
	struct manifest_int port;
};

struct manifest_control {		/* (+) how the machine is looked at and steered */
	struct manifest_string exec;	/* none | services | host */
	struct manifest_bool vsock;
	struct manifest_metrics metrics;
};

struct manifest_test {			/* (+) what `slipway test` waits for */
	bool set;
	struct place at;
	struct manifest_string service;	/* default: the only one there is */
	struct manifest_string timeout;	/* "5m" */
	struct manifest_strings artifacts;	/* absolute paths, as the service sees them */
};

#define MANIFEST_ARTIFACTS_MAX 64

/* (+) `network:` and what is in it. */

struct manifest_match {			/* the interface that gets the name: all that are there must fit */
	bool set;
	struct manifest_string name;	/* a pattern of glob(7): "en*" */
	struct manifest_string mac, driver;
};

struct manifest_route {
	struct place at;
	struct manifest_string to;	/* "default" or a network */
	struct manifest_string via;	/* an address; absent: whoever is there is on the link */
	struct manifest_int metric, table;
	struct manifest_bool onlink;	/* the gateway is on the link, though no address says so */
};

struct manifest_vlan {
	bool set;
	struct place at;
	struct manifest_int id;
	struct manifest_string link;	/* the interface it is on */
};

struct manifest_bridge {
	bool set;
	struct place at;
	struct manifest_strings ports;
	struct manifest_bool stp, vlan_filtering;
};

struct manifest_bond {
	bool set;
	struct place at;
	struct manifest_strings ports;
	struct manifest_string mode, miimon, lacp_rate;	/* miimon is a duration */
};

struct manifest_veth {
	bool set;
	struct place at;
	struct manifest_string peer;
};

struct manifest_link {			/* an element of network.interfaces */
	struct place at;
	struct manifest_string name;
	struct manifest_match match;
	struct manifest_strings addresses, gateways;
	struct manifest_string gateway;
	struct manifest_route *routes;
	size_t routes_count;
	struct manifest_string dhcp;	/* no (default) | ipv4 | ipv6 | both */
	struct manifest_bool accept_ra;
	struct manifest_int mtu;
	struct manifest_string mac;
	struct manifest_bool up;	/* default true */
	struct manifest_bool optional;	/* nobody waits for it */
	struct manifest_vlan vlan;
	struct manifest_bridge bridge;
	struct manifest_bond bond;
	struct manifest_veth veth;
	struct manifest_bool dummy, wireguard;
};

struct manifest_dns {
	struct manifest_strings servers, search;
};

struct manifest_network {
	bool set;
	struct place at;
	struct manifest_link *links;
	size_t links_count;
	struct manifest_dns dns;
	struct manifest_string hostname;	/* another place for the machine's */
	struct manifest_bool forwarding;
	struct manifest_string wait;	/* how long `after: network` waits; default "30s" */
	const struct place *dhcp_added;	/* the key for which the service MANIFEST_DHCP_SERVICE was added; else NULL */
};

#define MANIFEST_NETWORK "network"		/* what services can be `after`: no service, but set up by PID 1 */
#define MANIFEST_DHCP_SERVICE "dhcpcd"
#define MANIFEST_DHCP_IMAGE "slipway/dhcpcd"
#define MANIFEST_LINKS_MAX 256u

/* (+) Of a machine that is one of several: its place on the network that is theirs alone. */
struct manifest_lan {
	const char *machine;		/* its name there; NULL: it is alone */
	const char *mac, *address;	/* of its card; the address with the length of its prefix */
	const char *hosts;		/* /etc/hosts: every machine, by its name */
};

#define MANIFEST_LAN "lan0"		/* the interface */

struct manifest {
	const char *path;
	const char *text;		/* the document as read, for `metadata: yaml` */
	struct manifest_kernel kernel;
	struct manifest_strings init;	/* images, unpacked into the root */
	struct manifest_containers onboot, onshutdown, services;
	struct manifest_containers emergency;	/* (+) when the boot failed, with `on_failure: shell` */
	struct manifest_file *files;
	size_t files_count;
	struct manifest_volume *volumes;
	size_t volumes_count;
	struct manifest_string hostname;	/* (+) */
	struct manifest_network network;	/* (+) */
	struct manifest_string on_failure;	/* (+) a failed boot: poweroff | reboot | continue | shell */
	struct manifest_string reboot;		/* (+) firmware | kexec */
	struct manifest_string panic;		/* (+) of the kernel: reboot | halt */
	struct manifest_string oom;		/* (+) no memory is left: kill | panic */
	struct manifest_string lockdown;	/* (+) none | integrity | confidentiality */
	struct manifest_string verity;		/* (+) what a block of the root that is not as it was built does: none | error | restart | panic */
	struct manifest_string machine_id;	/* (+) 32 hexadecimal digits */
	struct manifest_clock clock;
	struct manifest_watchdog watchdog;
	struct manifest_pairs sysctl;		/* (+) of the machine */
	struct manifest_storage storage;	/* (+) */
	struct manifest_control control;	/* (+) */
	struct manifest_logging logging;	/* (+) */
	struct manifest_test test;		/* (+) */
	struct manifest_lan lan;		/* no key: machines.h */
	struct manifest_linuxkit_trust linuxkit_trust;
	struct manifest_trust_rule *trust;	/* (+) in place of LinuxKit's; no rule is none for any image */
	size_t trust_count;
	bool trust_set;
};

/*
 * Reads and checks bytes of YAML: unknown keys (with the nearest known one),
 * wrong types, duplicate keys and names, missing names and images, alias cycles and
 * expansions over MANIFEST_NODES_MAX. `path` is for places and for relative sources.
 * An error reads "FILE:LINE:COLUMN: what, and what to do".
 */
int manifest_parse(const char *path, const char *text, size_t length, struct arena *arena,
		   struct manifest *manifest, struct error *err);

/* The same of text that was made from something else: messages have `shown` in place of the path. */
int manifest_parse_made(const char *path, const char *shown, const char *text, size_t length, struct arena *arena,
			struct manifest *manifest, struct error *err);

/* Reads the file through manifest_parse; "-" is standard input. */
int manifest_read(const char *path, struct arena *arena, struct manifest *manifest, struct error *err);

/*
 * The same keys of one container from the JSON of an image label. `where` stands for file:line:column.
 * Keys that are unknown are passed over: an image may be newer than we are. `name` and `image` are refused.
 */
int manifest_parse_label(const char *where, const char *json, size_t length, struct arena *arena,
			 struct manifest_container *container, struct error *err);

/* "10s", "500ms", "2m" as milliseconds, at most MANIFEST_DURATION_MAX; false where the text is no duration. */
bool manifest_duration(const char *text, unsigned int *milliseconds);

/* "1G", "512M", "64K" or bytes, 1 to MANIFEST_SIZE_MAX; false where the text is no size. */
bool manifest_size(const char *text, uint64_t *bytes);

/* The same, or "1%" to "1000%", which gives `percent` and no bytes. */
bool manifest_share(const char *text, uint64_t *bytes, unsigned int *percent);

/* `syslog:` in its parts; the host is in the arena. False where the text is none. */
struct manifest_syslog_target {
	bool tcp;
	const char *host;
	unsigned int port;
};
bool manifest_syslog(const char *text, struct arena *arena, struct manifest_syslog_target *target);

/* `ready:` in its parts. */
enum manifest_ready { MANIFEST_READY_EXEC, MANIFEST_READY_FD, MANIFEST_READY_NOTIFY, MANIFEST_READY_HEALTH };
struct manifest_readiness {
	enum manifest_ready kind;
	unsigned int fd;		/* MANIFEST_READY_FD: 3 to MANIFEST_READY_FD_MAX */
};

/* NULL, or what is wrong with the text, in the arena. */
const char *manifest_readiness(const char *text, struct arena *arena, struct manifest_readiness *readiness);

/* Where a probe goes. */
struct manifest_endpoint {
	const char *address;		/* IPv4 or IPv6 */
	unsigned int port;
	const char *path;		/* of a URL */
};

/* NULL, or what is wrong with the text, in the arena: "PORT" or "ADDRESS:PORT", and "http://ADDRESS[:PORT][/PATH]". */
const char *manifest_tcp(const char *text, struct arena *arena, struct manifest_endpoint *endpoint);
const char *manifest_url(const char *text, struct arena *arena, struct manifest_endpoint *endpoint);

/* A size, or 0. */
bool manifest_amount(const char *text, int64_t *bytes);

/* "1.5" as thousandths of a processor. */
bool manifest_cpus(const char *text, unsigned int *thousandths);

/* "5m", "7d" as milliseconds, MANIFEST_PERIOD_MIN to MANIFEST_PERIOD_MAX: longer than other times, for a job may come once a week. */
bool manifest_period(const char *text, unsigned int *milliseconds);

/* "/dev/kvm" or "/dev/fuse:0666" as the mapping would have it, for devices whose numbers are known. NULL, or what is wrong. */
const char *manifest_device_short(const char *text, struct arena *arena, struct manifest_device *device);

/* "/dev/vda rbps=10M wiops=100" in its parts; the rates as the kernel takes them. NULL, or what is wrong. */
struct manifest_io_max {
	const char *device, *rates;
};
const char *manifest_io_max(const char *text, struct arena *arena, struct manifest_io_max *limit);

/* The service of that name, or with NULL the only one there is that the manifest itself names; NULL where there is none, or more. */
const struct manifest_container *manifest_test_service(const struct manifest *manifest, const char *name);

/* "FILE:LINE:COLUMN: " in front of the message; returns -1. */
int place_error(const struct place *at, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define MANIFEST_BYTES_MAX (8u << 20)
#define MANIFEST_NODES_MAX 100000u
#define MANIFEST_DEPTH_MAX 64u
#define MANIFEST_NAME_MAX 76u		/* characters of a container's name: containerd's limit for an id */
#define MANIFEST_READY_FD_MAX 255u
#define MANIFEST_DURATION_MAX 3600000u	/* milliseconds */
#define MANIFEST_PERIOD_MIN 100u	/* milliseconds */
#define MANIFEST_PERIOD_MAX 2592000000u	/* milliseconds: 30 days, the plan's limit */
#define MANIFEST_SIZE_MAX (UINT64_C(1) << 60)	/* bytes: an exbibyte, as ext4 has it */
#define MANIFEST_SWAP_PRIORITY_MAX 32767	/* swapon(2) */

#endif
