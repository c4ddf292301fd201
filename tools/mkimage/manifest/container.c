/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of one container, from the manifest or from a label. */
#include "tools/mkimage/manifest/check.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/option.h"
#include "tools/mkimage/manifest/node.h"

#define MAJOR_MAX 4095			/* linux/kdev_t.h: 12 bits and 20 bits */
#define MINOR_MAX 1048575
#define VOLUMES_NAMED_MAX 64		/* that are looked through for a near name */

#define RULE(key, member, check) { key, RULE_STRING, offsetof(struct manifest_container, member), check }
#define EACH(key, member, check) { key, RULE_STRINGS, offsetof(struct manifest_container, member), check }

static const struct check_rule container_rules[] = {
	RULE("name", name, value_name),
	RULE("image", image, value_image),
	EACH("env", env, value_env),
	RULE("cwd", cwd, value_absolute),
	EACH("binds", binds, value_bind),
	EACH("binds.add", binds_add, value_bind),
	EACH("tmpfs", tmpfs, value_tmpfs),
	EACH("maskedPaths", masked_paths, value_absolute),
	EACH("readonlyPaths", readonly_paths, value_absolute),
	RULE("rootfsPropagation", rootfs_propagation, value_propagation),
	RULE("net", net, value_net),
	RULE("pid", pid, value_namespace),
	RULE("ipc", ipc, value_namespace),
	RULE("uts", uts, value_namespace),
	RULE("userns", userns, value_namespace),
	RULE("cgroupns", cgroupns, value_namespace),
	RULE("hostname", hostname, value_hostname),
	EACH("rlimits", rlimits, value_rlimit),
	RULE("cgroupsPath", cgroups_path, value_inside),
	EACH("runtime.cgroups", runtime.cgroups, value_inside),
	EACH("runtime.mkdir", runtime.mkdir, value_inside),
	RULE("restart", restart, value_restart),
	RULE("on_exit", on_exit, value_on_exit),
	RULE("on_failure", on_failure, value_on_failure),
	RULE("stop_signal", stop_signal, value_signal),
	RULE("stop_timeout", stop_timeout, value_duration),
	RULE("seccomp", seccomp, value_seccomp),
	{ NULL, RULE_STRING, 0, NULL },
};

#define RANGE(key, member, least, most) { key, offsetof(struct manifest_container, member), least, most }

static const struct check_range container_ranges[] = {
	RANGE("oomScoreAdj", oom_score_adj, -1000, 1000),	/* proc(5), /proc/pid/oom_score_adj */
	RANGE("resources.memory.limit", resources.memory_limit, -1, INT64_MAX),
	RANGE("resources.memory.reservation", resources.memory_reservation, -1, INT64_MAX),
	RANGE("resources.memory.swap", resources.memory_swap, -1, INT64_MAX),
	RANGE("resources.cpu.shares", resources.cpu_shares, 0, 262144),
	RANGE("resources.cpu.quota", resources.cpu_quota, -1, INT64_MAX),
	RANGE("resources.cpu.period", resources.cpu_period, 0, 1000000),
	RANGE("resources.pids.limit", resources.pids_limit, -1, 4194304),
	RANGE("resources.blockio.weight", resources.block_io_weight, 0, 1000),
	{ NULL, 0, 0, 0 },
};

/* Our keys that mean nothing in some stages. */
static const struct stage_key {
	const char *key;
	size_t offset;
	unsigned int stages;
	const char *advice;
} stage_keys[] = {
	{ "restart", offsetof(struct manifest_container, restart), CHECK_SERVICES | CHECK_LABEL,
	  "is for services only; remove it" },
	{ "on_failure", offsetof(struct manifest_container, on_failure), CHECK_ONBOOT | CHECK_LABEL,
	  "is for onboot only; a service has 'restart' and 'on_exit'" },
	{ "on_exit", offsetof(struct manifest_container, on_exit), CHECK_ONBOOT | CHECK_SERVICES | CHECK_LABEL,
	  "is not for onshutdown, when the machine goes down anyway; remove it" },
};

static int check_stage_keys(struct checker *checker, const struct manifest_container *c, const char *where,
			    enum check_stage stage)
{
	for (size_t i = 0; i < ARRAY_SIZE(stage_keys); i++) {
		const struct manifest_string *value = (const void *)((const char *)c + stage_keys[i].offset);

		if (value->value && !(stage_keys[i].stages & stage))
			return check_fail(checker, &value->at, where, stage_keys[i].key, "%s", stage_keys[i].advice);
	}
	return 0;
}

