/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of one container, from the manifest or from a label. */
#include "tools/mkimage/manifest/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/option.h"
#include "tools/mkimage/manifest/node.h"
#include "tools/mkimage/manifest/schema.h"
#include "tools/mkimage/manifest/values.h"

#define VOLUMES_NAMED_MAX 64 /* that are looked through for a near name */

static const char *item(struct checker *checker, const char *key, size_t index)
{
	return arena_printf(checker->arena, "%s[%zu]", key, index);
}

static bool is_one_of(const char *value, const char *const *list)
{
	for (; value && *list; list++)
		if (strcmp(*list, value) == 0)
			return true;
	return false;
}

static const char order_advice[] = "is for services of the manifest, which it names; remove it";
static const char service_advice[] = "is for services only; onboot and onshutdown run one by one, each to its end";

/* Our keys that mean nothing in some stages. */
static const struct stage_key {
	const char *key;
	enum field_kind kind;		/* FIELD_STRING, FIELD_STRINGS, FIELD_BOOL or FIELD_STRUCT */
	size_t offset;
	unsigned int stages;
	const char *advice;
} stage_keys[] = {
#define STAGE_KEY(kind, member) #member, kind, offsetof(struct manifest_container, member)
	{ STAGE_KEY(FIELD_STRING, on_failure), CHECK_ONBOOT | CHECK_LABEL,
	  "is for onboot only; a service has 'restart' and 'on_exit'" },
	{ STAGE_KEY(FIELD_STRING, on_exit), CHECK_ONBOOT | CHECK_SERVICES | CHECK_LABEL,
	  "is not for onshutdown, when the machine goes down anyway; remove it" },
	{ STAGE_KEY(FIELD_STRINGS, after), CHECK_SERVICES, order_advice },
	{ STAGE_KEY(FIELD_STRINGS, requires), CHECK_SERVICES, order_advice },
	{ STAGE_KEY(FIELD_BOOL, oneshot), CHECK_SERVICES | CHECK_LABEL, service_advice },
	{ STAGE_KEY(FIELD_STRUCT, ready), CHECK_SERVICES | CHECK_LABEL, service_advice },
	{ STAGE_KEY(FIELD_STRUCT, health), CHECK_SERVICES | CHECK_LABEL, service_advice },
	{ STAGE_KEY(FIELD_STRING, watchdog), CHECK_SERVICES | CHECK_LABEL, service_advice },
	{ STAGE_KEY(FIELD_STRUCT, schedule), CHECK_SERVICES | CHECK_LABEL, service_advice },
	{ STAGE_KEY(FIELD_STRING, oom), CHECK_SERVICES | CHECK_LABEL, service_advice },
	{ STAGE_KEY(FIELD_STRING, ready_timeout), CHECK_SERVICES | CHECK_LABEL, service_advice },
	{ STAGE_KEY(FIELD_BOOL, critical), CHECK_SERVICES | CHECK_LABEL, service_advice },
	{ STAGE_KEY(FIELD_STRING, timeout), CHECK_ONBOOT | CHECK_ONSHUTDOWN | CHECK_EMERGENCY | CHECK_LABEL,
	  "is not for services, which run for as long as they like; remove it" },
#undef STAGE_KEY
};

/* Where the key was stated; NULL where it was not. */
static const struct place *stated_at(const struct stage_key *key, const struct manifest_container *c)
{
	const void *value = (const char *)c + key->offset;
	const struct manifest_string *string = value;
	const struct manifest_strings *strings = value;
	const struct manifest_bool *boolean = value;
	const struct place *structure = value;	/* its first member, which stays nowhere where it is not stated */

	switch (key->kind) {
	case FIELD_STRINGS:
		return strings->set ? &strings->at : NULL;
	case FIELD_BOOL:
		return boolean->set ? &boolean->at : NULL;
	case FIELD_STRUCT:
		return structure->file ? structure : NULL;
	default:
		return string->value ? &string->at : NULL;
	}
}

