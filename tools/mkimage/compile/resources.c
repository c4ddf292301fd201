/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short keys for what a container may use: `memory`, `cpu` and so on. They say what LinuxKit's `resources` says, or what
 * that has no word for; both at once would be two answers to one question.
 */
#include "tools/mkimage/compile/parts.h"

#include <string.h>

#include "base/cleanup.h"

#define PERIOD 100000			/* microseconds; the kernel's default */


static void add_file(struct job *job, struct oci_resources *r, const char *file, const char *value)
{
	*(struct oci_pair *)arena_push(job->arena, &r->unified.items, &r->unified.count, sizeof(struct oci_pair)) =
		(struct oci_pair){ file, value };
}

static int conflict(const struct job *job, const struct place *at, const char *key, const char *other)
{
	return job_error(job, at, "%s: 'resources' has '%s', too; remove one of them", key, other);
}

/* "max" is -1. Checked when the manifest was read; a label is read by the same table. */
static int64_t bytes_of(const struct manifest_string *stated)
{
	int64_t bytes = -1;

	if (strcmp(stated->value, "max") != 0)
		(void)manifest_amount(stated->value, &bytes);
	return bytes;
}

/* Sizes that go to a file of the cgroup, and the key of `resources` that would write the same file. */
static int add_sizes(struct job *job, struct oci_resources *r)
{
	const struct manifest_container *m = &job->merged;
	const struct {
		const char *key, *file, *other;
		const struct manifest_string *stated;
		bool both;
	} rows[] = {
		{ "memory_high", "memory.high", "", &m->memory_high, false },
		{ "memory_low", "memory.low", "memory.reservation", &m->memory_low, m->resources.memory_reservation.set },
		{ "swap", "memory.swap.max", "memory.swap", &m->swap, m->resources.memory_swap.set },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t bytes;

		if (!rows[i].stated->value)
			continue;
		if (rows[i].both)
			return conflict(job, &rows[i].stated->at, rows[i].key, rows[i].other);
		bytes = bytes_of(rows[i].stated);
		add_file(job, r, rows[i].file, bytes < 0 ? "max" : arena_printf(job->arena, "%lld", (long long)bytes));
	}
	return 0;
}

static int add_memory(struct job *job, struct oci_resources *r)
{
	const struct manifest_string *stated = &job->merged.memory, *high = &job->merged.memory_high;
	int64_t limit = stated->value ? bytes_of(stated) : -1;

	if (stated->value && job->merged.resources.memory_limit.set)
		return conflict(job, &stated->at, "memory", "memory.limit");
	if (limit == 0)
		return job_error(job, &stated->at, "memory: nothing runs without memory");
	if (limit > 0 && high->value && bytes_of(high) > limit)
		return job_error(job, &high->at, "memory_high: is above 'memory', and would never be met");
	if (stated->value)
		r->memory_limit = (struct oci_number){ true, limit };
	return 0;
}

static int add_cpu(struct job *job, struct oci_resources *r)
{
	const struct manifest_string *cpu = &job->merged.cpu;
	const struct manifest_resources *other = &job->merged.resources;
	unsigned int thousandths;

	if (job->merged.cpu_weight.set) {
		if (other->cpu_shares.set)
			return conflict(job, &job->merged.cpu_weight.at, "cpu_weight", "cpu.shares");
		add_file(job, r, "cpu.weight", arena_printf(job->arena, "%lld", (long long)job->merged.cpu_weight.value));
	}
	if (!cpu->value)
		return 0;
	if (other->cpu_quota.set || other->cpu_period.set)
		return conflict(job, &cpu->at, "cpu", other->cpu_quota.set ? "cpu.quota" : "cpu.period");
	if (!manifest_cpus(cpu->value, &thousandths))
		return job_error(job, &cpu->at, "cpu: expected processors such as '1.5', got '%s'", cpu->value);
	r->cpu_quota = (struct oci_number){ true, (int64_t)thousandths * (PERIOD / 1000) };
	r->cpu_period = (struct oci_number){ true, PERIOD };
	return 0;
}

static int add_others(struct job *job, struct oci_resources *r)
{
	const struct manifest_container *m = &job->merged;

	if (m->pids.set && m->resources.pids_limit.set)
		return conflict(job, &m->pids.at, "pids", "pids.limit");
	if (m->io_weight.set && m->resources.block_io_weight.set)
		return conflict(job, &m->io_weight.at, "io_weight", "blockio.weight");
	if (m->pids.set)
		r->pids_limit = (struct oci_number){ true, m->pids.value };
	if (m->io_weight.set)
		add_file(job, r, "io.weight", arena_printf(job->arena, "%lld", (long long)m->io_weight.value));
	/* One that is to start the machine anew has no use for what is left of it. */
	if (m->oom.value && strcmp(m->oom.value, "kill-process") != 0)
		add_file(job, r, "memory.oom.group", "1");
	return 0;
}

int resources_compile(struct job *job, struct oci_resources *resources)
{
	if (add_memory(job, resources) < 0 || add_sizes(job, resources) < 0 || add_cpu(job, resources) < 0)
		return -1;
	return add_others(job, resources);
}

int resources_prepare(struct job *job, struct plan *plan)
{
	for (size_t i = 0; i < job->merged.io_max.count; i++) {
		const struct manifest_string *stated = &job->merged.io_max.items[i];
		struct plan_prepare *prepare;
		struct manifest_io_max limit;
		const char *problem = manifest_io_max(stated->value, job->arena, &limit);

		if (problem)
			return job_error(job, &stated->at, "io_max: %s", problem);
		prepare = arena_push(job->arena, &plan->prepares, &plan->prepares_count, sizeof(*prepare));
		*prepare = (struct plan_prepare){ .kind = PLAN_IO_MAX, .container = plan->containers_count - 1,
						  .path = limit.device, .source = limit.rates };
	}
	return 0;
}