/* `all` or `none` alone, as LinuxKit has it, or names. */
static int check_capabilities(struct checker *checker, const struct manifest_strings *list, const char *where,
			      const char *key)
{
	const struct check_rule rule[] = { { key, RULE_STRINGS, 0, value_capability }, { NULL, RULE_STRING, 0, NULL } };

	if (list->count == 1 &&
	    (strcasecmp(list->items[0].value, "all") == 0 || strcasecmp(list->items[0].value, "none") == 0))
		return 0;
	return check_rules(checker, rule, list, where);
}

/* --- what is mounted ----------------------------------------------------------------------------- */

/* A source that does not begin with '/' is a volume. A label cannot know the volumes. */
static int check_source(struct checker *checker, const char *source, size_t length, const struct place *at,
			const char *where, const char *key)
{
	const struct manifest *manifest = checker->manifest;
	const char *names[VOLUMES_NAMED_MAX + 1] = { NULL }, *nearest;
	const char *name = arena_strndup(checker->arena, source, length), *shown = text_shown(name, checker->arena);

	if (*source == '/' || !manifest)
		return 0;
	for (size_t i = 0; i < manifest->volumes_count; i++) {
		if (strcmp(manifest->volumes[i].name.value, name) == 0)
			return 0;
		if (i < VOLUMES_NAMED_MAX)
			names[i] = manifest->volumes[i].name.value;
	}
	nearest = option_nearest(name, names);
	if (nearest)
		return check_fail(checker, at, where, key, "no volume is named '%s'; did you mean '%s'?", shown, nearest);
	return check_fail(checker, at, where, key,
			  "no volume is named '%s'; add it to 'volumes:', or write an absolute path", shown);
}

static int check_bind_sources(struct checker *checker, const struct manifest_strings *binds, const char *where,
			      const char *key)
{
	for (size_t i = 0; i < binds->count; i++) {
		const struct manifest_string *bind = &binds->items[i];

		if (check_source(checker, bind->value, strcspn(bind->value, ":"), &bind->at, where,
				 arena_printf(checker->arena, "%s[%zu]", key, i)) < 0)
			return -1;
	}
	return 0;
}

static bool is_one_of(const char *value, const char *const *list)
{
	for (; value && *list; list++)
		if (strcmp(*list, value) == 0)
			return true;
	return false;
}

/* LinuxKit finds the type in the source, and the destination in the type, where they are well known. */
static int check_mount(struct checker *checker, const struct manifest_mount *m, const char *where)
{
	static const char *const types[] = { "mqueue", "devpts", "proc", "sysfs", "cgroup", NULL };
	const char *type = m->type && *m->type ? m->type : NULL;
	const char *problem;

	if (!type && is_one_of(m->source, types))
		type = m->source;
	if (!type && m->destination && strcmp(m->destination, "/dev") == 0)
		type = "tmpfs";
	if (!type)
		return check_fail(checker, &m->at, where, "", "'type' is missing; add 'type:', such as 'tmpfs' or 'bind'");
	if (!m->destination && !is_one_of(type, types))
		return check_fail(checker, &m->at, where, "", "'destination' is missing; add 'destination:'");
	problem = m->destination ? value_absolute(m->destination, checker->arena) : NULL;
	if (problem)
		return check_fail(checker, &m->at, where, "destination", "%s", problem);
	if (strcmp(type, "bind") != 0)
		return 0;
	if (!m->source || *m->source == '\0')
		return check_fail(checker, &m->at, where, "", "'source' is missing; a bind mount needs 'source:'");
	return check_source(checker, m->source, strlen(m->source), &m->at, where, "source");
}

static const char *list_item(struct checker *checker, const char *where, const char *key, size_t index)
{
	return arena_printf(checker->arena, "%s%s%s[%zu]", where, *where ? "." : "", key, index);
}

static int check_mounts(struct checker *checker, const struct manifest_container *c, const char *where)
{
	for (size_t i = 0; i < c->mounts_count; i++)
		if (check_mount(checker, &c->mounts[i], list_item(checker, where, "mounts", i)) < 0)
			return -1;
	return 0;
}

/* --- devices ------------------------------------------------------------------------------------- */

static const struct check_range device_ranges[] = {
	{ "major", offsetof(struct manifest_device, major), 0, MAJOR_MAX },
	{ "minor", offsetof(struct manifest_device, minor), 0, MINOR_MAX },
	{ NULL, 0, 0, 0 },
};

