/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as files of both versions of cgroups: one row a limit. */
#include "runtime/linux/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/linux/cgroup_devices.h"
#include "runtime/linux/cgroup_io.h"
#include "runtime/linux/cgroup_rare.h"

typedef int convert_function(const struct oci_resources *r, int64_t value, char *out, size_t size);

static int as_is(const struct oci_resources *r, int64_t value, char *out, size_t size)
{
	(void)r;
	return snprintf(out, size, "%lld", (long long)value);
}

/* -1 is no limit: "max" in version 2, and for pids in both. 0 is one: the program may run, and make no other process. */
static int or_max(const struct oci_resources *r, int64_t value, char *out, size_t size)
{
	return value < 0 ? snprintf(out, size, "max") : as_is(r, value, out, size);
}

/* The specification counts memory and swap together, version 2 swap alone. */
static int swap_alone(const struct oci_resources *r, int64_t value, char *out, size_t size)
{
	if (value < 0 || !r->memory_limit.set || r->memory_limit.value < 0)
		return value < 0 ? snprintf(out, size, "max") : 0;
	return snprintf(out, size, "%lld", (long long)(value - r->memory_limit.value));
}

/* Shares go from 2 to 262144, weights from 1 to 10000. */
static int shares_to_weight(const struct oci_resources *r, int64_t value, char *out, size_t size)
{
	(void)r;
	if (value <= 0)
		return 0;
	value = value < 2 ? 2 : value > 262144 ? 262144 : value;
	return snprintf(out, size, "%lld", 1 + (long long)(value - 2) * 9999 / 262142);
}

/* cpu.max holds both quota and period; written where either is given. */
static int quota_and_period(const struct oci_resources *r, int64_t value, char *out, size_t size)
{
	char quota[24] = "max";

	(void)value;
	if (r->cpu_quota.set && r->cpu_quota.value > 0)
		(void)snprintf(quota, sizeof(quota), "%lld", (long long)r->cpu_quota.value);
	if (r->cpu_period.set && r->cpu_period.value > 0)
		return snprintf(out, size, "%s %lld", quota, (long long)r->cpu_period.value);
	return snprintf(out, size, "%s", quota);
}

static int period_alone(const struct oci_resources *r, int64_t value, char *out, size_t size)
{
	return r->cpu_quota.set ? 0 : quota_and_period(r, value, out, size);
}

static int nonzero(const struct oci_resources *r, int64_t value, char *out, size_t size)
{
	return value == 0 ? 0 : as_is(r, value, out, size);
}

/* A converter that writes nothing (0) passes the limit over; NULL for a version without it. */
static const struct limit {
	const char *name;		/* its place in the specification */
	size_t offset;
	const char *controller, *v1_file;
	convert_function *v1;
	const char *v2_file;
	convert_function *v2;
} limits[] = {
#define FIELD(f) offsetof(struct oci_resources, f)
	{ "cpu.shares", FIELD(cpu_shares), "cpu", "cpu.shares", nonzero, "cpu.weight", shares_to_weight },
	{ "cpu.period", FIELD(cpu_period), "cpu", "cpu.cfs_period_us", nonzero, "cpu.max", period_alone },
	{ "cpu.quota", FIELD(cpu_quota), "cpu", "cpu.cfs_quota_us", nonzero, "cpu.max", quota_and_period },
	{ "cpu.burst", FIELD(cpu_burst), "cpu", "cpu.cfs_burst_us", as_is, "cpu.max.burst", as_is },
	{ "cpu.idle", FIELD(cpu_idle), "cpu", "cpu.idle", as_is, "cpu.idle", as_is },
	{ "cpu.realtimePeriod", FIELD(cpu_realtime_period), "cpu", "cpu.rt_period_us", nonzero, NULL, NULL },
	{ "cpu.realtimeRuntime", FIELD(cpu_realtime_runtime), "cpu", "cpu.rt_runtime_us", as_is, NULL, NULL },
	{ "memory.swappiness", FIELD(swappiness), "memory", "memory.swappiness", as_is, NULL, NULL },
	{ "memory.kernel", FIELD(memory_kernel), "memory", "memory.kmem.limit_in_bytes", nonzero, NULL, NULL },
	{ "memory.kernelTCP", FIELD(memory_kernel_tcp), "memory", "memory.kmem.tcp.limit_in_bytes", nonzero, NULL, NULL },
	{ "pids.limit", FIELD(pids_limit), "pids", "pids.max", or_max, "pids.max", or_max },
	{ "memory.reservation", FIELD(memory_reservation), "memory", "memory.soft_limit_in_bytes", nonzero, "memory.low", or_max },
	{ "memory.limit", FIELD(memory_limit), "memory", "memory.limit_in_bytes", nonzero, "memory.max", or_max },
	{ "memory.swap", FIELD(memory_swap), "memory", "memory.memsw.limit_in_bytes", nonzero, "memory.swap.max", swap_alone },
#undef FIELD
};

