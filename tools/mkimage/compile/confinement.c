/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What LinuxKit leaves open and we close: privileges gained through execve, files of
 * /proc and /sys that tell or change more than a container should, system calls. Where
 * the manifest (or the image's label) states one of them, it is as stated.
 *
 * A container that was given the means to undo a measure is spared it, because the
 * measure would stop only what it was given the means for:
 *
 *     measure                        | not for
 *     no_new_privileges              | all capabilities: a machine's shell, where sudo must work
 *     masked and read-only paths     | CAP_SYS_ADMIN: it can unmount them, and administers by /proc/sys
 *     seccomp                        | all capabilities; CAP_SYS_ADMIN among the machine's own processes
 */
#include "tools/mkimage/compile/parts.h"

#include <linux/capability.h>
#include <string.h>

#include "base/cleanup.h"

/* What tells about the whole machine, or lets change it, whoever owns the file. */
static const char *const masked_paths[] = {
	"/proc/acpi",			/* power management */
	"/proc/asound",			/* what is played and recorded */
	"/proc/interrupts",		/* timing of key strokes */
	"/proc/kcore",			/* all memory */
	"/proc/keys",			/* keyrings are not namespaced */
	"/proc/latency_stats",		/* what other processes wait for */
	"/proc/sched_debug",		/* processes of other namespaces */
	"/proc/scsi",			/* writing removes devices */
	"/proc/timer_list",		/* processes of other namespaces, kernel addresses */
	"/sys/devices/virtual/powercap",/* energy meters: a side channel */
	"/sys/firmware",		/* hardware identity, EFI variables */
};

/* Kernel knobs that are not namespaced: root without any capability could write them. */
static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

/* The same for one that has CAP_NET_ADMIN: /proc/sys/net is its own, the rest is not. */
static const char *const readonly_paths_net_admin[] = {
	"/proc/bus",	  "/proc/fs",	  "/proc/irq",	       "/proc/sys/abi",  "/proc/sys/debug",
	"/proc/sys/dev",  "/proc/sys/fs", "/proc/sys/kernel",  "/proc/sys/user", "/proc/sys/vm",
	"/proc/sysrq-trigger",
};

static void add_path(struct job *job, struct oci_strings *list, const char *path)
{
	*(const char **)arena_push(job->arena, &list->items, &list->count, sizeof(*list->items)) = path;
}

/*
 * Only of a proc or sysfs of the container's own: where the manifest binds the machine's
 * /proc or /sys, it wants that, and a mount inside could travel back to the machine.
 */
static void add_own(struct job *job, const struct oci_config *config, const char *const *paths, size_t count,
		    struct oci_strings *list)
{
	for (size_t i = 0; i < count; i++) {
		const struct oci_mount *mount = mount_below(config, paths[i]);

		if (mount && (strcmp(mount->type, "proc") == 0 || strcmp(mount->type, "sysfs") == 0))
			add_path(job, list, paths[i]);
	}
}

static int add_stated(struct job *job, const char *key, const struct manifest_strings *stated,
		      struct oci_strings *list)
{
	for (size_t i = 0; i < stated->count; i++) {
		if (stated->items[i].value[0] != '/')
			return job_error(job, &stated->items[i].at, "%s: '%s' must be an absolute path", key,
					 stated->items[i].value);
		add_path(job, list, stated->items[i].value);
	}
	return 0;
}

static int compile_paths(struct job *job, struct oci_config *config)
{
	const struct manifest_container *c = &job->merged;
	struct oci_linux *l = &config->linux_;

	if (c->masked_paths.set) {
		if (add_stated(job, "maskedPaths", &c->masked_paths, &l->masked_paths) < 0)
			return -1;
	} else if (!job_administers(job)) {
		add_own(job, config, masked_paths, ARRAY_SIZE(masked_paths), &l->masked_paths);
	}
	if (c->readonly_paths.set)
		return add_stated(job, "readonlyPaths", &c->readonly_paths, &l->readonly_paths);
	if (job_administers(job))
		return 0;
	if (job->capabilities & CAPABILITY(CAP_NET_ADMIN))
		add_own(job, config, readonly_paths_net_admin, ARRAY_SIZE(readonly_paths_net_admin),
			&l->readonly_paths);
	else
		add_own(job, config, readonly_paths, ARRAY_SIZE(readonly_paths), &l->readonly_paths);
	return 0;
}

static int compile_seccomp(struct job *job, struct oci_linux *linux_)
{
	const struct manifest_string *stated = &job->merged.seccomp;
	bool wanted = !job_is_privileged(job) && !(job_administers(job) && !job->own_pid);

	if (stated->value) {
		wanted = strcmp(stated->value, "default") == 0;
		if (!wanted && strcmp(stated->value, "unconfined") != 0)
			return job_error(job, &stated->at, "seccomp: expected 'default' or 'unconfined', got '%s'",
					 stated->value);
	}
	if (wanted)
		linux_->seccomp = seccomp_default(architecture_wanted(job->input), job->capabilities, job->arena);
	return 0;
}

int confinement_compile(struct job *job, struct oci_config *config)
{
	const struct manifest_bool *stated = &job->merged.no_new_privileges;

	config->process->no_new_privileges = stated->set ? stated->value : !job_is_privileged(job);
	if (compile_paths(job, config) < 0)
		return -1;
	return compile_seccomp(job, &config->linux_);
}
