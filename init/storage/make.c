/* SPDX-License-Identifier: Apache-2.0 */
#include "init/storage/make.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/storage/begun.h"
#include "init/storage/ext4.h"
#include "init/storage/swap_area.h"

static int random_bytes(unsigned char *bytes, size_t length, struct error *err)
{
	if (getrandom(bytes, length, 0) != (ssize_t)length)
		return error_errno(err, "cannot get random bytes");
	return 0;
}

/* RFC 9562, version 4. */
static int random_uuid(unsigned char uuid[16], struct error *err)
{
	if (random_bytes(uuid, 16, err) < 0)
		return -1;
	uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
	return 0;
}

static int make_ext4(const struct plan_storage *wanted, const struct found *found, struct error *err)
{
	struct ext4_wish wish = { .size = found->probe.size, .label = decide_label(wanted) };

	if (random_uuid(wish.uuid, err) < 0 || random_uuid(wish.hash_seed, err) < 0)
		return -1;
	return ext4_make(unix_io_manager, found->path, &wish, err);
}

static int make_swap(const struct plan_storage *wanted, const struct found *found, struct error *err)
{
	struct swap_wish wish = { .size = found->probe.size, .label = decide_label(wanted) };

	if (random_uuid(wish.uuid, err) < 0)
		return -1;
	return swap_area_make(unix_io_manager, found->path, &wish, err);
}

static int make(const struct plan_storage *wanted, const struct found *found, const char *why, struct error *err)
{
	log_info("storage: '%s' is %s: making %s", found->path, why, decide_wanted(wanted));
	return (wanted->kind == PLAN_SWAP ? make_swap : make_ext4)(wanted, found, err);
}

int make_ready(const struct plan_storage *wanted, int events, struct found *found, struct error *err)
{
	struct decision decision;

	if (find_device(wanted, events, found, err) < 0)
		return -1;
	decide(wanted, &found->probe, &decision);
	if (decision.action == DECIDE_REFUSE)
		return error_set(err, "'%s': expected %s, found %s; nothing was written", found->path, decide_wanted(wanted),
				 decision.found);
	/* The power went between the last write and the removal of the mark. */
	if (decision.action == DECIDE_USE && found->probe.begun && !found->probe.readonly)
		return begun_clear(unix_io_manager, found->path, err);
	return decision.action == DECIDE_MAKE ? make(wanted, found, decision.found, err) : 0;
}
