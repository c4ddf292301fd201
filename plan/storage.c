/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of `storage` records. */
#include "plan/storage.h"

#include "base/cleanup.h"
#include "plan/records.h"

#define HOUR 3600000u			/* in milliseconds */

static const char *const kinds[] = { "state", "disk", "swap", "swap-file", "zram", "tmpfs", "volume", NULL };
static const char *const failures[] = { "stop", "continue", "reboot", NULL };
static const char *const matches[] = { "own", "device", "label", "uuid", "partlabel", "partuuid", "type", NULL };
static const char *const creates[] = { "never", "blank", "overwrite", NULL };

#define AT(member) .offset = offsetof(struct plan_storage, member)

const struct plan_field plan_storage_fields[] = {
	{ "kind", PLAN_ENUM, AT(kind), .required = true, .words = kinds },
	{ "on_failure", PLAN_ENUM, AT(on_failure), .fallback = "stop", .words = failures },
	{ "match", PLAN_ENUM, AT(match), .fallback = "own", .words = matches },
	{ "which", PLAN_TEXT, AT(which) },
	{ "create", PLAN_ENUM, AT(create), .fallback = "never", .words = creates },
	{ "filesystem", PLAN_NAME, AT(filesystem) },
	{ "grow", PLAN_BOOL, AT(grow), .fallback = "false" },
	{ "check", PLAN_BOOL, AT(check), .fallback = "false" },
	{ "repair", PLAN_BOOL, AT(repair), .fallback = "false" },
	{ "wait", PLAN_NUMBER, AT(wait), .fallback = "30000", .max = HOUR },
	{ "time_limit", PLAN_NUMBER, AT(time_limit), .fallback = "600000", .max = HOUR },
	{ "option", PLAN_LIST, AT(options) },
	{ "path", PLAN_FILE, AT(path) },
	{ "name", PLAN_NAME, AT(name) },
	{ "size", PLAN_SIZE, AT(size), .fallback = "0" },
	{ "percent", PLAN_NUMBER, AT(percent), .fallback = "0", .max = 1000 },
	{ "priority", PLAN_NUMBER, AT(priority), .fallback = "0", .max = 32768 },
	{ "algorithm", PLAN_NAME, AT(algorithm) },
	{ "persistent", PLAN_BOOL, AT(persistent), .fallback = "false" },
	{ "filled", PLAN_BOOL, AT(filled), .fallback = "false" },
	{ "uid", PLAN_NUMBER, AT(uid), .fallback = "4294967295", .max = PLAN_ID_KEPT },
	{ "gid", PLAN_NUMBER, AT(gid), .fallback = "4294967295", .max = PLAN_ID_KEPT },
	{ "mode", PLAN_NAME, AT(mode) },
	{ 0 },
};

/* What each kind cannot be without. */
static const struct need {
	enum plan_storage_kind kind;
	const char *key;
	size_t offset;			/* of a const char * */
} needs[] = {
	{ PLAN_DISK, "path", offsetof(struct plan_storage, path) },
	{ PLAN_DISK, "which", offsetof(struct plan_storage, which) },
	{ PLAN_SWAP, "which", offsetof(struct plan_storage, which) },
	{ PLAN_SWAP_FILE, "name", offsetof(struct plan_storage, name) },
	{ PLAN_TMPFS, "path", offsetof(struct plan_storage, path) },
	{ PLAN_VOLUME, "path", offsetof(struct plan_storage, path) },
	{ PLAN_VOLUME, "name", offsetof(struct plan_storage, name) },
};

int plan_check_storage(const struct plan_storage *storage, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (needs[i].kind == storage->kind &&
		    !*(const char *const *)(const void *)((const char *)storage + needs[i].offset))
			return error_set(err, "field '%s' is missing: storage of the kind '%s' has one", needs[i].key,
					 kinds[storage->kind]);
	if ((storage->match == PLAN_MATCH_OWN) != !storage->which)
		return error_set(err, "field 'which' goes with every 'match' but 'own'");
	return 0;
}
