/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `net`, `ipc`, `uts`, `pid`, `userns`, `cgroupns`: "host" (or "root") shares the machine's,
 * "new" makes one, a path joins one; "auto" makes a user namespace with ids of its own. Unstated, LinuxKit makes pid and mount and shares the rest.
 */
#include "tools/mkimage/compile/parts.h"

#include <string.h>

#include "base/cleanup.h"

#define RANGE 65536u			/* ids of a container of `userns: auto` */

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
	if (strcmp(value, "new") == 0 || strcmp(value, "auto") == 0 || (row->none && strcmp(value, "none") == 0)) {
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

bool compile_map_id(const struct oci_id_mappings *mappings, uint32_t *id)
{
	for (size_t i = 0; i < mappings->count; i++) {
		const struct oci_id_mapping *m = &mappings->items[i];

		if (*id < m->container_id || *id - m->container_id >= m->size)
			continue;
		*id = m->host_id + (*id - m->container_id);
		return true;
	}
	return mappings->count == 0;
}

static struct oci_id_mappings range_of(const struct job *job)
{
	struct oci_id_mapping *range = arena_alloc(job->arena, sizeof(*range));

	*range = (struct oci_id_mapping){ 0, (uint32_t)(job_position(job) + 1) * RANGE, RANGE };
	return (struct oci_id_mappings){ range, 1 };
}

/* Ranges that no other container has, the machine's own ids included. */
static int compile_auto(const struct job *job, struct oci_linux *linux_)
{
	const struct manifest_id_mappings *uids = &job->merged.uid_mappings, *gids = &job->merged.gid_mappings;

	if (uids->count || gids->count)
		return job_error(job, uids->count ? &uids->items[0].at : &gids->items[0].at, "%s: 'userns: auto' finds them "
				 "itself; write 'userns: new' or remove them", uids->count ? "uidMappings" : "gidMappings");
	linux_->uid_mappings = linux_->gid_mappings = range_of(job);
	return 0;
}

static int compile_mappings(struct job *job, struct oci_linux *linux_)
{
	const struct manifest_string *userns = &job->merged.userns;
	const struct manifest_id_mappings *uids = &job->merged.uid_mappings, *gids = &job->merged.gid_mappings;
	bool new = userns->value && strcmp(userns->value, "new") == 0;

	if (userns->value && strcmp(userns->value, "auto") == 0)
		return compile_auto(job, linux_);
	if (new && (!uids->count || !gids->count))
		return job_error(job, &userns->at, "userns: a new user namespace needs 'uidMappings' and 'gidMappings'; write "
				 "'auto' for ids of its own");
	if (!new && (uids->count || gids->count))
		return job_error(job, uids->count ? &uids->items[0].at : &gids->items[0].at, "%s: are for a user namespace; "
				 "add 'userns: new'", uids->count ? "uidMappings" : "gidMappings");
	if (mappings_compile(job, "uidMappings", uids, &linux_->uid_mappings) < 0)
		return -1;
	return mappings_compile(job, "gidMappings", gids, &linux_->gid_mappings);
}

int namespaces_compile(struct job *job, struct oci_config *config)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (compile_one(job, &rows[i], &config->linux_) < 0)
			return -1;
	add(job, &config->linux_, "mount", NULL);
	config->hostname = job->merged.hostname.value;
	return compile_mappings(job, &config->linux_);
}
