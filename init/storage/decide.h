/* SPDX-License-Identifier: Apache-2.0 */
/* What to do with a device: a pure function of what is wanted and what was found. Here, and nowhere else, is decided what may be written over. */
#ifndef INIT_STORAGE_DECIDE_H
#define INIT_STORAGE_DECIDE_H

#include "init/storage/probe.h"
#include "plan/storage.h"

#define STATE_LABEL "slipway-state"
#define STATE_TYPE  "8f7e1a52-3c0b-4f6d-9d2e-51c5b6a9e7d4"	/* of a partition in a GPT: ours alone */
#define DECIDE_BYTES_MIN (16ull << 20)	/* a file system in less is more tables than room */
#define DECIDE_SWAP_MIN  (64ull << 10)

enum decision_action {
	DECIDE_USE,			/* it is there */
	DECIDE_MAKE,			/* it is to be made, and nobody loses anything */
	DECIDE_REFUSE,
};

struct decision {
	enum decision_action action;
	char found[160];		/* what is there, for people: "a LUKS volume" */
};

void decide(const struct plan_storage *wanted, const struct probe *probe, struct decision *decision);

/* The label that is given to what is made; "" is none. */
const char *decide_label(const struct plan_storage *wanted);

/* What is wanted, for people: "an ext4 file system". */
const char *decide_wanted(const struct plan_storage *wanted);

/* The device is the one that is meant, as far as what is on it tells. Not for PLAN_MATCH_DEVICE. */
bool decide_is_meant(const struct plan_storage *wanted, const struct probe *probe);

/* It is mounted read-only: nothing of it is to be changed before, either. */
bool decide_reads_only(const struct plan_storage *wanted);

/* It could be taken for what is wanted where nothing is meant by it yet: all blank, or begun by us. */
bool decide_is_blank(const struct probe *probe);

#endif