static int check_stage_keys(struct checker *checker, const struct manifest_container *c, const char *where,
			    enum check_stage stage)
{
	for (size_t i = 0; i < ARRAY_SIZE(stage_keys); i++) {
		const struct place *at = stated_at(&stage_keys[i], c);

		if (at && !(stage_keys[i].stages & stage))
			return check_fail(checker, at, where, stage_keys[i].key, "%s", stage_keys[i].advice);
	}
	return 0;
}

/* The next onboot container waits for the end of this one: it may be tried again, not run for ever. */
static int check_restart(struct checker *checker, const struct manifest_container *c, const char *where,
			 enum check_stage stage)
{
	if (!c->restart.value || strcmp(c->restart.value, "always") != 0 ||
	    stage & (CHECK_SERVICES | CHECK_LABEL))
		return 0;
	return check_fail(checker, &c->restart.at, where, "restart",
			  "'always' is for services; write 'on-failure' or a number of restarts");
}

static int check_capabilities(struct checker *checker, const struct manifest_strings *list, const char *where,
			      const char *key)
{
	for (size_t i = 0; list->count > 1 && i < list->count; i++)
		if (value_is_all_or_none(list->items[i].value))
			return check_fail(checker, &list->items[i].at, where, item(checker, key, i),
					  "'%s' must be the only entry; remove it or the others",
					  list->items[i].value);
	return 0;
}

/* --- what is mounted ----------------------------------------------------------------------------- */

/* A source that does not begin with '/' is a volume. A label cannot know the volumes. */
static int check_source(struct checker *checker, const char *source, const struct place *at,
			const char *where, const char *key)
{
	const struct manifest *manifest = checker->manifest;
	const char *names[VOLUMES_NAMED_MAX + 1] = { NULL }, *nearest;
	const char *shown = text_shown(source, checker->arena);

	if (*source == '/' || !manifest)
		return 0;
	for (size_t i = 0; i < manifest->volumes_count; i++) {
		if (strcmp(manifest->volumes[i].name.value, source) == 0)
			return 0;
		if (i < VOLUMES_NAMED_MAX)
			names[i] = manifest->volumes[i].name.value;
	}
	nearest = option_nearest(source, names);
	if (nearest)
		return check_fail(checker, at, where, key, "no volume is named '%s'; did you mean '%s'?",
				  shown, nearest);
	return check_fail(checker, at, where, key,
			  "no volume is named '%s'; add it to 'volumes:', or write an absolute path", shown);
}

static int check_binds(struct checker *checker, const struct manifest_strings *binds, const char *where,
		       const char *key)
{
	for (size_t i = 0; i < binds->count; i++) {
		const struct manifest_string *bind = &binds->items[i];
		const char *source = arena_strndup(checker->arena, bind->value, strcspn(bind->value, ":"));

		if (check_source(checker, source, &bind->at, where, item(checker, key, i)) < 0)
			return -1;
	}
	return 0;
}

static int missing(struct checker *checker, const struct place *at, const char *where, const char *key,
		   const char *name)
{
	return check_fail(checker, at, where, key, "'%s' is missing; add '%s:'", name, name);
}

/* LinuxKit finds the type in the source, and the destination in the type, where they are well known. */
static int check_mount(struct checker *checker, const struct manifest_mount *m, const char *where,
		       const char *key)
{
	static const char *const types[] = { "mqueue", "devpts", "proc", "sysfs", "cgroup", NULL };
	const char *type = m->type && *m->type ? m->type : NULL;

	if (!type && is_one_of(m->source, types))
		type = m->source;
	if (!type && m->destination && strcmp(m->destination, "/dev") == 0)
		type = "tmpfs";
	if (!type)
		return missing(checker, &m->at, where, key, "type");
	if (!m->destination && !is_one_of(type, types))
		return missing(checker, &m->at, where, key, "destination");
	if (strcmp(type, "bind") != 0)
		return 0;
	if (!m->source || *m->source == '\0')
		return missing(checker, &m->at, where, key, "source");
	return check_source(checker, m->source, &m->at, where, key);
}

