/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups of a container: config-linux.md, "Control groups". Version 2
 * where the machine has only that; else each mounted version 1 hierarchy, and
 * the version 2 one beside them ("hybrid").
 *
 * The first process is born in it where that can be; else, and with a small memory limit, it is made outside and moved in
 * before the container is reported as created, so that what the set-up needs is not charged to the container.
 */
#ifndef RUNTIME_LINUX_CGROUP_H
#define RUNTIME_LINUX_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

#define CGROUP_HIERARCHIES_MAX 24

struct cgroup_hierarchy {
	const char *controllers;	/* "memory", "cpu,cpuacct", "name=systemd"; "" is version 2 */
	const char *mount;		/* "/sys/fs/cgroup/memory" */
	const char *path;		/* below the mount: "/user/web"; never NULL */
	const char *directory;		/* mount and path together */
	bool made;			/* cgroup_create() made the directory; else it was there */
};

/* Strings are in the arena it was located with. An all-zero cgroup has no hierarchies. */
struct cgroup {
	struct cgroup_hierarchy items[CGROUP_HIERARCHIES_MAX];
	size_t count;
	bool unified;			/* version 2 only */
	bool partial;			/* hierarchies were left out by cgroup_create_some() */
};

/*
 * Names the directories. `cgroups_path`: absolute is from the top of each hierarchy, relative
 * from the runtime's own cgroup, NULL is `id` there. Nothing is made.
 */
int cgroup_locate(const char *cgroups_path, const char *id, struct arena *arena, struct cgroup *cgroup,
		  struct error *err);

/* The cgroups this process is in, but for the top of a hierarchy: limits of a container never go there. */
int cgroup_locate_own(struct arena *arena, struct cgroup *cgroup, struct error *err);

/* Makes the directories (and turns the controllers on, in version 2). On failure nothing of it is left. */
int cgroup_create(struct cgroup *cgroup, struct error *err);

/* Makes those it can; the others are taken out of `cgroup`. For users other than root. */
void cgroup_create_some(struct cgroup *cgroup);

/* The directory, for who needs a descriptor of it. */
int cgroup_open_directory(const struct cgroup_hierarchy *hierarchy, struct error *err);

/*
 * Whether the memory limit is so small that a program may find none of it left. The kernel puts 256 KiB of a cgroup's allowance aside
 * on the processor that first asks (MEMCG_CHARGE_BATCH), and execve(2) moves a process to the one that is least busy: there nothing is
 * left to be had, and the process is killed. So the first process stays on one until its program runs.
 */
bool cgroup_is_tight(const struct oci_resources *resources);

/* Writes the limits. A limit whose controller is missing is an error; so is one the kernel refuses. */
int cgroup_limit(const struct cgroup *cgroup, const struct oci_resources *resources, struct error *err);

/* Whether there is a limit to write at all. */
bool cgroup_has_limits(const struct oci_resources *resources);

/* The device rules, which may be written once a container. */
int cgroup_limit_devices(const struct cgroup *cgroup, const struct oci_resources *resources, struct error *err);

/* Moves a process in. */
int cgroup_attach(const struct cgroup *cgroup, pid_t pid, struct error *err);

/* Appends the processes of the cgroup and of all below it. */
int cgroup_processes(const struct cgroup *cgroup, struct arena *arena, pid_t **pids, size_t *count,
		     struct error *err);

/* Sends the signal to all of them; for SIGKILL none can escape by forking. */
int cgroup_signal(const struct cgroup *cgroup, int signal, struct error *err);

/* Stops or resumes all, and waits until it is so. `cgroup_is_frozen` is false where it cannot be told. */
int cgroup_freeze(const struct cgroup *cgroup, bool frozen, struct error *err);
bool cgroup_is_frozen(const struct cgroup *cgroup);

/* Takes back what cgroup_create() made. */
void cgroup_undo(struct cgroup *cgroup);

/* Removes the directories where none has a process or a directory left. True when all are gone. */
bool cgroup_remove_empty(const struct cgroup *cgroup);

/* Removes the directories and those below; waits, within bounds, for the last process to be gone. */
int cgroup_delete(struct cgroup *cgroup, struct error *err);

/* Whether the hierarchy, of version 1, has the controller. */
bool cgroup_has_controller(const struct cgroup_hierarchy *hierarchy, const char *name);

/* The hierarchy with the controller ("memory"), or version 2 for "" and wherever it is unified; NULL where none has it. */
const struct cgroup_hierarchy *cgroup_find(const struct cgroup *cgroup, const char *controller);

/* One file of a hierarchy, written or read whole. The value read ends without its newline. */
int cgroup_write(const struct cgroup_hierarchy *hierarchy, const char *file, const char *value, struct error *err);
int cgroup_read(const struct cgroup_hierarchy *hierarchy, const char *file, struct buffer *out, struct error *err);

#endif
