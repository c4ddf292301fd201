/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/cgroup_stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/*
 * Where a number is: a file of its own, or behind a word of a file. The unit of version 2's
 * cpu.stat is the microsecond, of version 1's cpuacct.stat the tick of 10 ms.
 */
static const struct row {
	size_t offset;
	const char *v1_controller, *v1_file, *v1_key;
	uint64_t v1_scale;
	const char *v2_file, *v2_key;
	uint64_t v2_scale;
} rows[] = {
#define FIELD(f) offsetof(struct oci_stats, f)
	{ FIELD(cpu_total), "cpuacct", "cpuacct.usage", NULL, 1, "cpu.stat", "usage_usec", 1000 },
	{ FIELD(cpu_user), "cpuacct", "cpuacct.stat", "user", 10000000, "cpu.stat", "user_usec", 1000 },
	{ FIELD(cpu_kernel), "cpuacct", "cpuacct.stat", "system", 10000000, "cpu.stat", "system_usec", 1000 },
	{ FIELD(memory_usage), "memory", "memory.usage_in_bytes", NULL, 1, "memory.current", NULL, 1 },
	{ FIELD(memory_max), "memory", "memory.max_usage_in_bytes", NULL, 1, "memory.peak", NULL, 1 },
	{ FIELD(memory_limit), "memory", "memory.limit_in_bytes", NULL, 1, "memory.max", NULL, 1 },
	{ FIELD(memory_failures), "memory", "memory.failcnt", NULL, 1, "memory.events", "max", 1 },
	{ FIELD(pids_current), "pids", "pids.current", NULL, 1, "pids.current", NULL, 1 },
	{ FIELD(pids_limit), "pids", "pids.max", NULL, 1, "pids.max", NULL, 1 },
#undef FIELD
};

static uint64_t read_value(const struct cgroup *cgroup, const char *controller, const char *file, const char *key)
{
	const struct cgroup_hierarchy *h = cgroup_find(cgroup, controller);
	autobuffer struct buffer text = { 0 };
	struct error ignored;

	if (!h || cgroup_read(h, file, &text, &ignored) < 0)
		return 0;
	if (!key)
		return strtoull(buffer_string(&text), NULL, 10);	/* "max" is 0 */
	for (const char *line = text.data; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ' ')
			return strtoull(line + strlen(key) + 1, NULL, 10);
	return 0;
}

void cgroup_stats(const struct cgroup *cgroup, struct oci_stats *stats)
{
	*stats = (struct oci_stats){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		uint64_t *out = (uint64_t *)(void *)((char *)stats + row->offset);

		*out = cgroup->unified ? read_value(cgroup, "", row->v2_file, row->v2_key) * row->v2_scale :
					 read_value(cgroup, row->v1_controller, row->v1_file, row->v1_key) * row->v1_scale;
	}
}

uint64_t cgroup_oom_kills(const struct cgroup *cgroup)
{
	return cgroup->unified ? read_value(cgroup, "", "memory.events", "oom_kill") :
				 read_value(cgroup, "memory", "memory.oom_control", "oom_kill");
}
