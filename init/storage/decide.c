/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/decide.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

static const char *type_of(const struct plan_storage *wanted)
{
	return wanted->kind == PLAN_SWAP ? "swap" : wanted->filesystem;
}

const char *decide_label(const struct plan_storage *wanted)
{
	if (wanted->match == PLAN_MATCH_LABEL)
		return wanted->which;
	return wanted->kind == PLAN_STATE ? STATE_LABEL : "";
}

const char *decide_wanted(const struct plan_storage *wanted)
{
	if (wanted->kind == PLAN_SWAP)
		return "a swap area";
	return wanted->filesystem && strcmp(wanted->filesystem, "ext4") == 0 ? "an ext4 file system" : "a file system";
}

bool decide_is_blank(const struct probe *probe)
{
	return !probe->error && !probe->ambiguous && !*probe->type && !*probe->table && (probe->zeros || probe->begun);
}

bool decide_is_meant(const struct plan_storage *wanted, const struct probe *probe)
{
	switch (wanted->match) {
	case PLAN_MATCH_OWN:
		return strcmp(probe->label, STATE_LABEL) == 0 || strcasecmp(probe->part_type, STATE_TYPE) == 0;
	case PLAN_MATCH_LABEL:
		return strcmp(probe->label, wanted->which) == 0;
	case PLAN_MATCH_UUID:
		return strcasecmp(probe->uuid, wanted->which) == 0;
	case PLAN_MATCH_PARTLABEL:
		return strcmp(probe->part_label, wanted->which) == 0;
	case PLAN_MATCH_PARTUUID:
		return strcasecmp(probe->part_uuid, wanted->which) == 0;
	case PLAN_MATCH_TYPE:
		return strcasecmp(probe->part_type, wanted->which) == 0;
	case PLAN_MATCH_DEVICE:
		break;
	}
	return false;
}

/* ---------------------------------------------------------------- the rules */

/* Each row of the rules asks one of these. */
typedef bool question(const struct plan_storage *wanted, const struct probe *probe);

static bool is_unreadable(const struct plan_storage *wanted, const struct probe *probe)
{
	(void)wanted;
	return probe->error != 0;
}

static bool has_no_medium(const struct plan_storage *wanted, const struct probe *probe)
{
	(void)wanted;
	return probe->size == 0;
}

static bool is_wanted_type(const struct plan_storage *wanted, const struct probe *probe)
{
	const char *type = type_of(wanted);

	if (!type)
		return *probe->type && strcmp(probe->type, "swap") != 0 && strstr(probe->type, "_member") == NULL &&
		       strcmp(probe->type, "crypto_LUKS") != 0;
	/* The kernel's name of the driver, which is not libblkid's. */
	return strcmp(probe->type, strcmp(type, "ntfs3") == 0 ? "ntfs" : type) == 0;
}

/* Where others may be written over, only what has our label is known to be what is wanted. */
static bool is_there(const struct plan_storage *wanted, const struct probe *probe)
{
	if (!is_wanted_type(wanted, probe))
		return false;
	return wanted->create != PLAN_CREATE_OVERWRITE || strcmp(probe->label, decide_label(wanted)) == 0 ||
	       !*decide_label(wanted);
}

bool decide_reads_only(const struct plan_storage *wanted)
{
	for (size_t i = 0; i < wanted->options.count; i++)
		if (strcmp(wanted->options.items[i], "ro") == 0)
			return true;
	return false;
}

static bool is_protected(const struct plan_storage *wanted, const struct probe *probe)
{
	return probe->readonly && !(wanted->kind == PLAN_DISK && decide_reads_only(wanted) && is_there(wanted, probe));
}

static bool is_too_small(const struct plan_storage *wanted, const struct probe *probe)
{
	return probe->size < (wanted->kind == PLAN_SWAP ? DECIDE_SWAP_MIN : DECIDE_BYTES_MIN);
}

static bool may_overwrite(const struct plan_storage *wanted, const struct probe *probe)
{
	(void)probe;
	return wanted->create == PLAN_CREATE_OVERWRITE;
}

