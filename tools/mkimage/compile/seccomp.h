/* SPDX-License-Identifier: Apache-2.0 */
/* The table behind the default seccomp profile; open so that a test can hold it against the kernel's own list. */
#ifndef MKIMAGE_COMPILE_SECCOMP_H
#define MKIMAGE_COMPILE_SECCOMP_H

#include <stdint.h>

enum seccomp_answer {
	SECCOMP_ALLOW,
	SECCOMP_REFUSE,			/* EPERM: the call exists, and is not for this container */
	SECCOMP_ABSENT,			/* ENOSYS: as if the kernel had no such call; programs fall back */
};

struct seccomp_group {
	enum seccomp_answer answer;
	uint64_t unlocked_by;		/* with any of these capabilities it is allowed */
	const char *names;		/* separated by single spaces */
};

/* Ended by a row without names. */
extern const struct seccomp_group seccomp_groups[];

#endif
