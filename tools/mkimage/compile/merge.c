/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image's label `org.mobyproject.config` under the manifest: where the manifest
 * states a key, it wins whole; the `.add` lists go behind whichever list is in force.
 */
#include "tools/mkimage/compile/parts.h"

#include <string.h>

#include "base/cleanup.h"

#define LABEL "org.mobyproject.config"

enum key_kind { KEY_STRING, KEY_STRINGS, KEY_BOOL, KEY_INT, KEY_ID, KEY_PAIRS, KEY_MAPPINGS, KEY_RESOURCES,
		KEY_PROBE, KEY_SCHEDULE, KEY_LOG_FILE };

#define KEY(kind, member) { kind, offsetof(struct manifest_container, member) }

static const struct key {
	enum key_kind kind;
	size_t offset;
} keys[] = {
	KEY(KEY_STRINGS, capabilities),
	KEY(KEY_STRINGS, ambient),
	KEY(KEY_STRINGS, binds),
	KEY(KEY_STRINGS, tmpfs),
	KEY(KEY_STRINGS, command),
	KEY(KEY_STRINGS, args),
	KEY(KEY_STRINGS, env),
	KEY(KEY_STRING, cwd),
	KEY(KEY_STRING, net),
	KEY(KEY_STRING, pid),
	KEY(KEY_STRING, ipc),
	KEY(KEY_STRING, uts),
	KEY(KEY_STRING, userns),
	KEY(KEY_STRING, cgroupns),
	KEY(KEY_STRING, hostname),
	KEY(KEY_STRING, rootfs_propagation),
	KEY(KEY_STRING, cgroups_path),
	KEY(KEY_BOOL, readonly),
	KEY(KEY_BOOL, no_new_privileges),
	KEY(KEY_BOOL, disable_oom_killer),
	KEY(KEY_STRINGS, masked_paths),
	KEY(KEY_STRINGS, readonly_paths),
	KEY(KEY_STRINGS, rlimits),
	KEY(KEY_ID, uid),
	KEY(KEY_ID, gid),
	KEY(KEY_STRINGS, additional_gids),
	KEY(KEY_INT, oom_score_adj),
	KEY(KEY_PAIRS, sysctl),
	KEY(KEY_PAIRS, annotations),
	KEY(KEY_MAPPINGS, uid_mappings),
	KEY(KEY_MAPPINGS, gid_mappings),
	KEY(KEY_RESOURCES, resources),
	KEY(KEY_STRINGS, runtime.cgroups),
	KEY(KEY_STRINGS, runtime.mkdir),
	KEY(KEY_PAIRS, runtime.bind_ns),
	KEY(KEY_STRING, runtime.namespace_),
	KEY(KEY_BOOL, runtime.no_restart),
	KEY(KEY_STRING, restart),
	KEY(KEY_STRINGS, after),
	KEY(KEY_STRINGS, requires),
	KEY(KEY_BOOL, oneshot),
	KEY(KEY_PROBE, ready),
	KEY(KEY_PROBE, health),
	KEY(KEY_STRING, watchdog),
	KEY(KEY_STRING, restart_delay),
	KEY(KEY_STRING, restart_delay_max),
	KEY(KEY_STRING, restart_reset),
	KEY(KEY_SCHEDULE, schedule),
	KEY(KEY_STRING, memory),
	KEY(KEY_STRING, memory_high),
	KEY(KEY_STRING, memory_low),
	KEY(KEY_STRING, swap),
	KEY(KEY_STRING, cpu),
	KEY(KEY_INT, cpu_weight),
	KEY(KEY_INT, io_weight),
	KEY(KEY_STRINGS, io_max),
	KEY(KEY_INT, pids),
	KEY(KEY_STRING, oom),
	KEY(KEY_STRING, ready_timeout),
	KEY(KEY_BOOL, critical),
	KEY(KEY_BOOL, log.console),
	KEY(KEY_STRING, log.memory),
	KEY(KEY_STRING, log.policy),
	KEY(KEY_BOOL, log.kmsg),
	KEY(KEY_LOG_FILE, log.file),
	KEY(KEY_STRING, timeout),
	KEY(KEY_STRING, tty),
	KEY(KEY_STRING, on_exit),
	KEY(KEY_STRING, on_failure),
	KEY(KEY_STRING, stop_signal),
	KEY(KEY_STRING, stop_timeout),
	KEY(KEY_STRING, seccomp),
};

