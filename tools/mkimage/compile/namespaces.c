/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `net`, `ipc`, `uts`, `pid`, `userns`, `cgroupns`: "host" (or "root") shares the machine's,
 * "new" makes one, a path joins one. Unstated, LinuxKit makes pid and mount and shares the rest.
 */
#include "tools/mkimage/compile/parts.h"

#include <string.h>

#include "base/cleanup.h"

static const struct namespace_row {
	const char *key, *type;
	size_t offset;			/* in struct manifest_container */
	bool none;			/* "none" is another word for "new" */
} rows[] = {
	/* In LinuxKit's order. */
	{ "net", "network", offsetof(struct manifest_container, net), true },
	{ "ipc", "ipc", offsetof(struct manifest_container, ipc), false },
	{ "uts", "uts", offsetof(struct manifest_container, uts), false },
	{ "pid", "pid", offsetof(struct manifest_container, pid), false },
	{ "userns", "user", offsetof(struct manifest_container, userns), false },
	{ "cgroupns", "cgroup", offsetof(struct manifest_container, cgroupns), false },
};

static bool is_host(const char *value)
{
	return strcmp(value, "host") == 0 || strcmp(value, "root") == 0;
}

static const char *unstated(const struct job *job, const char *type)
{
	const struct manifest_string *pid = &job->merged.pid;

	if (strcmp(type, "pid") == 0)
		return "new";
	/* The spec has a host name set in a namespace of the container's own (config.md, "Hostname"). */
	if (strcmp(type, "uts") == 0 && job->merged.hostname.value)
		return "new";
	/*
	 * A container that administers nothing has no business with other cgroups. One that does
	 * (dockerd) needs the root of the hierarchy, which a namespace would hide.
	 */
	if (strcmp(type, "cgroup") == 0 && !job_administers(job) && !(pid->value && is_host(pid->value)))
		return "new";
	return "host";
}

static void add(struct job *job, struct oci_linux *linux_, const char *type, const char *path)
{
	struct oci_namespace *namespace =
		arena_push(job->arena, &linux_->namespaces, &linux_->namespaces_count, sizeof(*namespace));

	*namespace = (struct oci_namespace){ type, path };
	if (strcmp(type, "pid") == 0 && !path)
		job->own_pid = true;
}

static int compile_one(struct job *job, const struct namespace_row *row, struct oci_linux *linux_)
{
	const struct manifest_string *stated = (const void *)((const char *)&job->merged + row->offset);
	const char *value = stated->value && *stated->value ? stated->value : unstated(job, row->type);

	if (is_host(value)) {
		if (strcmp(row->type, "uts") == 0 && job->merged.hostname.value)
			return job_error(job, &job->merged.hostname.at,
					 "hostname: needs 'uts: new', and not the machine's own");
		return 0;
	}
	if (strcmp(value, "new") == 0 || (row->none && strcmp(value, "none") == 0)) {
		/* PID 1 makes the child itself, with the machine's own ids: said here rather than at boot. */
		if (strcmp(row->type, "user") == 0)
			return job_error(job, &stated->at, "userns: a new user namespace is not supported yet; use 'host' "
					 "or the path of one");
		/* A network namespace that others join, or that is given interfaces, is made before the container. */
		add(job, linux_, row->type, strcmp(row->type, "network") == 0 ? prepare_network_path(job) : NULL);
		return 0;
	}
	if (value[0] != '/')
		return job_error(job, &stated->at, "%s: expected 'host', 'new' or the path of a namespace, got '%s'",
				 row->key, value);
	if (strcmp(row->type, "pid") == 0)
		return job_error(job, &stated->at, "pid: joining a PID namespace is not supported yet; use 'host' or "
				 "'new'");
	add(job, linux_, row->type, value);
	return 0;
}

int mappings_compile(struct job *job, const char *key, const struct manifest_id_mappings *stated,
		     struct oci_id_mappings *out)
{
	for (size_t i = 0; i < stated->count; i++) {
		const struct manifest_id_mapping *from = &stated->items[i];
		const int64_t numbers[] = { from->container_id.value, from->host_id.value, from->size.value };
		struct oci_id_mapping *to;

		for (size_t k = 0; k < ARRAY_SIZE(numbers); k++)
			if (numbers[k] < 0 || numbers[k] > UINT32_MAX || from->size.value == 0)
				return job_error(job, &from->at, "%s: expected 'containerID', 'hostID' and a 'size' of 1 "
						 "or more, all of 32 bits", key);
		to = arena_push(job->arena, &out->items, &out->count, sizeof(*to));
		*to = (struct oci_id_mapping){ (uint32_t)numbers[0], (uint32_t)numbers[1], (uint32_t)numbers[2] };
	}
	return 0;
}

static int refuse_mappings(const struct job *job)
{
	const struct manifest_id_mappings *stated[] = { &job->merged.uid_mappings, &job->merged.gid_mappings };

	for (size_t i = 0; i < ARRAY_SIZE(stated); i++)
		if (stated[i]->count)
			return job_error(job, &stated[i]->items[0].at, "%s: are for a new user namespace, which is not "
					 "supported yet; remove them", i ? "gidMappings" : "uidMappings");
	return 0;
}

int namespaces_compile(struct job *job, struct oci_config *config)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (compile_one(job, &rows[i], &config->linux_) < 0)
			return -1;
	add(job, &config->linux_, "mount", NULL);
	config->hostname = job->merged.hostname.value;
	return refuse_mappings(job);
}
