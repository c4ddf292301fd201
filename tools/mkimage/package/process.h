/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs, run to their end: apt-get, depmod, and those that compile what goes into a package. */
#ifndef MKIMAGE_PACKAGE_PROCESS_H
#define MKIMAGE_PACKAGE_PROCESS_H

#include "base/buffer.h"
#include "base/error.h"

/*
 * Runs argv[0] (looked up in PATH, and in the sbin directories, which an ordinary user's PATH
 * lacks) in the C locale. What it prints is appended to `output` (NULL: dropped). Where it
 * fails, the error names `package`, which has it (NULL: none has), or quotes the last line it wrote to standard error.
 */
int process_run(const char *const argv[], const char *package, struct buffer *output, struct error *err);

/* The same for what takes minutes and tells how far it is: what it writes to standard error is the user's to see. */
int process_run_shown(const char *const argv[], const char *package, struct buffer *output, struct error *err);

#endif
