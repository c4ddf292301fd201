/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PID 1's containers are started from. An image has, beside the config.json of a bundle, the same without its seccomp
 * profile, start.json, and the filter made of that profile: most of a config.json is names of system calls, and
 * reading and compiling them at each start would take longer than all the rest that is done here. docs/decisions/0006.
 */
#ifndef RUNTIME_CONTAINER_PREPARED_H
#define RUNTIME_CONTAINER_PREPARED_H

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "runtime/linux/seccomp.h"

/*
 * Reads the config of a bundle, and the filter from its file: then the config has no profile. With `filter`
 * NULL the bundle has config.json alone, and `program` stays empty.
 */
int prepared_read(const char *bundle, const char *filter, struct arena *arena, struct oci_config *config,
		  struct seccomp_program *program, struct error *err);

#endif
