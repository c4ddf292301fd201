/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System call filters: config-linux.md, "Seccomp". The filter is compiled before
 * the container's first process is made, and loaded by that process as late as can be.
 */
#ifndef RUNTIME_LINUX_SECCOMP_H
#define RUNTIME_LINUX_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct seccomp_program {		/* length 0: no filter */
	struct sock_filter *filter;	/* in the arena */
	unsigned short length;		/* instructions */
	uint32_t arch;			/* AUDIT_ARCH_* of the machine that it is for */
	unsigned int flags;		/* SECCOMP_FILTER_FLAG_* */
	bool notifies;			/* has SCMP_ACT_NOTIFY: loading gives a listener, see notify.h */
	int agent;			/* if it notifies: the connection to who gets the listener */
	const char *message;		/* and what comes with it */
};

int seccomp_compile(const struct oci_seccomp *config, struct arena *arena, struct seccomp_program *program,
		    struct error *err);

/* The same for another machine: "SCMP_ARCH_AARCH64"; NULL is this one. */
int seccomp_compile_for(const char *architecture, const struct oci_seccomp *config, struct arena *arena,
			struct seccomp_program *program, struct error *err);

/*
 * Loads it into this process. Needs no_new_privs or CAP_SYS_ADMIN. `listener` gets the descriptor
 * of notifications, or -1 where there are none.
 */
int seccomp_apply(const struct seccomp_program *program, int *listener, struct error *err);

/* Whether this kernel takes the flag, one of seccomp_flag_names. */
bool seccomp_flag_supported(const char *name);

/* Words of the specification that are known, ended by NULL: for `features`. */
extern const char *const seccomp_action_names[], *const seccomp_operator_names[], *const seccomp_flag_names[],
	*const seccomp_architecture_names[];

#endif
