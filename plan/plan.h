/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: the contract between build and boot. mkimage resolves everything
 * and writes it; PID 1 reads it from /etc/slipway/plan and looks nothing up.
 *
 * A text file. Its first line is "slipway-plan 1"; each further line is one
 * record: a kind, then `key=value` fields separated by single spaces:
 *
 *     container stage=services name=redis bundle=/containers/services/redis restart=always
 *
 * In values, bytes up to 0x20, 0x7f and '%' are written as %XX (upper-case hex).
 * A list is the same key several times. Records keep their order. A key at its
 * default is not written. Unknown kinds and keys are errors: init and plan come
 * from the same build.
 *
 * The tables in plan/records.c are the one description of every record, used by
 * the reader and the writer.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#define PLAN_VERSION 1
#define PLAN_PATH "/etc/slipway/plan"
#define PLAN_ALIASES_PATH "/etc/slipway/aliases"	/* plan/aliases.h */
#define PLAN_BYTES_MAX (1u << 20)
#define PLAN_RECORDS_MAX 4096
#define PLAN_READY_FD_MAX 255		/* and from 3 on */

struct plan_strings {
	const char **items;
	size_t count;
};

/* What happens when lines come faster than console and files take them, and their memory is full. */
enum plan_log_policy {
	PLAN_LOG_WAIT,			/* who writes them waits */
	PLAN_LOG_DROP,			/* the oldest go, and are counted */
};

/* When a file of lines is written through to the disk. */
enum plan_log_sync { PLAN_SYNC_NEVER, PLAN_SYNC_INTERVAL, PLAN_SYNC_ALWAYS };

/* What becomes of lines. */
struct plan_log {
	bool console;			/* default true */
	unsigned int memory;		/* KiB, 16 to 65536; default 256 */
	enum plan_log_policy policy;	/* default PLAN_LOG_WAIT */
	bool kmsg;			/* also to the kernel's buffer; default false */
	unsigned int file_size;		/* KiB of one file on the state partition; 0 (default): none */
	unsigned int file_count;	/* files; default 5 */
	enum plan_log_sync sync;	/* default PLAN_SYNC_INTERVAL */
};

enum plan_remote_protocol { PLAN_REMOTE_UDP, PLAN_REMOTE_TCP };
enum plan_remote_format { PLAN_REMOTE_RFC5424, PLAN_REMOTE_JSON };

/* `log-remote`: where all lines are sent to. Before the containers. */
struct plan_remote {
	enum plan_remote_protocol protocol;
	const char *host;		/* a name or an address */
	unsigned int port;		/* default 514 */
	enum plan_remote_format format;	/* default PLAN_REMOTE_RFC5424 */
};

#define PLAN_REMOTES_MAX 4

/* Where `ctl exec` may run programs: nowhere, in containers of services, or also in the machine's own namespaces. */
enum plan_control_exec { PLAN_EXEC_NONE, PLAN_EXEC_SERVICES, PLAN_EXEC_HOST };

