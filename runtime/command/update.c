/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"

struct values {
	const char *resources, *cpus, *mems;
	const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_share, *cpu_burst, *cpu_idle, *cpu_rt_period,
		*cpu_rt_runtime, *memory, *memory_reservation, *memory_swap, *pids_limit;
};

#define VALUE(field) offsetof(struct values, field)

static const struct option options[] = {
	{ OPTION_STRING, 'r', "resources", "FILE", "read the limits from FILE, as JSON; '-' is standard input", VALUE(resources) },
	{ OPTION_STRING, 0, "blkio-weight", "N", "share of input and output, 10 to 1000", VALUE(blkio_weight) },
	{ OPTION_STRING, 0, "cpu-period", "USEC", "the period of the quota", VALUE(cpu_period) },
	{ OPTION_STRING, 0, "cpu-quota", "USEC", "CPU time in a period", VALUE(cpu_quota) },
	{ OPTION_STRING, 0, "cpu-burst", "USEC", "CPU time that may be saved up", VALUE(cpu_burst) },
	{ OPTION_STRING, 0, "cpu-share", "N", "share of CPU time", VALUE(cpu_share) },
	{ OPTION_STRING, 0, "cpu-idle", "N", "1: only when nobody else wants the CPU", VALUE(cpu_idle) },
	{ OPTION_STRING, 0, "cpu-rt-period", "USEC", "the period of the real-time quota", VALUE(cpu_rt_period) },
	{ OPTION_STRING, 0, "cpu-rt-runtime", "USEC", "real-time CPU time in a period", VALUE(cpu_rt_runtime) },
	{ OPTION_STRING, 0, "cpuset-cpus", "LIST", "the CPUs to run on", VALUE(cpus) },
	{ OPTION_STRING, 0, "cpuset-mems", "LIST", "the memory nodes to use", VALUE(mems) },
	{ OPTION_STRING, 0, "memory", "BYTES", "memory", VALUE(memory) },
	{ OPTION_STRING, 0, "memory-reservation", "BYTES", "memory that is kept for it", VALUE(memory_reservation) },
	{ OPTION_STRING, 0, "memory-swap", "BYTES", "memory and swap; -1 is no limit", VALUE(memory_swap) },
	{ OPTION_STRING, 0, "pids-limit", "N", "processes", VALUE(pids_limit) },
	OPTION_TABLE_END,
};

/* The options that are numbers, and what they fill. */
static const struct {
	const char *name;
	size_t value, number;
} numbers[] = {
#define ROW(name, field, number) { name, VALUE(field), offsetof(struct oci_resources, number) }
	ROW("blkio-weight", blkio_weight, block_io_weight), ROW("cpu-period", cpu_period, cpu_period),
	ROW("cpu-quota", cpu_quota, cpu_quota),		    ROW("cpu-burst", cpu_burst, cpu_burst),
	ROW("cpu-share", cpu_share, cpu_shares),	    ROW("cpu-idle", cpu_idle, cpu_idle),
	ROW("cpu-rt-period", cpu_rt_period, cpu_realtime_period),
	ROW("cpu-rt-runtime", cpu_rt_runtime, cpu_realtime_runtime),
	ROW("memory", memory, memory_limit),		    ROW("memory-reservation", memory_reservation, memory_reservation),
	ROW("memory-swap", memory_swap, memory_swap),	    ROW("pids-limit", pids_limit, pids_limit),
#undef ROW
};

/* A number, with k, m or g for powers of 1024. */
static int read_number(const char *text, int64_t *out)
{
	static const char units[] = "kmgt";
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || end == text)
		return -1;
	for (size_t i = 0; *end && units[i]; i++) {
		if ((*end | 0x20) != units[i] || end[1] != '\0')
			continue;
		end++;
		if (n > INT64_MAX >> (10 * (i + 1)) || n < 0)
			return -1;
		n <<= 10 * (i + 1);
		break;
	}
	*out = n;
	return *end ? -1 : 0;
}

static int from_options(const struct values *v, struct oci_resources *r, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const char *text = *(const char *const *)(const void *)((const char *)v + numbers[i].value);
		struct oci_number *number = (struct oci_number *)(void *)((char *)r + numbers[i].number);

		if (!text)
			continue;
		if (read_number(text, &number->value) < 0)
			return error_set(err, "invalid value for %s: expected a number, got '%s'", numbers[i].name, text);
		number->set = true;
	}
	r->cpuset_cpus = v->cpus;
	r->cpuset_mems = v->mems;
	return 0;
}

static int from_file(const char *path, struct oci_resources *r, struct arena *arena, struct error *err)
{
	static const char before[] = "{\"ociVersion\":\"" RUNTIME_SPEC_VERSION "\",\"root\":{\"path\":\"/\"},\"linux\":{\"resources\":";
	autobuffer struct buffer text = { 0 };
	struct oci_config config;

	buffer_add_string(&text, before);
	if (strcmp(path, "-") == 0 ?
		    file_read_fd(STDIN_FILENO, "standard input", OCI_CONFIG_BYTES_MAX, &text, err) < 0 :
		    file_read(AT_FDCWD, path, OCI_CONFIG_BYTES_MAX, &text, err) < 0)
		return -1;
	buffer_add_string(&text, "}}");
	if (oci_config_parse(text.data, text.length, arena, &config, err) < 0)
		return error_context(err, "'%s'", path);
	if (config.linux_.resources)
		*r = *config.linux_.resources;
	return 0;
}

static int update(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	const struct values *v = data;
	struct container container = { 0 };
	struct oci_resources resources = { 0 };
	int r = container_load(runtime_globals.root, operands->items[0], arena, &container, err);

	if (r == 0)
		r = v->resources ? from_file(v->resources, &resources, arena, err) : from_options(v, &resources, err);
	/* The device rules are written once, and an empty list here means no change. */
	resources.devices_count = 0;
	if (r == 0 && container_status(&container) == CONTAINER_STOPPED)
		r = error_set(err, "container not running");
	if (r == 0)
		r = cgroup_limit(&container.cgroup, &resources, err);
	return r;
}

const struct command command_update = {
	.words = { "update", "CONTAINER", "change the limits of a container", options, 1, 1, false, NULL },
	.values_size = sizeof(struct values), .act = update,
};