static const struct text_limit {
	const char *name;
	size_t offset;
	const char *controller, *file;	/* the same in both versions */
} text_limits[] = {
	{ "cpu.cpus", offsetof(struct oci_resources, cpuset_cpus), "cpuset", "cpuset.cpus" },
	{ "cpu.mems", offsetof(struct oci_resources, cpuset_mems), "cpuset", "cpuset.mems" },
};

static int write_limit(const struct cgroup *cgroup, const char *controller, const char *file, const char *value,
		       struct error *err)
{
	const struct cgroup_hierarchy *h = cgroup_find(cgroup, controller);

	if (!h)
		return error_set(err, "the cgroup controller '%s' is not there", controller);
	return cgroup_write(h, file, value, err);
}

static int apply_number(const struct cgroup *cgroup, const struct limit *limit, const struct oci_resources *r,
			struct error *err)
{
	const struct oci_number *number =
		(const struct oci_number *)(const void *)((const char *)r + limit->offset);
	convert_function *convert = cgroup->unified ? limit->v2 : limit->v1;
	char value[64];

	/* Less than nothing is no limit, which is what it has. */
	if (number->set && !convert && number->value > 0)
		return error_set(err, "linux.resources.%s: cgroup version 2 has nothing like it", limit->name);
	if (!number->set || !convert || convert(r, number->value, value, sizeof(value)) == 0)
		return 0;
	if (write_limit(cgroup, limit->controller, cgroup->unified ? limit->v2_file : limit->v1_file, value, err) < 0)
		return error_context(err, "linux.resources.%s", limit->name);
	return 0;
}

/*
 * Two values that must fit each other are two files, and which of them to write first depends on what stood there:
 * the burst must stay below the quota; in version 1 memory below memory and swap together, quota to period below
 * what the parent has, and what is left to real time below its period. Another try in the other order is what tells.
 */
static int apply_after_next(const struct cgroup *cgroup, const struct limit *limit, const struct oci_resources *r,
			    struct error *err)
{
	bool fits_next = !cgroup->unified && (limit->offset == offsetof(struct oci_resources, cpu_period) ||
					      limit->offset == offsetof(struct oci_resources, memory_limit));

	if (limit->offset == offsetof(struct oci_resources, cpu_realtime_period))
		fits_next = r->cpu_realtime_runtime.set;
	if (limit->offset == offsetof(struct oci_resources, cpu_quota))
		fits_next = r->cpu_burst.set;
	if (!fits_next || apply_number(cgroup, limit + 1, r, err) < 0)
		return -1;
	return apply_number(cgroup, limit, r, err);
}

static int apply_unified(const struct cgroup *cgroup, const struct oci_pairs *unified, struct error *err)
{
	if (unified->count > 0 && cgroup->count == 0)
		return error_set(err, "linux.resources.unified: there is no cgroup");
	if (unified->count > 0 && !cgroup->unified)
		return error_set(err, "invalid configuration: linux.resources.unified needs a machine with cgroup version 2 only");
	for (size_t i = 0; i < unified->count; i++) {
		const char *file = unified->items[i].key;

		if (strchr(file, '/') || !strchr(file, '.'))
			return error_set(err, "linux.resources.unified: '%s' is not the name of a cgroup file", file);
		if (cgroup_write(&cgroup->items[0], file, unified->items[i].value, err) < 0)
			return error_context(err, "linux.resources.unified");
	}
	return 0;
}

#define TIGHT (1 << 20)		/* bytes: of four processors' worth of what the kernel puts aside */

/* Unlimited memory means unlimited swap, where nothing is said about it: version 1 counts them together, and so it is with runc. */
static void free_swap(const struct cgroup *cgroup, struct oci_resources *r)
{
	const struct cgroup_hierarchy *h = cgroup_find(cgroup, "memory");
	const char *file = cgroup->unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes";
	struct error ignored;
	autobuffer struct buffer there = { 0 };

	if (!r->memory_limit.set || r->memory_limit.value != -1 || r->memory_swap.set || !h ||
	    cgroup_read(h, file, &there, &ignored) < 0)
		return;
	r->memory_swap = (struct oci_number){ .set = true, .value = -1 };
}

