/* SPDX-License-Identifier: Apache-2.0 */
/* `rlimits`, `resources`, `oomScoreAdj`: what a container may use. */
#include "tools/mkimage/compile/parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/option.h"

static const char *const rlimit_names[] = {
	"RLIMIT_CPU",   "RLIMIT_FSIZE",	  "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE",	      "RLIMIT_RSS",
	"RLIMIT_NPROC", "RLIMIT_NOFILE",  "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS",      "RLIMIT_SIGPENDING",
	"RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME", NULL,
};

/* The next of three parts between commas, without the spaces around it; NULL where there is none. */
static char *next_part(struct arena *arena, const char **rest)
{
	const char *start = *rest, *end;
	size_t length;

	if (!start)
		return NULL;
	while (isspace((unsigned char)*start))
		start++;
	length = strcspn(start, ",");
	*rest = start[length] ? start + length + 1 : NULL;
	for (end = start + length; end > start && isspace((unsigned char)end[-1]); end--)
		;
	return arena_strndup(arena, start, (size_t)(end - start));
}

static bool read_limit(const char *text, uint64_t *value)
{
	char *end;

	if (strcasecmp(text, "unlimited") == 0) {
		*value = UINT64_MAX;
		return true;
	}
	errno = 0;
	*value = strtoull(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && !errno;
}

static const char *find_rlimit(struct arena *arena, const char *name)
{
	char *full = arena_printf(arena, "%s%s", strncasecmp(name, "RLIMIT_", 7) == 0 ? "" : "RLIMIT_", name);

	for (size_t i = 0; rlimit_names[i]; i++)
		if (strcasecmp(rlimit_names[i], full) == 0)
			return rlimit_names[i];
	return NULL;
}

/* "NOFILE,1024,unlimited": name, soft, hard. */
static int add_rlimit(struct job *job, const struct manifest_string *item, struct oci_process *process)
{
	const char *rest = item->value, *name = next_part(job->arena, &rest);
	const char *soft = next_part(job->arena, &rest), *hard = next_part(job->arena, &rest);
	struct oci_rlimit limit, *slot;

	if (!hard || rest || !read_limit(soft, &limit.soft) || !read_limit(hard, &limit.hard))
		return job_error(job, &item->at, "rlimits: expected 'NAME,SOFT,HARD' with numbers or 'unlimited', "
				 "got '%s'", item->value);
	limit.type = find_rlimit(job->arena, name);
	if (!limit.type)
		return job_error(job, &item->at, "rlimits: unknown limit '%s': see setrlimit(2)", name);
	if (limit.soft > limit.hard)
		return job_error(job, &item->at, "rlimits: the soft limit of '%s' is above the hard one", item->value);
	for (size_t i = 0; i < process->rlimits_count; i++)
		if (process->rlimits[i].type == limit.type)
			return job_error(job, &item->at, "rlimits: '%s' stands twice", limit.type);
	slot = arena_push(job->arena, &process->rlimits, &process->rlimits_count, sizeof(*slot));
	*slot = limit;
	return 0;
}

/* Numbers of `resources`, with the least that makes sense. -1 is "no limit" where `unlimited`. */
static const struct resource_row {
	const char *key;
	size_t from, to;
	int64_t least;
	bool unlimited;
} resource_rows[] = {
#define ROW(key, member, least, unlimited) \
	{ key, offsetof(struct manifest_resources, member), offsetof(struct oci_resources, member), least, unlimited }
	ROW("memory.limit", memory_limit, 1, true),
	ROW("memory.reservation", memory_reservation, 1, true),
	ROW("memory.swap", memory_swap, 0, true),
	ROW("cpu.shares", cpu_shares, 0, false),
	ROW("cpu.quota", cpu_quota, 1, true),
	ROW("cpu.period", cpu_period, 1, false),
	ROW("pids.limit", pids_limit, 0, true),
	ROW("blockio.weight", block_io_weight, 1, false),
};

static struct oci_throttle_devices throttle_of(struct job *job, const struct manifest_throttle_device *from,
					       size_t count)
{
	struct oci_throttle_devices out = { arena_array(job->arena, count + 1, sizeof(*out.items)), count };

	for (size_t i = 0; i < count; i++)
		out.items[i] = (struct oci_throttle_device){ from[i].major.value, from[i].minor.value,
							     (uint64_t)from[i].rate.value };
	return out;
}

/* Ranges were checked when the manifest was read. */
static void add_block_devices(struct job *job, const struct manifest_resources *from, struct oci_resources *to)
{
	to->read_bps = throttle_of(job, from->read_bps, from->read_bps_count);
	to->write_bps = throttle_of(job, from->write_bps, from->write_bps_count);
	to->read_iops = throttle_of(job, from->read_iops, from->read_iops_count);
	to->write_iops = throttle_of(job, from->write_iops, from->write_iops_count);
	for (size_t i = 0; i < from->weight_devices_count; i++) {
		const struct manifest_weight_device *device = &from->weight_devices[i];

		*(struct oci_weight_device *)arena_push(job->arena, &to->weight_devices, &to->weight_devices_count,
							sizeof(*to->weight_devices)) = (struct oci_weight_device){
			.major = device->major.value, .minor = device->minor.value,
			.weight = { true, device->weight.value },
		};
	}
	for (size_t i = 0; i < from->hugepage_limits_count; i++)
		*(struct oci_hugepage_limit *)arena_push(job->arena, &to->hugepage_limits, &to->hugepage_limits_count,
							 sizeof(*to->hugepage_limits)) = (struct oci_hugepage_limit){
			from->hugepage_limits[i].page_size, (uint64_t)from->hugepage_limits[i].limit.value };
}

static int add_resources(struct job *job, struct oci_resources *resources)
{
	const struct manifest_resources *stated = &job->merged.resources;

	for (size_t i = 0; i < ARRAY_SIZE(resource_rows); i++) {
		const struct resource_row *row = &resource_rows[i];
		const struct manifest_int *from = (const void *)((const char *)stated + row->from);
		struct oci_number *to = (void *)((char *)resources + row->to);

		if (!from->set)
			continue;
		if (from->value < row->least && !(row->unlimited && from->value == -1))
			return job_error(job, &from->at, "resources: %s: %lld is too small%s", row->key,
					 (long long)from->value, row->unlimited ? ": -1 means no limit" : "");
		*to = (struct oci_number){ true, from->value };
	}
	resources->cpuset_cpus = stated->cpuset_cpus.value;
	resources->cpuset_mems = stated->cpuset_mems.value;
	resources->disable_oom_killer = job->merged.disable_oom_killer.value || stated->disable_oom_killer.value;
	add_block_devices(job, stated, resources);
	return 0;
}

int limits_compile(struct job *job, struct oci_config *config)
{
	const struct manifest_int *score = &job->merged.oom_score_adj;

	for (size_t i = 0; i < job->merged.rlimits.count; i++)
		if (add_rlimit(job, &job->merged.rlimits.items[i], config->process) < 0)
			return -1;
	if (score->set) {
		if (score->value < -1000 || score->value > 1000)
			return job_error(job, &score->at, "oomScoreAdj: expected -1000 to 1000, got %lld",
					 (long long)score->value);
		config->process->has_oom_score_adj = true;
		config->process->oom_score_adj = (int)score->value;
	}
	return add_resources(job, config->linux_.resources) < 0 ? -1 : resources_compile(job, config->linux_.resources);
}