/* `machine`: one record, the first. */
struct plan_machine {
	const char *hostname;		/* default "slipway" */
	const char *root_type;		/* "initramfs", "squashfs", "erofs" */
	const char *root_source;	/* "/dev/vda"; NULL for initramfs */
	bool root_verity;		/* it is read through dm-verity, as `dm-mod.create=` of the kernel's command line says */
	unsigned int root_timeout;	/* seconds to wait for the device; default 30 */
	const char *on_failure;		/* what a failed boot step does: "poweroff" (default), "reboot", "continue", "shell" */
	enum plan_control_exec control_exec;	/* what control may run; default PLAN_EXEC_SERVICES */
	bool control_vsock;		/* control also on a vsock port, for the host */
	unsigned int metrics_port;	/* TCP; 0 (default): none */
	bool network;			/* there are links to look after, or there is a name server */
	unsigned int network_wait;	/* milliseconds until those `after` the network start without it; default 30000 */
	bool forwarding;		/* between interfaces */
	struct plan_strings dns, search;	/* for resolv.conf */
	const char *reboot;		/* how: "firmware" (default), "kexec" */
	const char *poweroff;		/* how: "firmware" (default), "restart" where what runs the machine ends it then */
	bool hotplug;			/* drivers are found by PLAN_ALIASES_PATH, and disks get names below /dev/disk */
	const char *lockdown;		/* "none" (default), "integrity", "confidentiality" */
	const char *machine_id;		/* 32 digits; NULL: kept on the state partition, the hypervisor's, or made anew */
	const char *rtc;		/* what the hardware clock shows: "utc" (default), or an offset to it, "+01:00" */
	unsigned int built;		/* seconds since the epoch that the clock is never before; 0 where not known */
	const char *watchdog;		/* "/dev/watchdog0"; NULL: none */
	unsigned int watchdog_timeout;	/* seconds without a sign of life; default 30 */
	unsigned int watchdog_shutdown;	/* seconds that a shutdown may take; default 600 */
	struct plan_log log;		/* of the kernel's lines and PID 1's own: neither console nor kmsg */
	/* Where the kernel's command line has PLAN_TEST_WORD: */
	const char *test;		/* the service whose status and output the host waits for; NULL: there is none */
	struct plan_strings artifacts;	/* files and directories, as it sees them, that the host gets when it has ended */
};

#define PLAN_TEST_WORD "slipway.test"

/* `module`: a kernel module to load, in this order; its dependencies stand before it. */
struct plan_module {
	const char *path;		/* "/lib/modules/6.1.0/kernel/drivers/block/virtio_blk.ko" */
	const char *parameters;		/* may be NULL */
	bool optional;			/* a failure to load is logged and passed over */
};

/* `sysctl`: written to /proc/sys before onboot. */
struct plan_sysctl {
	const char *key, *value;	/* "net.ipv4.ip_forward", "1" */
};

enum plan_stage { PLAN_ONBOOT, PLAN_SERVICES, PLAN_ONSHUTDOWN, PLAN_EMERGENCY, PLAN_STAGES };
extern const char *const plan_stage_names[];	/* "onboot", ...: the manifest's keys, and a part of paths; ended by NULL */
enum plan_restart { PLAN_RESTART_NEVER, PLAN_RESTART_ON_FAILURE, PLAN_RESTART_ALWAYS };
enum plan_exit { PLAN_EXIT_IGNORE, PLAN_EXIT_POWEROFF, PLAN_EXIT_REBOOT };

/* What tells that a service does what others wait for. */
enum plan_ready {
	PLAN_READY_EXEC,		/* its program was started */
	PLAN_READY_FD,			/* it wrote a line to a descriptor, as s6 has it */
	PLAN_READY_NOTIFY,		/* it sent READY=1 to its socket, as systemd has it */
	PLAN_READY_PROBE,		/* its `probe` record for=ready worked */
};

/* What comes of it when the kernel kills for want of memory in the service's cgroup. */
enum plan_oom {
	PLAN_OOM_KILL_PROCESS,		/* one process dies */
	PLAN_OOM_KILL_SERVICE,		/* all of the service do; the config has memory.oom.group */
	PLAN_OOM_REBOOT,		/* the machine starts anew, orderly */
};

/*
 * `container`: one standard OCI bundle. Services run side by side; a container of another stage runs
 * to its end before the next is started. Those of the emergency are for a boot that failed.
 */
