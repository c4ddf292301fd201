/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From rules to instructions: what is to happen on which call, as the kernel's classic BPF.
 * seccomp.c says which calls the words of a config mean; docs/decisions/0002 says why this is here.
 */
#ifndef RUNTIME_LINUX_SECCOMP_FILTER_H
#define RUNTIME_LINUX_SECCOMP_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define FILTER_CONDITIONS_MAX 7		/* one for each argument, and the number of a multiplexed call */

enum filter_test { FILTER_EQUAL, FILTER_GREATER, FILTER_GREATER_OR_EQUAL };

/* (argument & mask) TEST value; the other three comparisons are these, negated. */
struct filter_condition {
	unsigned int argument;		/* 0 to 5 */
	enum filter_test test;
	bool negated;
	uint64_t mask, value;
};

struct filter_rule {
	uint32_t action;		/* SECCOMP_RET_*, with its data */
	unsigned int count;		/* all conditions must hold; with none the rule is for every such call */
	struct filter_condition conditions[FILTER_CONDITIONS_MAX];
};

struct filter_call {
	uint32_t number;
	const struct filter_rule *rule;
	bool narrow;			/* arguments have 32 bits */
};

/*
 * The calls that the kernel reports with one `seccomp_data.arch`. A rule without conditions goes before those with;
 * otherwise the first that matches counts.
 */
struct filter_section {
	uint32_t arch;			/* AUDIT_ARCH_* */
	struct filter_call *calls;	/* gets sorted */
	size_t count;
	bool has_beyond;		/* calls numbered from..to without a rule get an action of their own */
	uint32_t beyond_from, beyond_to, beyond_action;
};

/*
 * Writes the filter for `sections`: `otherwise` for calls without a rule, `foreign` for calls of other architectures.
 * The instructions are in the arena.
 */
int filter_build(struct filter_section *sections, size_t count, uint32_t otherwise, uint32_t foreign,
		 struct arena *arena, struct sock_filter **filter, unsigned short *length, struct error *err);

#endif