static const struct kind_row {
	size_t size;
	size_t set;			/* offset of the bool `set`; NO_SET: a string, set when it is not NULL */
} kinds[] = {
#define NO_SET ((size_t)-1)
	[KEY_STRING] = { sizeof(struct manifest_string), NO_SET },
	[KEY_STRINGS] = { sizeof(struct manifest_strings), offsetof(struct manifest_strings, set) },
	[KEY_BOOL] = { sizeof(struct manifest_bool), offsetof(struct manifest_bool, set) },
	[KEY_INT] = { sizeof(struct manifest_int), offsetof(struct manifest_int, set) },
	[KEY_ID] = { sizeof(struct manifest_id), offsetof(struct manifest_id, set) },
	[KEY_PAIRS] = { sizeof(struct manifest_pairs), offsetof(struct manifest_pairs, set) },
	[KEY_MAPPINGS] = { sizeof(struct manifest_id_mappings), offsetof(struct manifest_id_mappings, set) },
	[KEY_PROBE] = { sizeof(struct manifest_probe), offsetof(struct manifest_probe, set) },
	[KEY_SCHEDULE] = { sizeof(struct manifest_schedule), offsetof(struct manifest_schedule, set) },
	[KEY_RESOURCES] = { sizeof(struct manifest_resources), offsetof(struct manifest_resources, set) },
	[KEY_LOG_FILE] = { sizeof(struct manifest_log_file), offsetof(struct manifest_log_file, set) },
};

static bool is_set(const struct kind_row *kind, const void *value)
{
	if (kind->set == NO_SET)
		return ((const struct manifest_string *)value)->value != NULL;
	return *(const bool *)((const char *)value + kind->set);
}

static void append(struct arena *arena, struct manifest_strings *list, const struct manifest_strings *more)
{
	struct manifest_string *items = arena_array(arena, list->count + more->count, sizeof(*items));

	if (more->count == 0)
		return;
	for (size_t i = 0; i < list->count; i++)
		items[i] = list->items[i];
	for (size_t i = 0; i < more->count; i++)
		items[list->count + i] = more->items[i];
	list->set = true;
	list->items = items;
	list->count += more->count;
}

static void merge(struct arena *arena, struct manifest_container *label, const struct manifest_container *stated,
		  struct manifest_container *merged)
{
	*merged = *label;
	merged->at = stated->at;
	merged->name = stated->name;
	merged->image = stated->image;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct kind_row *kind = &kinds[keys[i].kind];
		const char *value = (const char *)stated + keys[i].offset;

		if (is_set(kind, value))
			memcpy((char *)merged + keys[i].offset, value, kind->size);
	}
	if (stated->mounts_set) {
		merged->mounts_set = true;
		merged->mounts = stated->mounts;
		merged->mounts_count = stated->mounts_count;
	}
	if (stated->devices_set) {
		merged->devices_set = true;
		merged->devices = stated->devices;
		merged->devices_count = stated->devices_count;
	}
	if (stated->credentials_set) {
		merged->credentials_set = true;
		merged->credentials = stated->credentials;
		merged->credentials_count = stated->credentials_count;
	}
	if (stated->runtime.mounts_set) {
		merged->runtime.mounts = stated->runtime.mounts;
		merged->runtime.mounts_count = stated->runtime.mounts_count;
	}
	if (stated->runtime.interfaces_set) {
		merged->runtime.interfaces = stated->runtime.interfaces;
		merged->runtime.interfaces_count = stated->runtime.interfaces_count;
	}
	append(arena, &merged->capabilities, &label->capabilities_add);
	append(arena, &merged->capabilities, &stated->capabilities_add);
	append(arena, &merged->binds, &label->binds_add);
	append(arena, &merged->binds, &stated->binds_add);
	append(arena, &merged->env_add, &stated->env_add);
}

/* Who repairs a machine needs all of it, and a terminal. */
static void default_emergency(struct job *job)
{
	struct manifest_container *m = &job->merged;

	if (!m->capabilities.set) {
		m->capabilities.set = true;
		m->capabilities.items = arena_alloc(job->arena, sizeof(*m->capabilities.items));
		m->capabilities.items->value = "all";
		m->capabilities.count = 1;
	}
	if (!m->pid.value)
		m->pid.value = "host";
	if (!m->tty.value)
		m->tty.value = "console";
}

int merge_label(struct job *job)
{
	const char *text = oci_pairs_find(&job->image->config.config.labels, LABEL);
	const struct place *at = &job->stated->image.at;
	struct manifest_container label = { 0 };
	const char *where;

	if (text && *text) {
		where = arena_printf(job->arena, "label '%s' of the image '%s'", LABEL, job->stated->image.value);
		if (manifest_parse_label(where, text, strlen(text), job->arena, &label, job->err) < 0)
			return error_context(job->err, "%s:%u:%u", at->file, at->line, at->column);
	}
	merge(job->arena, &label, job->stated, &job->merged);
	if (job->stage == PLAN_EMERGENCY)
		default_emergency(job);
	return 0;
}
