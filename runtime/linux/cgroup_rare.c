/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/cgroup_rare.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CONTROL_LINE_MAX 256			/* of a file: the name of a device or an interface, and numbers */

/* Where a controller's files are, or an error that names what wants it. */
static const struct cgroup_hierarchy *need(const struct cgroup *cgroup, const char *controller, const char *what,
					   bool v1_only, struct error *err)
{
	const struct cgroup_hierarchy *h = cgroup_find(cgroup, controller);

	if (v1_only && cgroup->unified)
		error_set(err, "linux.resources.%s: cgroup version 2 has nothing like it", what);
	else if (!h)
		error_set(err, "linux.resources.%s: the cgroup controller '%s' is not there", what, controller);
	else
		return h;
	return NULL;
}

static bool has_file(const struct cgroup_hierarchy *h, const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", h->directory, name);
	return access(path, F_OK) == 0;
}

/* "2MB": nothing that could lead to another file. */
static bool is_page_size(const char *size)
{
	size_t digits = strspn(size, "0123456789");

	return digits > 0 && digits < 8 && strchr("KMG", size[digits]) && strcmp(size + digits + 1, "B") == 0;
}

/* What is used, and, where the kernel counts that as well, what is reserved. */
static int limit_hugepages(const struct cgroup *cgroup, const struct oci_hugepage_limit *limit, struct error *err)
{
	const struct cgroup_hierarchy *h = need(cgroup, "hugetlb", "hugepageLimits", false, err);
	const char *end = cgroup->unified ? "max" : "limit_in_bytes";
	char file[64], value[24];

	if (!h)
		return -1;
	if (!is_page_size(limit->page_size))
		return error_set(err, "linux.resources.hugepageLimits: '%s' is not a page size such as '2MB'",
				 limit->page_size);
	(void)snprintf(value, sizeof(value), "%llu", (unsigned long long)limit->limit);
	(void)snprintf(file, sizeof(file), "hugetlb.%s.%s", limit->page_size, end);
	if (!has_file(h, file))
		return error_set(err, "linux.resources.hugepageLimits: this machine has no limit for pages of '%s'",
				 limit->page_size);
	if (cgroup_write(h, file, value, err) < 0)
		return error_context(err, "linux.resources.hugepageLimits");
	(void)snprintf(file, sizeof(file), "hugetlb.%s.rsvd.%s", limit->page_size, end);
	if (has_file(h, file) && cgroup_write(h, file, value, err) < 0)
		return error_context(err, "linux.resources.hugepageLimits");
	return 0;
}

static int set_class(const struct cgroup *cgroup, int64_t class, struct error *err)
{
	const struct cgroup_hierarchy *h = need(cgroup, "net_cls", "network.classID", true, err);
	char value[24];

	(void)snprintf(value, sizeof(value), "%lld", (long long)class);
	if (!h || cgroup_write(h, "net_cls.classid", value, err) < 0)
		return h ? error_context(err, "linux.resources.network.classID") : -1;
	return 0;
}

static int set_priority(const struct cgroup *cgroup, const struct oci_interface_priority *priority, struct error *err)
{
	const struct cgroup_hierarchy *h = need(cgroup, "net_prio", "network.priorities", true, err);
	char line[CONTROL_LINE_MAX];

	(void)snprintf(line, sizeof(line), "%s %u", priority->name, priority->priority);
	if (!h || cgroup_write(h, "net_prio.ifpriomap", line, err) < 0)
		return h ? error_context(err, "linux.resources.network.priorities") : -1;
	return 0;
}

static int limit_rdma(const struct cgroup *cgroup, const struct oci_rdma_limit *limit, struct error *err)
{
	const struct cgroup_hierarchy *h = need(cgroup, "rdma", "rdma", false, err);
	char line[CONTROL_LINE_MAX];
	int n = snprintf(line, sizeof(line), "%.128s", limit->device);

	if (!h)
		return -1;
	if (!limit->hca_handles.set && !limit->hca_objects.set)
		return error_set(err, "linux.resources.rdma['%s']: it needs hcaHandles or hcaObjects", limit->device);
	if (limit->hca_handles.set)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " hca_handle=%lld", (long long)limit->hca_handles.value);
	if (limit->hca_objects.set)
		(void)snprintf(line + n, sizeof(line) - (size_t)n, " hca_object=%lld", (long long)limit->hca_objects.value);
	return cgroup_write(h, "rdma.max", line, err) < 0 ? error_context(err, "linux.resources.rdma") : 0;
}

bool cgroup_has_rare_limits(const struct oci_resources *r)
{
	return r->hugepage_limits_count > 0 || r->network_class_id.set || r->network_priorities_count > 0 ||
	       r->rdma_count > 0;
}

int cgroup_limit_rare(const struct cgroup *cgroup, const struct oci_resources *r, struct error *err)
{
	for (size_t i = 0; i < r->hugepage_limits_count; i++)
		if (limit_hugepages(cgroup, &r->hugepage_limits[i], err) < 0)
			return -1;
	/* 0 is what packets have anyway. */
	if (r->network_class_id.set && r->network_class_id.value != 0 &&
	    set_class(cgroup, r->network_class_id.value, err) < 0)
		return -1;
	for (size_t i = 0; i < r->network_priorities_count; i++)
		if (set_priority(cgroup, &r->network_priorities[i], err) < 0)
			return -1;
	for (size_t i = 0; i < r->rdma_count; i++)
		if (limit_rdma(cgroup, &r->rdma[i], err) < 0)
			return -1;
	return 0;
}