static int check_device(struct checker *checker, const struct manifest_device *d, const char *where)
{
	static const char *const rule_types[] = { "a", "b", "c", NULL };
	static const char *const node_types[] = { "b", "c", "p", "u", NULL };
	bool all = d->path && strcmp(d->path, "all") == 0;
	const char *problem;

	if (!d->path)
		return check_fail(checker, &d->at, where, "", "'path' is missing; add 'path:', or 'path: all'");
	problem = all ? NULL : value_absolute(d->path, checker->arena);
	if (problem)
		return check_fail(checker, &d->at, where, "path", "%s", problem);
	if (!d->type)
		return check_fail(checker, &d->at, where, "", "'type' is missing; add 'type: c' or 'type: b'");
	if (!is_one_of(d->type, all ? rule_types : node_types))
		return check_fail(checker, &d->at, where, "type", "expected %s, got '%s'",
				  all ? "'b', 'c' or 'a' for both" : "'c', 'u' (character), 'b' (block) or 'p' (pipe)",
				  text_shown(d->type, checker->arena));
	if (!all && *d->type != 'p' && (!d->major.set || !d->minor.set))
		return check_fail(checker, &d->at, where, "", "'%s' is missing; a device has both numbers",
				  d->major.set ? "minor" : "major");
	problem = d->mode ? value_mode(d->mode, checker->arena) : NULL;
	if (problem)
		return check_fail(checker, &d->at, where, "mode", "%s", problem);
	return check_ranges(checker, device_ranges, d, where);
}

static const struct check_range rule_ranges[] = {
	/* runtime-spec: -1 is any, as absent is */
	{ "major", offsetof(struct manifest_device_rule, major), -1, MAJOR_MAX },
	{ "minor", offsetof(struct manifest_device_rule, minor), -1, MINOR_MAX },
	{ NULL, 0, 0, 0 },
};

static int check_device_rule(struct checker *checker, const struct manifest_device_rule *r, const char *where)
{
	static const char *const types[] = { "a", "b", "c", NULL };

	if (!r->allow.set)
		return check_fail(checker, &r->at, where, "", "'allow' is missing; add 'allow: true' or 'allow: false'");
	if (r->type && !is_one_of(r->type, types))
		return check_fail(checker, &r->at, where, "type", "expected 'a', 'b' or 'c', got '%s'",
				  text_shown(r->type, checker->arena));
	if (r->access && r->access[strspn(r->access, "rwm")] != '\0')
		return check_fail(checker, &r->at, where, "access", "expected letters of 'rwm', got '%s'",
				  text_shown(r->access, checker->arena));
	return check_ranges(checker, rule_ranges, r, where);
}

static int check_devices(struct checker *checker, const struct manifest_container *c, const char *where)
{
	for (size_t i = 0; i < c->devices_count; i++)
		if (check_device(checker, &c->devices[i], list_item(checker, where, "devices", i)) < 0)
			return -1;
	for (size_t i = 0; i < c->resources.devices_count; i++)
		if (check_device_rule(checker, &c->resources.devices[i],
				      list_item(checker, where, "resources.devices", i)) < 0)
			return -1;
	return 0;
}

/* --- who it is ----------------------------------------------------------------------------------- */

static int check_ids(struct checker *checker, const struct manifest_container *c, const char *where)
{
	if (c->uid.name && check_id(checker, c->uid.name, &c->uid.at, where, "uid") < 0)
		return -1;
	if (c->gid.name && check_id(checker, c->gid.name, &c->gid.at, where, "gid") < 0)
		return -1;
	for (size_t i = 0; i < c->additional_gids.count; i++) {
		const struct manifest_string *gid = &c->additional_gids.items[i];
		const char *key = arena_printf(checker->arena, "additionalGids[%zu]", i);

		if (gid->value[strspn(gid->value, "0123456789")] != '\0') {
			if (check_id(checker, gid->value, &gid->at, where, key) < 0)
				return -1;
		} else if (strlen(gid->value) > 10 || strtoull(gid->value, NULL, 10) >= UINT32_MAX) {
			return check_fail(checker, &gid->at, where, key, "expected an id from 0 to 4294967294, got '%s'",
					  text_shown(gid->value, checker->arena));
		}
	}
	return 0;
}

static int check_mappings(struct checker *checker, const struct manifest_id_mappings *mappings, const char *where,
			  const char *key)
{
	for (size_t i = 0; i < mappings->count; i++) {
		const struct manifest_id_mapping *m = &mappings->items[i];
		const struct manifest_int *numbers[] = { &m->container_id, &m->host_id, &m->size };

		for (size_t n = 0; n < ARRAY_SIZE(numbers); n++)
			if (!numbers[n]->set || numbers[n]->value < 0 || numbers[n]->value > UINT32_MAX)
				return check_fail(checker, &m->at, where, arena_printf(checker->arena, "%s[%zu]", key, i),
						  "expected 'containerID', 'hostID' and 'size' from 0 to 4294967295");
	}
	return 0;
}