static bool is_ambiguous(const struct plan_storage *wanted, const struct probe *probe)
{
	(void)wanted;
	return probe->ambiguous;
}

static bool has_type(const struct plan_storage *wanted, const struct probe *probe)
{
	(void)wanted;
	return *probe->type != '\0';
}

static bool has_table(const struct plan_storage *wanted, const struct probe *probe)
{
	(void)wanted;
	return *probe->table != '\0';
}

static bool may_not_make(const struct plan_storage *wanted, const struct probe *probe)
{
	(void)probe;
	return wanted->create == PLAN_CREATE_NEVER;
}

static bool was_begun(const struct plan_storage *wanted, const struct probe *probe)
{
	return probe->begun && !may_not_make(wanted, probe);
}

static bool is_damaged_ext(const struct plan_storage *wanted, const struct probe *probe)
{
	(void)wanted;
	return probe->damaged_ext;
}

static bool has_bytes(const struct plan_storage *wanted, const struct probe *probe)
{
	(void)wanted;
	return !probe->zeros;
}

static bool always(const struct plan_storage *wanted, const struct probe *probe)
{
	(void)wanted;
	(void)probe;
	return true;
}

/* The first row whose question is answered with yes decides. */
static const struct rule {
	question *asks;
	enum decision_action action;
	const char *found;		/* NULL: the type or the table that was found */
} rules[] = {
	{ is_unreadable,  DECIDE_REFUSE, "a device that cannot be read" },
	{ has_no_medium,  DECIDE_REFUSE, "a device of no size" },
	{ is_protected,   DECIDE_REFUSE, "a device that is write-protected" },
	{ is_there,       DECIDE_USE,    NULL },
	{ is_too_small,   DECIDE_REFUSE, "a device that is too small" },
	{ may_overwrite,  DECIDE_MAKE,   "a device that may be overwritten" },
	{ is_ambiguous,   DECIDE_REFUSE, "signatures of more than one file system" },
	{ has_type,       DECIDE_REFUSE, NULL },
	{ has_table,      DECIDE_REFUSE, NULL },
	/* Known to hold nothing else, whatever its bytes are. */
	{ was_begun,      DECIDE_MAKE,   "what was begun and not finished" },
	{ is_damaged_ext, DECIDE_REFUSE, "a damaged ext file system" },
	{ has_bytes,      DECIDE_REFUSE, "data that is not known" },
	{ may_not_make,   DECIDE_REFUSE, "a blank device, on which nothing may be made" },
	{ always,         DECIDE_MAKE,   "a blank device" },
};

static const struct {
	const char *type, *name;
} type_names[] = {
	{ "crypto_LUKS", "a LUKS volume" },
	{ "LVM2_member", "an LVM volume" },
	{ "linux_raid_member", "a part of a RAID" },
	{ "swap", "a swap area" },
	{ "swsuspend", "a machine that sleeps" },
};

static void describe(const struct probe *probe, struct decision *decision)
{
	for (size_t i = 0; i < ARRAY_SIZE(type_names); i++)
		if (strcmp(type_names[i].type, probe->type) == 0) {
			(void)snprintf(decision->found, sizeof(decision->found), "%s", type_names[i].name);
			return;
		}
	if (*probe->type)
		(void)snprintf(decision->found, sizeof(decision->found), "a file system '%s'%s%s%s", probe->type,
			       *probe->label ? " labelled '" : "", probe->label, *probe->label ? "'" : "");
	else
		(void)snprintf(decision->found, sizeof(decision->found), "a partition table '%s'", probe->table);
}

void decide(const struct plan_storage *wanted, const struct probe *probe, struct decision *decision)
{
	const struct rule *rule = rules;

	while (!rule->asks(wanted, probe))
		rule++;
	decision->action = rule->action;
	if (!rule->found)
		describe(probe, decision);
	else if (probe->error)
		(void)snprintf(decision->found, sizeof(decision->found), "%s: %s", rule->found, strerror(probe->error));
	else
		(void)snprintf(decision->found, sizeof(decision->found), "%s", rule->found);
}
