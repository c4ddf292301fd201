/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/cgroup_io.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Where the weights go: the CFQ scheduler is gone since Linux 5.0, and BFQ has files of its own. */
struct weight_files {
	const char *weight, *device, *leaf, *leaf_device; /* NULL: the kernel has none */
	const char *word; /* in front of a weight that is for all devices */
	bool scaled; /* from 1 to 10000 instead of 10 to 1000 */
};

static const struct weight_files cfq = {
	"blkio.weight", "blkio.weight_device", "blkio.leaf_weight", "blkio.leaf_weight_device", "", false
};
static const struct weight_files bfq = {
	"blkio.bfq.weight", "blkio.bfq.weight_device", NULL, NULL, "", false
};
static const struct weight_files bfq_v2 = { "io.bfq.weight", "io.bfq.weight", NULL, NULL, "default ", false };
static const struct weight_files cost_v2 = { "io.weight", "io.weight", NULL, NULL, "default ", true };

static const struct weight_files *find_weights(const struct cgroup *cgroup, const struct cgroup_hierarchy *h)
{
	const struct weight_files *first = cgroup->unified ? &bfq_v2 : &cfq;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", h->directory, first->weight);
	if (access(path, F_OK) == 0)
		return first;
	return cgroup->unified ? &cost_v2 : &bfq;
}

static long long scale(const struct weight_files *files, const struct oci_number *weight)
{
	return files->scaled && weight->value > 0 ? 1 + (long long)(weight->value - 10) * 9999 / 990
						  : (long long)weight->value;
}

static int write_weight(const struct cgroup_hierarchy *h, const struct weight_files *files, const char *file,
			const struct oci_number *weight, const struct oci_weight_device *device,
			struct error *err)
{
	char text[96];

	if (!weight->set || weight->value == 0)
		return 0;
	if (!file)
		return error_set(err, "linux.resources.blockIO: this kernel has no leaf weights");
	if (device)
		(void)snprintf(text, sizeof(text), "%lld:%lld %lld", (long long)device->major,
			       (long long)device->minor, scale(files, weight));
	else
		(void)snprintf(text, sizeof(text), "%s%lld", files->word, scale(files, weight));
	return cgroup_write(h, file, text, err) < 0 ? error_context(err, "linux.resources.blockIO") : 0;
}

static int limit_weights(const struct cgroup_hierarchy *h, const struct weight_files *files,
			 const struct oci_resources *r, struct error *err)
{
	if (write_weight(h, files, files->weight, &r->block_io_weight, NULL, err) < 0 ||
	    write_weight(h, files, files->leaf, &r->block_io_leaf_weight, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < r->weight_devices_count; i++) {
		const struct oci_weight_device *device = &r->weight_devices[i];

		if (!device->weight.set && !device->leaf_weight.set)
			return error_set(err, "linux.resources.blockIO.weightDevice[%zu]: it needs weight or leafWeight", i);
		if (write_weight(h, files, files->device, &device->weight, device, err) < 0 ||
		    write_weight(h, files, files->leaf_device, &device->leaf_weight, device, err) < 0)
			return -1;
	}
	return 0;
}

static const struct rate {
	const char *name;
	size_t offset;
	const char *v1_file, *v2_key;
} rates[] = {
#define FIELD(f) offsetof(struct oci_resources, f)
	{ "throttleReadBpsDevice", FIELD(read_bps), "blkio.throttle.read_bps_device", "rbps" },
	{ "throttleWriteBpsDevice", FIELD(write_bps), "blkio.throttle.write_bps_device", "wbps" },
	{ "throttleReadIOPSDevice", FIELD(read_iops), "blkio.throttle.read_iops_device", "riops" },
	{ "throttleWriteIOPSDevice", FIELD(write_iops), "blkio.throttle.write_iops_device", "wiops" },
#undef FIELD
};

static const struct oci_throttle_devices *rate_devices(const struct rate *rate, const struct oci_resources *r)
{
	return (const struct oci_throttle_devices *)(const void *)((const char *)r + rate->offset);
}

/* In version 2 a rate of 0 would be refused; in version 1 it takes the limit away. */
static int limit_rate(const struct cgroup_hierarchy *h, bool unified, const struct rate *rate,
		      const struct oci_throttle_device *device, struct error *err)
{
	char text[96];
	int n = snprintf(text, sizeof(text), "%lld:%lld ", (long long)device->major,
			 (long long)device->minor);

	if (!unified)
		(void)snprintf(text + n, sizeof(text) - (size_t)n, "%llu", (unsigned long long)device->rate);
	else if (device->rate == 0)
		(void)snprintf(text + n, sizeof(text) - (size_t)n, "%s=max", rate->v2_key);
	else
		(void)snprintf(text + n, sizeof(text) - (size_t)n, "%s=%llu", rate->v2_key,
			       (unsigned long long)device->rate);
	if (cgroup_write(h, unified ? "io.max" : rate->v1_file, text, err) < 0)
		return error_context(err, "linux.resources.blockIO.%s", rate->name);
	return 0;
}

static bool is_wanted(const struct oci_resources *r)
{
	size_t count = r->weight_devices_count;

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		count += rate_devices(&rates[i], r)->count;
	return count > 0 || r->block_io_weight.set || r->block_io_leaf_weight.set;
}

int cgroup_limit_io(const struct cgroup *cgroup, const struct oci_resources *r, struct error *err)
{
	const struct cgroup_hierarchy *h;

	if (!is_wanted(r))
		return 0;
	h = cgroup_find(cgroup, "blkio");
	if (!h)
		return error_set(err, "linux.resources.blockIO: the cgroup controller 'blkio' is not there");
	if (limit_weights(h, find_weights(cgroup, h), r, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		const struct oci_throttle_devices *devices = rate_devices(&rates[i], r);

		for (size_t k = 0; k < devices->count; k++)
			if (limit_rate(h, cgroup->unified, &rates[i], &devices->items[k], err) < 0)
				return -1;
	}
	return 0;
}
