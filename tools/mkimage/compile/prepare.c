/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LinuxKit's `runtime:`: what is made outside of a container before it starts, in the
 * order of LinuxKit's `service` command: mounts, so that directories can be made on
 * them, directories, then what belongs to the namespaces.
 */
#include "tools/mkimage/compile/parts.h"

#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"

static const char *const namespaces[] = { "cgroup", "ipc", "mnt", "net", "pid", "user", "uts", "time" };

static struct plan_prepare *add(struct job *job, struct plan *plan, enum plan_prepare_kind kind)
{
	struct plan_prepare *prepare =
		arena_push(job->arena, &plan->prepares, &plan->prepares_count, sizeof(*prepare));

	prepare->kind = kind;
	prepare->container = plan->containers_count - 1;
	return prepare;
}

/* LinuxKit's init works in "/": a relative path is meant from there. */
static int absolute(struct job *job, const struct place *at, const char *key, const char *path, const char **out)
{
	if (!path || !*path || path_escapes(path))
		return job_error(job, at, "runtime.%s: expected a path on the machine, got '%s'", key, path ? path : "");
	*out = path_join(job->arena, "/", path_clean(job->arena, path));
	return 0;
}

static int add_mount(struct job *job, struct plan *plan, const struct manifest_mount *stated)
{
	struct plan_prepare *mount = add(job, plan, PLAN_MOUNT);

	if (absolute(job, &stated->at, "mounts", stated->destination, &mount->path) < 0)
		return -1;
	mount->type = stated->type && *stated->type ? stated->type : NULL;
	mount->source = stated->source && *stated->source ? stated->source : NULL;
	for (size_t i = 0; i < stated->options.count; i++)
		*(const char **)arena_push(job->arena, &mount->options.items, &mount->options.count,
					   sizeof(*mount->options.items)) = stated->options.items[i].value;
	return 0;
}

static bool is_interface_name(const char *name)
{
	return name && *name && strlen(name) < IFNAMSIZ && !strpbrk(name, "/ \t\n:") && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

static int add_interface(struct job *job, struct plan *plan, const struct manifest_interface *stated)
{
	struct plan_prepare *link;
	const char *peer = stated->peer && *stated->peer ? stated->peer : NULL;
	const char *kind = stated->add && *stated->add ? stated->add : peer ? "veth" : NULL;
	bool veth = kind && strcmp(kind, "veth") == 0;

	if (!is_interface_name(stated->name) || (peer && !is_interface_name(peer)))
		return job_error(job, &stated->at, "runtime.interfaces: '%s' is not the name of an interface: at most %d "
				 "bytes, without '/', ':' and spaces", peer && is_interface_name(stated->name) ? peer :
				 stated->name ? stated->name : "", IFNAMSIZ - 1);
	if (veth != (peer != NULL))
		return job_error(job, &stated->at, "runtime.interfaces: '%s': %s", stated->name,
				 veth ? "a veth pair needs a 'peer'" : "only a veth pair has a 'peer'");
	if (kind && strpbrk(kind, "/ \t\n"))
		return job_error(job, &stated->at, "runtime.interfaces: '%s': '%s' is not a kind of link", stated->name,
				 kind);
	link = add(job, plan, PLAN_INTERFACE);
	link->name = stated->name;
	link->add = kind;
	link->peer = peer;
	/* One end of a pair stays with the machine: it must begin there. */
	link->create_in_root = stated->create_in_root || veth;
	return 0;
}

const char *prepare_network_path(const struct job *job)
{
	const struct manifest_runtime *runtime = &job->merged.runtime;
	const char *net = job->merged.net.value;

	if (!net || (strcmp(net, "new") != 0 && strcmp(net, "none") != 0))
		return NULL;
	for (size_t i = 0; i < runtime->bind_ns.count; i++)
		if (strcmp(runtime->bind_ns.items[i].key, "net") == 0 && *runtime->bind_ns.items[i].value)
			return runtime->bind_ns.items[i].value;
	if (runtime->interfaces_count == 0)
		return NULL;
	return arena_printf(job->arena, "/run/slipway/netns/%s", job->merged.name.value);
}

static int add_network(struct job *job, struct plan *plan)
{
	const char *path = prepare_network_path(job);

	if (!path)
		return 0;
	return absolute(job, &job->merged.net.at, "bindNS", path, &add(job, plan, PLAN_NETWORK)->path);
}

static int add_binds(struct job *job, struct plan *plan, const struct manifest_pairs *binds)
{
	/* In a fixed order, whatever that of the manifest. */
	for (size_t k = 0; k < ARRAY_SIZE(namespaces); k++)
		for (size_t i = 0; i < binds->count; i++) {
			struct plan_prepare *bind;

			if (strcmp(binds->items[i].key, namespaces[k]) != 0 || !*binds->items[i].value)
				continue;
			/* Pinned already, before the container: an onboot container may be gone before it could be now. */
			if (strcmp(namespaces[k], "net") == 0 && prepare_network_path(job))
				continue;
			bind = add(job, plan, PLAN_BIND_NAMESPACE);
			bind->namespace_type = namespaces[k];
			if (absolute(job, &binds->items[i].at, "bindNS", binds->items[i].value, &bind->path) < 0)
				return -1;
		}
	return 0;
}

static int add_cgroups(struct job *job, struct plan *plan, const struct manifest_strings *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++) {
		const char *path = path_clean(job->arena, cgroups->items[i].value);

		if (!*path || path_escapes(cgroups->items[i].value))
			return job_error(job, &cgroups->items[i].at, "runtime.cgroups: expected a path below the root of "
					 "the cgroups, got '%s'", cgroups->items[i].value);
		add(job, plan, PLAN_CGROUP)->path = path;
	}
	return 0;
}

int prepare_compile(struct job *job, struct plan *plan)
{
	const struct manifest_runtime *runtime = &job->merged.runtime;

	if (add_cgroups(job, plan, &runtime->cgroups) < 0)
		return -1;
	for (size_t i = 0; i < runtime->mounts_count; i++)
		if (add_mount(job, plan, &runtime->mounts[i]) < 0)
			return -1;
	for (size_t i = 0; i < runtime->mkdir.count; i++)
		if (absolute(job, &runtime->mkdir.items[i].at, "mkdir", runtime->mkdir.items[i].value,
			     &add(job, plan, PLAN_MKDIR)->path) < 0)
			return -1;
	if (add_network(job, plan) < 0)
		return -1;
	for (size_t i = 0; i < runtime->interfaces_count; i++)
		if (add_interface(job, plan, &runtime->interfaces[i]) < 0)
			return -1;
	return add_binds(job, plan, &runtime->bind_ns);
}
