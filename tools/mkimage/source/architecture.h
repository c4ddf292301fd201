/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of processors that machines are made for, and what differs between them. */
#ifndef MKIMAGE_SOURCE_ARCHITECTURE_H
#define MKIMAGE_SOURCE_ARCHITECTURE_H

#include "base/error.h"

struct architecture {
	const char *name;		/* "arm64", as platforms of images and Debian's packages have it */
	const char *machine;		/* "aarch64", as the kernel and QEMU have it */
	const char *console;		/* the first serial line: "ttyAMA0" */
	const char *seccomp[3];		/* whose system calls its kernels take, its own first; ended by NULL */
};

/* The one with the index n, from 0 on; NULL behind the last. */
const struct architecture *architecture_at(unsigned int n);

/* That of `platform` ("linux/arm64", "linux/arm64/v8"; NULL is this machine's). NULL with an error that lists what there is. */
const struct architecture *architecture_of(const char *platform, struct error *err);

/* That of this machine, where it is one of these; NULL. */
const struct architecture *architecture_here(void);

#endif
