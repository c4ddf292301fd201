/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LinuxKit's `capabilities` and `ambient`: names, or "all", or "none". No capabilities
 * unless asked. The sets are LinuxKit's: what is ambient must be bounding, permitted
 * and inheritable too (capabilities(7)), effective is what was asked for.
 */
#include "tools/mkimage/compile/parts.h"

#include <linux/capability.h>
#include <strings.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/option.h"

/* By number: linux/capability.h. */
static const char *const names[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
	"CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE",
	"CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT",
	"CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
	"CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
	"CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE", NULL,
};

_Static_assert(ARRAY_SIZE(names) - 1 == 41 && CAP_SYS_ADMIN == 21 && CAP_AUDIT_READ == 37,
	       "the names stand at their numbers");

static int add_name(const struct job *job, const char *key, const struct manifest_string *name, uint64_t *set)
{
	const char *nearest;

	if (strcasecmp(name->value, "all") == 0) {
		*set = CAPABILITIES_ALL;
		return 0;
	}
	if (strcasecmp(name->value, "none") == 0) {
		*set = 0;
		return 0;
	}
	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], name->value) == 0) {
			*set |= CAPABILITY(i);
			return 0;
		}
	nearest = option_nearest(name->value, names);
	if (nearest)
		return job_error(job, &name->at, "%s: unknown capability '%s'; did you mean '%s'?", key, name->value,
				 nearest);
	return job_error(job, &name->at, "%s: unknown capability '%s': expected a name such as 'CAP_NET_ADMIN', "
			 "or 'all', or 'none'", key, name->value);
}

static int read_set(const struct job *job, const char *key, const struct manifest_strings *list, uint64_t *set)
{
	*set = 0;
	for (size_t i = 0; i < list->count; i++)
		if (add_name(job, key, &list->items[i], set) < 0)
			return -1;
	return 0;
}

static struct oci_strings list_of(uint64_t set, struct arena *arena)
{
	struct oci_strings list = { 0 };

	for (size_t i = 0; names[i]; i++)
		if (set & CAPABILITY(i))
			*(const char **)arena_push(arena, &list.items, &list.count, sizeof(*list.items)) = names[i];
	return list;
}

int capabilities_compile(struct job *job, struct oci_process *process)
{
	struct oci_capabilities *sets = arena_alloc(job->arena, sizeof(*sets));
	uint64_t asked, ambient;

	if (read_set(job, "capabilities", &job->merged.capabilities, &asked) < 0 ||
	    read_set(job, "ambient", &job->merged.ambient, &ambient) < 0)
		return -1;
	job->capabilities = asked | ambient;
	sets->bounding = sets->permitted = sets->inheritable = list_of(job->capabilities, job->arena);
	sets->effective = list_of(asked, job->arena);
	sets->ambient = list_of(ambient, job->arena);
	process->capabilities = sets;
	return 0;
}

bool job_is_privileged(const struct job *job)
{
	return job->capabilities == CAPABILITIES_ALL;
}

bool job_administers(const struct job *job)
{
	return job->capabilities & CAPABILITY(CAP_SYS_ADMIN);
}
