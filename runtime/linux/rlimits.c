/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/rlimits.h"

#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"

static const struct {
	const char *name;
	int resource;
} names[] = {
	{ "RLIMIT_AS", RLIMIT_AS },		{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },		{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },		{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING }, { "RLIMIT_STACK", RLIMIT_STACK },
};

int rlimit_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].resource;
	return -1;
}

int rlimits_check(const struct oci_process *process, struct error *err)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < process->rlimits_count; i++) {
		const struct oci_rlimit *r = &process->rlimits[i];
		int resource = rlimit_find(r->type);

		if (resource < 0)
			return error_set(err, "process.rlimits[%zu]: unknown limit '%s'", i, r->type);
		if (seen & (1u << resource))
			return error_set(err, "process.rlimits[%zu]: '%s' is given twice", i, r->type);
		if (r->soft > r->hard)
			return error_set(err, "process.rlimits[%zu]: the soft limit of '%s' is above the hard one", i,
					 r->type);
		seen |= 1u << resource;
	}
	return 0;
}

int rlimits_apply(const struct oci_process *process, struct error *err)
{
	for (size_t i = 0; i < process->rlimits_count; i++) {
		const struct oci_rlimit *r = &process->rlimits[i];
		struct rlimit limit = { .rlim_cur = r->soft, .rlim_max = r->hard };

		if (prlimit(0, (unsigned int)rlimit_find(r->type), &limit, NULL) < 0)
			return error_errno(err, "process.rlimits[%zu]: cannot set '%s'", i, r->type);
	}
	return 0;
}
