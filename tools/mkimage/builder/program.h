/* SPDX-License-Identifier: Apache-2.0 */
/* A builder, run to its end. */
#ifndef MKIMAGE_BUILDER_PROGRAM_H
#define MKIMAGE_BUILDER_PROGRAM_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Runs argv[0], looked up in PATH. What it prints goes to standard error as it comes, unless `quiet`; where it fails, the
 * end of it is shown in any case, and the error quotes its own words. Ctrl-C ends it, and not us, who have to tidy up.
 */
int program_run(const char *const argv[], bool quiet, struct error *err);

#endif
