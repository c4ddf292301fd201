/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter that was compiled before: when an image is built, for PID 1 to load at each boot. The file is
 * struct seccomp_file, then that many struct sock_filter, both as this machine has them in memory.
 */
#ifndef RUNTIME_LINUX_SECCOMP_FILE_H
#define RUNTIME_LINUX_SECCOMP_FILE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "runtime/linux/seccomp.h"

struct seccomp_file {
	char magic[8];			/* "slipbpf1" */
	uint32_t arch;			/* AUDIT_ARCH_* of the machine that asks it first */
	uint32_t flags;			/* SECCOMP_FILTER_FLAG_* */
	uint32_t length;		/* instructions */
	uint32_t reserved;		/* 0 */
};
_Static_assert(sizeof(struct seccomp_file) == 24, "a file format");

/* Appends the file to `out`. Not for a program that notifies: its listener is found when it is started. */
void seccomp_file_write(const struct seccomp_program *program, struct buffer *out);

/* Reads it back; the instructions are in the arena. Whether they are a filter is for the kernel to say. */
int seccomp_file_read(const char *path, struct arena *arena, struct seccomp_program *program, struct error *err);

#endif