struct plan_container {
	enum plan_stage stage;
	const char *name;
	const char *bundle;		/* directory with config.json and rootfs */
	const char *filter;		/* file with its seccomp profile, compiled: the bundle has start.json then; NULL: none */
	enum plan_restart restart;	/* default: always for services, never for the others */
	unsigned int restart_max;	/* restarts before giving up; 0 (default) is no limit */
	bool ignore_failure;		/* onboot: a failure is logged and the boot goes on */
	enum plan_exit on_exit;		/* what the machine does when it ends; with its exit status */
	const char *stop_signal;	/* "SIGTERM" */
	unsigned int stop_timeout;	/* milliseconds from stop_signal to SIGKILL; default 10000 */
	bool new_pid;			/* PID 1 gives CLONE_NEWPID; the child makes all other namespaces */
	const char *cgroup;		/* path below the cgroup root; default "STAGE/NAME" */
	struct plan_log log;
	const char *tty;		/* the terminal it has: "ttyS0", or "console", the kernel's; NULL: none */
	unsigned int timeout;		/* milliseconds from its start until it is stopped, not for services; 0 is no limit */
	/* Services only; all are names of other services. */
	/* Or the network, where `machine` has one. */
	struct plan_strings after;	/* is started when these are ready, or have ended */
	struct plan_strings requires;	/* the same, and has failed when one of these has failed */
	bool oneshot;			/* is ready when it has ended with status 0, and then not started again */
	enum plan_ready ready;
	unsigned int ready_fd;		/* of PLAN_READY_FD: the descriptor's number in the container; default 3 */
	unsigned int ready_timeout;	/* milliseconds from start to ready, but for PLAN_READY_EXEC; default 60000 */
	bool critical;			/* when it has failed for good, so has the machine: its on_failure is done */
	unsigned int watchdog;		/* milliseconds within which it sends WATCHDOG=1, once it is ready; 0 is none */
	unsigned int restart_delay;	/* milliseconds before the first restart; each further one waits twice as long; default 100 */
	unsigned int restart_delay_max;	/* up to this; default 30000 */
	unsigned int restart_reset;	/* milliseconds; having run so long, it waits as before the first one; default 10000 */
	unsigned int every;		/* milliseconds from one start to the next; 0 is no such schedule */
	const char *cron;		/* when it is started, as base/cron.h has it; NULL is no such schedule */
	enum plan_oom oom;
};

/* Its program has a socket for sd_notify(3), at PLAN_NOTIFY_SOCKET. */
static inline bool plan_notifies(const struct plan_container *container)
{
	return container->ready == PLAN_READY_NOTIFY || container->watchdog != 0;
}

/* It waits for its time, and again when it has ended. */
static inline bool plan_is_scheduled(const struct plan_container *container)
{
	return container->every != 0 || container->cron;
}

/* On the machine a directory NAME for each service that notifies, in the container the one that it has. */
#define PLAN_NOTIFY_DIRECTORY "/run/slipway/notify"
#define PLAN_NOTIFY_SOCKET "/run/slipway/notify/socket"
#define PLAN_NOTIFY_NAME "socket"

enum plan_probe_purpose { PLAN_PROBE_READY, PLAN_PROBE_HEALTH };
enum plan_probe_kind { PLAN_PROBE_EXEC, PLAN_PROBE_TCP, PLAN_PROBE_HTTP };
/* What is done about a service that is ill. */
enum plan_ill { PLAN_ILL_RESTART, PLAN_ILL_REBOOT, PLAN_ILL_IGNORE };

/* `probe`: how PID 1 finds out how a service is; follows its container, at most one for each purpose. */
struct plan_probe {
	size_t container;		/* index in plan.containers: the record above */
	enum plan_probe_purpose purpose;
	enum plan_probe_kind kind;
	struct plan_strings command;	/* exec: run in the container; 0 is good */
	const char *address;		/* tcp, http: IPv4 or IPv6, in the container's network; default 127.0.0.1 */
	unsigned int port;
	const char *path;		/* http: "/health"; default "/" */
	const char *host;		/* http: what the header Host says; default: the address */
	unsigned int status;		/* http: the one that is good; 0 (default) is 200 to 399 */
	unsigned int interval;		/* milliseconds from one to the next; default 1000 */
	unsigned int timeout;		/* milliseconds that one may take; default 5000 */
	unsigned int retries;		/* health: so many failures in a row are an illness; default 3 */
	unsigned int start_period;	/* health: milliseconds from ready on in which failures do not count; default 0 */
	enum plan_ill action;		/* health; default restart */
};

/*
 * What is made before a container starts; records follow their container.
 * From LinuxKit's `runtime:`.
 */
enum plan_prepare_kind {
	PLAN_MKDIR, PLAN_MOUNT, PLAN_BIND_NAMESPACE,
	PLAN_NETWORK,			/* a network namespace, made and pinned before the container, which joins it by path */
	PLAN_INTERFACE,			/* goes into the network namespace of the container above, else the machine's own */
	PLAN_CGROUP,
	PLAN_IO_MAX,			/* a line of io.max of its cgroup: for the block device `path`, limits `source` */
	PLAN_CREDENTIAL,		/* a file of PLAN_CREDENTIALS/CONTAINER, which is in memory */
};

