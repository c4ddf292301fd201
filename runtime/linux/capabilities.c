/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

/* In the order of linux/capability.h: the index is the number. */
static const char *const names[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
	"CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
	"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
	"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
};

_Static_assert(sizeof(names) / sizeof(names[0]) == 41, "linux/capability.h: CAP_CHECKPOINT_RESTORE is 40");

int capability_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

const char *capability_name(unsigned int number)
{
	return number < ARRAY_SIZE(names) ? names[number] : NULL;
}

static uint64_t read_set(const struct oci_strings *set, const char *which)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < set->count; i++) {
		int n = capability_find(set->items[i]);

		if (n < 0)
			log_warning("process.capabilities.%s: unknown capability '%s' is left out", which,
				    set->items[i]);
		else
			bits |= 1ull << n;
	}
	return bits;
}

/* What this process could pass on: all, where it cannot be asked. */
static uint64_t own_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return ~0ull;
	return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

/* In a machine that is a container itself, some cannot be had: a warning, as the specification wants it. */
static void leave_out(struct capability_sets *sets, uint64_t missing)
{
	for (unsigned int n = 0; n < ARRAY_SIZE(names); n++)
		if (missing & (1ull << n))
			log_warning("process.capabilities: '%s' cannot be granted here and is left out", names[n]);
	sets->bounding &= ~missing;
	sets->effective &= ~missing;
	sets->inheritable &= ~missing;
	sets->permitted &= ~missing;
	sets->ambient &= ~missing;
}

/*
 * A process can only raise what is permitted and inheritable as well: a warning here, too, and in runc's words. It goes to
 * the log alone: buildah asks for all it has in each step, whose standard error is the step's own.
 */
static void leave_out_ambient(struct capability_sets *sets)
{
	const enum log_level level = log_descriptor() >= 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG;
	uint64_t missing = sets->ambient & ~(sets->permitted & sets->inheritable);

	for (unsigned int n = 0; n < ARRAY_SIZE(names); n++)
		if (missing & (1ull << n))
			log_message(level, "process.capabilities: can't raise ambient capability %s: it is not permitted and "
				    "inheritable", names[n]);
	sets->ambient &= ~missing;
}

void capabilities_read(const struct oci_capabilities *config, struct capability_sets *sets)
{
	*sets = (struct capability_sets){
		.bounding = read_set(&config->bounding, "bounding"),
		.effective = read_set(&config->effective, "effective"),
		.inheritable = read_set(&config->inheritable, "inheritable"),
		.permitted = read_set(&config->permitted, "permitted"),
		.ambient = read_set(&config->ambient, "ambient"),
	};
	leave_out(sets, (sets->bounding | sets->effective | sets->inheritable | sets->permitted | sets->ambient) &
				~own_capabilities());
	leave_out_ambient(sets);
}

int capabilities_bound(const struct capability_sets *sets, struct error *err)
{
	for (unsigned int n = 0; n < 64; n++) {
		if (sets->bounding & (1ull << n))
			continue;
		if (prctl(PR_CAPBSET_DROP, n, 0, 0, 0) == 0)
			continue;
		/* EINVAL: the kernel knows no higher one. */
		if (errno == EINVAL)
			return 0;
		return error_errno(err, "cannot drop %s from the bounding set", n < ARRAY_SIZE(names) ? names[n] : "a capability");
	}
	return 0;
}

int capabilities_apply(const struct capability_sets *sets, struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable },
		{ (uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
		  (uint32_t)(sets->inheritable >> 32) },
	};

	if (syscall(SYS_capset, &header, data) < 0)
		return error_errno(err, "cannot set the capabilities");
	for (unsigned int n = 0; n < ARRAY_SIZE(names); n++) {
		if (!(sets->ambient & (1ull << n)))
			continue;
		/* EPERM: securebits forbid it; it cannot be had, and the program runs without. */
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, n, 0, 0) < 0 && errno != EPERM)
			return error_errno(err, "cannot raise the ambient capability %s", names[n]);
	}
	return 0;
}