/* --- `runtime:` ---------------------------------------------------------------------------------- */

/* init mounts these on the machine, before the container is there: volumes have no names then. */
static int check_runtime_mount(struct checker *checker, const struct manifest_mount *m, const char *where)
{
	const char *problem;

	if (!m->destination)
		return check_fail(checker, &m->at, where, "", "'destination' is missing; add 'destination:'");
	if (!m->source && !m->type)
		return check_fail(checker, &m->at, where, "", "'type' is missing; add 'type:', such as 'tmpfs' or 'bind'");
	problem = value_inside(m->destination, checker->arena);
	if (problem)
		return check_fail(checker, &m->at, where, "destination", "%s", problem);
	if (!m->type || strcmp(m->type, "bind") != 0)
		return 0;
	problem = m->source ? value_absolute(m->source, checker->arena) : "is missing; a bind mount needs it";
	return problem ? check_fail(checker, &m->at, where, "source", "%s", problem) : 0;
}

static int check_interface(struct checker *checker, const struct manifest_interface *interface, const char *where)
{
	const char *problem;

	if (!interface->name)
		return check_fail(checker, &interface->at, where, "", "'name' is missing; add 'name:'");
	problem = value_interface(interface->name, checker->arena);
	if (problem)
		return check_fail(checker, &interface->at, where, "name", "%s", problem);
	problem = interface->peer ? value_interface(interface->peer, checker->arena) : NULL;
	return problem ? check_fail(checker, &interface->at, where, "peer", "%s", problem) : 0;
}

static int check_runtime(struct checker *checker, const struct manifest_runtime *r, const char *where)
{
	const char *problem;

	for (size_t i = 0; i < r->mounts_count; i++)
		if (check_runtime_mount(checker, &r->mounts[i], list_item(checker, where, "runtime.mounts", i)) < 0)
			return -1;
	for (size_t i = 0; i < r->interfaces_count; i++)
		if (check_interface(checker, &r->interfaces[i], list_item(checker, where, "runtime.interfaces", i)) < 0)
			return -1;
	for (size_t i = 0; i < r->bind_ns.count; i++) {
		problem = value_absolute(r->bind_ns.items[i].value, checker->arena);
		if (problem)
			return check_fail(checker, &r->bind_ns.items[i].at, where,
					  arena_printf(checker->arena, "runtime.bindNS.%s", r->bind_ns.items[i].key), "%s",
					  problem);
	}
	return 0;
}

int check_pairs(struct checker *checker, const struct manifest_pairs *pairs, const char *where, const char *key,
		value_check *check_key)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const char *problem = check_key ? check_key(pairs->items[i].key, checker->arena) : NULL;

		if (!problem)
			problem = value_line(pairs->items[i].value, checker->arena);
		if (problem)
			return check_fail(checker, &pairs->items[i].at, where, key, "%s", problem);
	}
	return 0;
}

int check_container(struct checker *checker, const struct manifest_container *c, const char *where,
		    enum check_stage stage)
{
	if (c->command.set && c->command.count == 0)
		return check_fail(checker, &c->at, where, "command", "is empty; remove it to run the image's own");
	if (check_rules(checker, container_rules, c, where) < 0 ||
	    check_ranges(checker, container_ranges, c, where) < 0 ||
	    check_stage_keys(checker, c, where, stage) < 0 ||
	    check_capabilities(checker, &c->capabilities, where, "capabilities") < 0 ||
	    check_capabilities(checker, &c->capabilities_add, where, "capabilities.add") < 0 ||
	    check_capabilities(checker, &c->ambient, where, "ambient") < 0 ||
	    check_bind_sources(checker, &c->binds, where, "binds") < 0 ||
	    check_bind_sources(checker, &c->binds_add, where, "binds.add") < 0 ||
	    check_mounts(checker, c, where) < 0 || check_devices(checker, c, where) < 0 || check_ids(checker, c, where) < 0 ||
	    check_mappings(checker, &c->uid_mappings, where, "uidMappings") < 0 ||
	    check_mappings(checker, &c->gid_mappings, where, "gidMappings") < 0 ||
	    check_pairs(checker, &c->sysctl, where, "sysctl", value_sysctl_key) < 0)
		return -1;
	return check_runtime(checker, &c->runtime, where);
}
