/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/compile/parts.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/compile/seccomp.h"

/* Flags of clone that make namespaces. */
#define CLONE_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* What personality(2) may be asked for: Linux, 32-bit uname (0x20000), no more than asking, and their sum. */
static const uint64_t personalities[] = { 0x0, 0x8, 0x20000, 0x20008, 0xffffffff };

static void add_name(struct oci_strings *list, const char *name, struct arena *arena)
{
	*(const char **)arena_push(arena, &list->items, &list->count, sizeof(*list->items)) = name;
}

static void add_names(struct oci_strings *list, const char *names, struct arena *arena)
{
	while (*names) {
		size_t length = strcspn(names, " ");

		add_name(list, arena_strndup(arena, names, length), arena);
		names += length + (names[length] == ' ');
	}
}

static struct oci_seccomp_rule *add_rule(struct oci_seccomp *profile, const char *action, struct arena *arena)
{
	struct oci_seccomp_rule *rule =
		arena_push(arena, &profile->syscalls, &profile->syscalls_count, sizeof(*rule));

	rule->action = action;
	return rule;
}

/* One call, allowed where its argument is as said. */
static void allow_argument(struct oci_seccomp *profile, const char *name, struct oci_seccomp_arg argument,
			   struct arena *arena)
{
	struct oci_seccomp_rule *rule = add_rule(profile, "SCMP_ACT_ALLOW", arena);

	add_name(&rule->names, name, arena);
	rule->args = arena_alloc(arena, sizeof(*rule->args));
	rule->args[0] = argument;
	rule->args_count = 1;
}

struct oci_seccomp *seccomp_default(const struct architecture *architecture, uint64_t capabilities, struct arena *arena)
{
	struct oci_seccomp *profile = arena_alloc(arena, sizeof(*profile));
	struct oci_strings allowed = { 0 }, refused = { 0 };
	struct oci_seccomp_rule *rule;

	*profile = (struct oci_seccomp){
		.default_action = "SCMP_ACT_ERRNO",
		.has_default_errno_ret = true,
		.default_errno_ret = ENOSYS,
	};
	for (const char *const *name = architecture->seccomp; *name; name++)
		add_name(&profile->architectures, *name, arena);
	for (const struct seccomp_group *group = seccomp_groups; group->names; group++) {
		if (group->answer == SECCOMP_ALLOW || (group->unlocked_by & capabilities))
			add_names(&allowed, group->names, arena);
		else if (group->answer == SECCOMP_REFUSE)
			add_names(&refused, group->names, arena);
	}
	if (capabilities & CAPABILITY(CAP_SYS_ADMIN))
		add_name(&allowed, "clone", arena);
	add_rule(profile, "SCMP_ACT_ALLOW", arena)->names = allowed;
	if (!(capabilities & CAPABILITY(CAP_SYS_ADMIN)))
		allow_argument(profile, "clone", (struct oci_seccomp_arg){
			.index = 0, .value = CLONE_NAMESPACES, .value_two = 0, .op = "SCMP_CMP_MASKED_EQ" }, arena);
	for (size_t i = 0; i < ARRAY_SIZE(personalities); i++)
		allow_argument(profile, "personality", (struct oci_seccomp_arg){
			.index = 0, .value = personalities[i], .op = "SCMP_CMP_EQ" }, arena);
	rule = add_rule(profile, "SCMP_ACT_ERRNO", arena);
	rule->names = refused;
	rule->has_errno_ret = true;
	rule->errno_ret = EPERM;
	return profile;
}