/* Version 2 has both in one file, which cannot be given a period without a quota: the one that holds stays. */
static void keep_quota(const struct cgroup *cgroup, struct oci_resources *r)
{
	const struct cgroup_hierarchy *h = cgroup_find(cgroup, "cpu");
	autobuffer struct buffer there = { 0 };
	struct error ignored;
	long long quota;

	if (!cgroup->unified || !r->cpu_period.set || r->cpu_quota.set || !h ||
	    cgroup_read(h, "cpu.max", &there, &ignored) < 0)
		return;
	/* "max" is no number, and what is written without one. */
	quota = strtoll(buffer_string(&there), NULL, 10);
	if (quota > 0)
		r->cpu_quota = (struct oci_number){ .set = true, .value = quota };
}

bool cgroup_has_limits(const struct oci_resources *r)
{
	if (!r)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(text_limits); i++)
		if (*(const char *const *)(const void *)((const char *)r + text_limits[i].offset))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (((const struct oci_number *)(const void *)((const char *)r + limits[i].offset))->set)
			return true;
	return r->unified.count > 0 || cgroup_has_rare_limits(r);
}

/* What is counted together can be set apart only where both are known. */
static int check_swap(const struct cgroup *cgroup, const struct oci_resources *r, struct error *err)
{
	if (!cgroup->unified || !r->memory_swap.set || r->memory_swap.value <= 0)
		return 0;
	if (!r->memory_limit.set || r->memory_limit.value <= 0)
		return error_set(err, "linux.resources.memory.swap: unable to set swap limit without memory limit");
	if (r->memory_swap.value < r->memory_limit.value)
		return error_set(err, "linux.resources.memory.swap: memory+swap limit should be >= memory limit");
	return 0;
}

/* Version 1 refuses a limit below what is used; version 2 would kill for it. */
static int check_usage(const struct cgroup *cgroup, const struct oci_resources *r, struct error *err)
{
	const struct cgroup_hierarchy *h = cgroup_find(cgroup, "memory");
	autobuffer struct buffer used = { 0 };

	if (!r->check_before_update || !r->memory_limit.set || r->memory_limit.value < 0 || !cgroup->unified || !h)
		return 0;
	if (cgroup_read(h, "memory.current", &used, err) < 0)
		return -1;
	if (strtoll(buffer_string(&used), NULL, 10) > r->memory_limit.value)
		return error_set(err, "linux.resources.memory.limit: %lld is below the %s bytes that are in use",
				 (long long)r->memory_limit.value, buffer_string(&used));
	return 0;
}

static int disable_oom_killer(const struct cgroup *cgroup, struct error *err)
{
	if (cgroup->unified)
		return error_set(err, "linux.resources.memory.disableOOMKiller: cgroup version 2 has nothing like it");
	if (write_limit(cgroup, "memory", "memory.oom_control", "1", err) < 0)
		return error_context(err, "linux.resources.memory.disableOOMKiller");
	return 0;
}

bool cgroup_is_tight(const struct oci_resources *r)
{
	return r && r->memory_limit.set && r->memory_limit.value > 0 && r->memory_limit.value < TIGHT;
}

int cgroup_limit(const struct cgroup *cgroup, const struct oci_resources *wanted, struct error *err)
{
	struct oci_resources with_swap, *r = &with_swap;

	if (!wanted)
		return 0;
	with_swap = *wanted;
	free_swap(cgroup, r);
	keep_quota(cgroup, r);
	if (check_swap(cgroup, r, err) < 0 || check_usage(cgroup, r, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(text_limits); i++) {
		const char *value = *(const char *const *)(const void *)((const char *)r + text_limits[i].offset);

		if (value && *value &&
		    write_limit(cgroup, text_limits[i].controller, text_limits[i].file, value, err) < 0)
			return error_context(err, "linux.resources.%s", text_limits[i].name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (apply_number(cgroup, &limits[i], r, err) == 0)
			continue;
		if (apply_after_next(cgroup, &limits[i], r, err) < 0)
			return -1;
	}
	/* Version 2 always is one, and so is version 1 since Linux 5.11. */
	if (r->use_hierarchy && !cgroup->unified &&
	    write_limit(cgroup, "memory", "memory.use_hierarchy", "1", err) < 0)
		return error_context(err, "linux.resources.memory.useHierarchy");
	if (r->disable_oom_killer && disable_oom_killer(cgroup, err) < 0)
		return -1;
	if (cgroup_limit_io(cgroup, r, err) < 0 || cgroup_limit_rare(cgroup, r, err) < 0)
		return -1;
	return apply_unified(cgroup, &r->unified, err);
}

int cgroup_limit_devices(const struct cgroup *cgroup, const struct oci_resources *r, struct error *err)
{
	const struct cgroup_hierarchy *h = cgroup_find(cgroup, "devices");

	if (!r || r->devices_count == 0)
		return 0;
	if (!h)
		return error_set(err, "linux.resources.devices: the cgroup controller 'devices' is not there");
	return (cgroup->unified ? cgroup_devices_v2 : cgroup_devices_v1)(h, r->devices, r->devices_count, err);
}