#define PLAN_CREDENTIALS "/run/credentials"	/* on the machine and in the container */

struct plan_prepare {
	enum plan_prepare_kind kind;
	size_t container;		/* index in plan.containers: the record above */
	const char *path;		/* mkdir, mount destination, file that pins the namespace, cgroup path */
	const char *source, *type;	/* mount */
	struct plan_strings options;	/* mount */
	const char *namespace_type;	/* bind-namespace: "net", "uts", ... */
	const char *name;		/* interface: its name */
	const char *add;		/* interface: the kind of link to make ("wireguard"); NULL moves an existing one */
	const char *peer;		/* interface: veth peer name, may be NULL */
	bool create_in_root;		/* interface: made in the host's namespace, then moved */
	/* credential: `name`, and `source`, a file of the root image where nothing else has it; NULL: there is none */
	bool optional;			/* there may be none at all */
	unsigned int uid, gid;		/* whose it is */
};

#include "plan/storage.h"

enum plan_link_kind {
	PLAN_LINK_DEVICE,		/* there already, or some day */
	PLAN_LINK_VLAN, PLAN_LINK_BRIDGE, PLAN_LINK_BOND, PLAN_LINK_DUMMY, PLAN_LINK_VETH, PLAN_LINK_WIREGUARD,
};
enum plan_dhcp { PLAN_DHCP_NO, PLAN_DHCP_IPV4, PLAN_DHCP_IPV6, PLAN_DHCP_BOTH };

/* `link`: an interface of the machine, behind those that it stands on. */
struct plan_link {
	const char *name;
	enum plan_link_kind kind;
	const char *match_name, *match_mac, *match_driver;	/* of a device that gets the name; NULL: any */
	const char *on;			/* vlan: the link it is on */
	unsigned int vlan;		/* vlan: its id */
	const char *peer;		/* veth */
	bool stp, vlan_filtering;	/* bridge */
	const char *bond_mode, *lacp_rate;	/* bond: "802.3ad"; "slow" or "fast" */
	unsigned int miimon;		/* bond: milliseconds */
	const char *master;		/* the bridge or bond it is a port of */
	const char *mac;		/* NULL: its own */
	unsigned int mtu;		/* 0: its own */
	bool up;
	struct plan_strings addresses;	/* "10.0.0.2/24" */
	bool accept_ra;			/* the kernel listens to routers */
	enum plan_dhcp dhcp;		/* somebody else does that; what is waited for */
	bool optional;			/* not waited for */
};

/* `route`: of the link above. */
struct plan_route {
	size_t link;			/* index in plan.links */
	const char *to;			/* "0.0.0.0/0" */
	const char *via;		/* NULL: on the link */
	unsigned int metric, table;	/* 0: the kernel's; table 0 is main */
	bool onlink;
};

#define PLAN_NETWORK_NAME "network"	/* what containers are `after` when the links are to be ready */

struct plan {
	struct plan_machine machine;
	struct plan_module *modules;
	size_t modules_count;
	struct plan_sysctl *sysctls;
	size_t sysctls_count;
	struct plan_storage *storage;	/* in the order in which it is made */
	size_t storage_count;
	struct plan_link *links;
	size_t links_count;
	struct plan_route *routes;
	size_t routes_count;
	struct plan_remote *remotes;
	size_t remotes_count;		/* at most PLAN_REMOTES_MAX */
	struct plan_container *containers;	/* onboot in order, then services, onshutdown in order, emergency in order */
	size_t containers_count;
	struct plan_prepare *prepares;
	size_t prepares_count;
	struct plan_probe *probes;
	size_t probes_count;
};

/* Reads the text; an error names the line and the field. Strings are in the arena. */
int plan_parse(const char *text, size_t length, struct arena *arena, struct plan *plan, struct error *err);

/* Appends the text. */
int plan_write(const struct plan *plan, struct buffer *out, struct error *err);

#endif