/* These are mounted before the container is there, where volumes have no names. */
static int check_runtime_mount(struct checker *checker, const struct manifest_mount *m, const char *where,
			       const char *key)
{
	if (!m->type && !m->source)
		return missing(checker, &m->at, where, key, "type");
	if (!m->type || strcmp(m->type, "bind") != 0)
		return 0;
	if (!m->source)
		return missing(checker, &m->at, where, key, "source");
	if (*m->source != '/')
		return check_fail(checker, &m->at, where, key,
				  "expected an absolute path as 'source', got '%s'",
				  text_shown(m->source, checker->arena));
	return 0;
}

static int check_mounts(struct checker *checker, const struct manifest_container *c, const char *where)
{
	for (size_t i = 0; i < c->mounts_count; i++)
		if (check_mount(checker, &c->mounts[i], where, item(checker, "mounts", i)) < 0)
			return -1;
	for (size_t i = 0; i < c->runtime.mounts_count; i++)
		if (check_runtime_mount(checker, &c->runtime.mounts[i], where,
					item(checker, "runtime.mounts", i)) < 0)
			return -1;
	return 0;
}

/* --- devices and ids ----------------------------------------------------------------------------- */

/* "all" makes a rule and no node, so that it needs no numbers. */
static int check_devices(struct checker *checker, const struct manifest_container *c, const char *where)
{
	for (size_t i = 0; i < c->devices_count; i++) {
		const struct manifest_device *d = &c->devices[i];
		const char *key = item(checker, "devices", i);

		if (d->word.value)
			continue;
		if (strcmp(d->path, "all") == 0) {
			if (strchr("abc", *d->type))
				continue;
			return check_fail(checker, &d->at, where, key,
					  "'path: all' needs 'type: b', 'c' or 'a', got '%s'", d->type);
		}
		if (*d->type == 'a')
			return check_fail(checker, &d->at, where, key,
					  "'type: a' is for 'path: all' only; write 'b' or 'c'");
		if (*d->type != 'p' && (!d->major.set || !d->minor.set))
			return missing(checker, &d->at, where, key, d->major.set ? "minor" : "major");
	}
	return 0;
}

static int check_additional_gids(struct checker *checker, const struct manifest_strings *gids,
				 const char *where)
{
	for (size_t i = 0; i < gids->count; i++) {
		const struct manifest_string *gid = &gids->items[i];
		const struct manifest_id id = { .set = true, .name = gid->value, .at = gid->at };
		const char *key = item(checker, "additionalGids", i);
		bool number = gid->value[strspn(gid->value, "0123456789")] == '\0' && *gid->value;

		if (!number && check_id(checker, &id, where, key) < 0)
			return -1;
		if (number && (strlen(gid->value) > 10 || strtoull(gid->value, NULL, 10) >= UINT32_MAX))
			return check_fail(checker, &gid->at, where, key,
					  "expected an id from 0 to 4294967294, got '%s'",
					  text_shown(gid->value, checker->arena));
	}
	return 0;
}

int check_container(struct checker *checker, const struct manifest_container *c, const char *where,
		    enum check_stage stage)
{
	if (c->command.set && c->command.count == 0)
		return check_fail(checker, &c->command.at, where, "command",
				  "is empty; remove it to run the image's own");
	if (check_stage_keys(checker, c, where, stage) < 0 || check_restart(checker, c, where, stage) < 0 ||
	    check_capabilities(checker, &c->capabilities, where, "capabilities") < 0 ||
	    check_capabilities(checker, &c->capabilities_add, where, "capabilities.add") < 0 ||
	    check_capabilities(checker, &c->ambient, where, "ambient") < 0 ||
	    check_binds(checker, &c->binds, where, "binds") < 0 ||
	    check_binds(checker, &c->binds_add, where, "binds.add") < 0 ||
	    check_mounts(checker, c, where) < 0 || check_devices(checker, c, where) < 0 ||
	    check_id(checker, &c->uid, where, "uid") < 0 || check_id(checker, &c->gid, where, "gid") < 0)
		return -1;
	return check_supervision(checker, c, where) < 0 ? -1 : check_additional_gids(checker, &c->additional_gids, where);
}
