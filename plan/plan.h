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
#define PLAN_BYTES_MAX (1u << 20)
#define PLAN_RECORDS_MAX 4096
#define PLAN_READY_FD_MAX 255		/* and from 3 on */

struct plan_strings {
	const char **items;
	size_t count;
};

/* Where `ctl exec` may run programs: nowhere, in containers of services, or also in the machine's own namespaces. */
enum plan_control_exec { PLAN_EXEC_NONE, PLAN_EXEC_SERVICES, PLAN_EXEC_HOST };

/* `machine`: one record, the first. */
struct plan_machine {
	const char *hostname;		/* default "slipway" */
	const char *root_type;		/* "initramfs", "squashfs", "erofs" */
	const char *root_source;	/* "/dev/vda"; NULL for initramfs */
	unsigned int root_timeout;	/* seconds to wait for the device; default 30 */
	const char *on_failure;		/* what a failed boot step does: "poweroff" (default), "reboot", "continue" */
	enum plan_control_exec control_exec;	/* what control may run; default PLAN_EXEC_SERVICES */
	bool control_vsock;		/* control also on a vsock port, for the host */
	unsigned int metrics_port;	/* TCP; 0 (default): none */
};

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

enum plan_stage { PLAN_ONBOOT, PLAN_SERVICES, PLAN_ONSHUTDOWN, PLAN_STAGES };
enum plan_restart { PLAN_RESTART_NEVER, PLAN_RESTART_ON_FAILURE, PLAN_RESTART_ALWAYS };
enum plan_exit { PLAN_EXIT_IGNORE, PLAN_EXIT_POWEROFF, PLAN_EXIT_REBOOT };

/* What tells that a service does what others wait for. */
enum plan_ready {
	PLAN_READY_EXEC,		/* its program was started */
	PLAN_READY_FD,			/* it wrote a line to a descriptor, as s6 has it */
};

/*
 * `container`: one standard OCI bundle. An onboot or onshutdown container runs
 * to its end before the next is started; services run side by side.
 */
struct plan_container {
	enum plan_stage stage;
	const char *name;
	const char *bundle;		/* directory with config.json and rootfs */
	enum plan_restart restart;	/* default: always for services, never for the others */
	unsigned int restart_max;	/* restarts before giving up; 0 (default) is no limit */
	bool ignore_failure;		/* onboot: a failure is logged and the boot goes on */
	enum plan_exit on_exit;		/* what the machine does when it ends; with its exit status */
	const char *stop_signal;	/* "SIGTERM" */
	unsigned int stop_timeout;	/* milliseconds from stop_signal to SIGKILL; default 10000 */
	bool new_pid;			/* PID 1 gives CLONE_NEWPID; the child makes all other namespaces */
	const char *cgroup;		/* path below the cgroup root; default "STAGE/NAME" */
	const char *log;		/* where output goes: "console" (default), "null" */
	/* Services only; all are names of other services. */
	struct plan_strings after;	/* is started when these are ready, or have ended */
	struct plan_strings requires;	/* the same, and has failed when one of these has failed */
	bool oneshot;			/* is ready when it has ended with status 0, and then not started again */
	enum plan_ready ready;
	unsigned int ready_fd;		/* of PLAN_READY_FD: the descriptor's number in the container; default 3 */
	unsigned int ready_timeout;	/* milliseconds from start to ready, but for PLAN_READY_EXEC; default 60000 */
	bool critical;			/* when it has failed for good, so has the machine: its on_failure is done */
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
};

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
};

#include "plan/storage.h"

struct plan {
	struct plan_machine machine;
	struct plan_module *modules;
	size_t modules_count;
	struct plan_sysctl *sysctls;
	size_t sysctls_count;
	struct plan_storage *storage;	/* in the order in which it is made */
	size_t storage_count;
	struct plan_container *containers;	/* onboot in order, then services, then onshutdown in order */
	size_t containers_count;
	struct plan_prepare *prepares;
	size_t prepares_count;
};

/* Reads the text; an error names the line and the field. Strings are in the arena. */
int plan_parse(const char *text, size_t length, struct arena *arena, struct plan *plan, struct error *err);

/* Appends the text. */
int plan_write(const struct plan *plan, struct buffer *out, struct error *err);

#endif
