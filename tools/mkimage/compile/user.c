/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the container runs as: `uid` and `gid` of the manifest, which may be names of
 * containers, else the image's USER, which may be names of the image's own passwd and group.
 */
#include "tools/mkimage/compile/parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define FIRST_ID 100u			/* LinuxKit's */
#define GROUPS_MAX 65536u		/* NGROUPS_MAX of the kernel */

int compile_id(const struct manifest *manifest, const struct manifest_id *id, const char *key, uint32_t *number,
	       struct error *err)
{
	/* LinuxKit's order; an id that two containers of a name would have is the later one's. */
	const struct manifest_containers *stages[] = { &manifest->onboot, &manifest->onshutdown, &manifest->services };
	uint32_t next = FIRST_ID;
	bool found = false;

	*number = id->set && id->is_number ? id->number : 0;
	if (!id->set || id->is_number || !*id->name || strcmp(id->name, "root") == 0)
		return 0;
	for (size_t s = 0; s < ARRAY_SIZE(stages); s++)
		for (size_t i = 0; i < stages[s]->count; i++, next++)
			if (strcmp(stages[s]->items[i].name.value, id->name) == 0) {
				*number = next;
				found = true;
			}
	if (!found)
		return place_error(&id->at, err, "%s: no container is named '%s': expected a number, or the name of "
				   "the container whose id is meant", key, id->name);
	return 0;
}

static bool parse_number(const char *text, uint32_t *number)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	/* 2^32-1 is "no change" to the kernel, and so no user. */
	if (!isdigit((unsigned char)*text) || *end || errno || value >= UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

static int add_groups(struct job *job, struct oci_user *user)
{
	for (size_t i = 0; i < job->merged.additional_gids.count; i++) {
		const struct manifest_string *item = &job->merged.additional_gids.items[i];
		struct manifest_id id = { .set = true, .name = item->value, .at = item->at };
		uint32_t *slot;

		id.is_number = parse_number(item->value, &id.number);
		slot = arena_push(job->arena, &user->additional_gids, &user->additional_gids_count, sizeof(*slot));
		if (compile_id(job->input->manifest, &id, "additionalGids", slot, job->err) < 0)
			return -1;
	}
	return 0;
}

int user_compile(struct job *job, struct compiled_container *out)
{
	struct oci_user *user = &out->config.process->user;
	const char *from_image = job->image->config.config.user;

	if (compile_id(job->input->manifest, &job->merged.uid, "uid", &user->uid, job->err) < 0 ||
	    compile_id(job->input->manifest, &job->merged.gid, "gid", &user->gid, job->err) < 0 ||
	    add_groups(job, user) < 0)
		return -1;
	out->gid_stated = job->merged.gid.set;
	out->user = job->merged.uid.set || !from_image || !*from_image ? NULL : from_image;
	return 0;
}

/* ---------------------------------------------------------------- names of an image */

#define FIELDS_MAX 8

/* The next line of a file like passwd(5), cut into its fields; `line` is the caller's to write in. */
static size_t split(char *line, char *fields[FIELDS_MAX])
{
	size_t count = 0;

	while (count < FIELDS_MAX && line) {
		char *colon = strchr(line, ':');

		fields[count++] = line;
		if (colon)
			*colon++ = '\0';
		line = colon;
	}
	return count;
}

static char *next_line(struct arena *arena, const char **text)
{
	size_t length = *text ? strcspn(*text, "\n") : 0;
	const char *start = *text;

	if (!start || !*start)
		return NULL;
	*text = start + length + (start[length] == '\n');
	return arena_strndup(arena, start, length);
}

struct lookup {
	const char *name;		/* of the user, once it is known; else NULL */
	uint32_t uid, gid;
};

/* passwd(5): name:password:uid:gid:... True when the user is there. */
static bool find_user(const char *passwd, const char *wanted, struct arena *arena, struct lookup *found)
{
	uint32_t number, uid, gid;
	bool by_number = parse_number(wanted, &number);
	char *line, *f[FIELDS_MAX];

	while ((line = next_line(arena, &passwd))) {
		if (split(line, f) < 4 || !parse_number(f[2], &uid) || !parse_number(f[3], &gid))
			continue;
		if (strcmp(f[0], wanted) == 0 || (by_number && uid == number)) {
			*found = (struct lookup){ f[0], uid, gid };
			return true;
		}
	}
	return false;
}

/* group(5): name:password:gid:member,member */
static bool find_group(const char *group, const char *wanted, struct arena *arena, uint32_t *gid)
{
	char *line, *f[FIELDS_MAX];

	while ((line = next_line(arena, &group)))
		if (split(line, f) >= 3 && strcmp(f[0], wanted) == 0 && parse_number(f[2], gid))
			return true;
	return parse_number(wanted, gid);
}

static bool is_member(char *members, const char *name)
{
	char *rest = NULL;

	for (char *member = strtok_r(members, ",", &rest); member; member = strtok_r(NULL, ",", &rest))
		if (strcmp(member, name) == 0)
			return true;
	return false;
}

/* The groups that list the user as a member, as login would give them. */
static void add_memberships(const char *group, const struct lookup *user, struct arena *arena, struct oci_user *out)
{
	char *line, *f[FIELDS_MAX];
	uint32_t gid;

	while (out->additional_gids_count < GROUPS_MAX && (line = next_line(arena, &group)))
		if (split(line, f) >= 4 && parse_number(f[2], &gid) && gid != out->gid && is_member(f[3], user->name))
			*(uint32_t *)arena_push(arena, &out->additional_gids, &out->additional_gids_count,
						sizeof(gid)) = gid;
}

int compile_resolve_user(struct compiled_container *container, const char *passwd, const char *group,
			 struct arena *arena, struct error *err)
{
	const char *colon = container->user ? strchr(container->user, ':') : NULL;
	struct oci_user *out = &container->config.process->user;
	struct oci_user user = *out;
	struct lookup found = { 0 };
	const char *name;

	if (!container->user)
		return 0;
	name = colon ? arena_strndup(arena, container->user, (size_t)(colon - container->user)) : container->user;
	/* A number need not be in passwd; its group is 0 then. */
	if (!find_user(passwd, name, arena, &found) && !parse_number(name, &found.uid))
		return error_set(err, "its user '%s' is not in its /etc/passwd; add 'uid:' to '%s'", name,
				 container->manifest->name.value);
	user.uid = found.uid;
	if (!container->gid_stated)
		user.gid = found.gid;
	if (colon && !container->gid_stated && !find_group(group, colon + 1, arena, &user.gid))
		return error_set(err, "its group '%s' is not in its /etc/group; add 'gid:' to '%s'", colon + 1,
				 container->manifest->name.value);
	/* A group that is stated stands for all of them (image-spec config.md, "User"). */
	if (found.name && !colon && !container->gid_stated && !user.additional_gids_count)
		add_memberships(group, &found, arena, &user);
	*out = user;
	return 0;
}
