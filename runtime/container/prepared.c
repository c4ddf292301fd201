/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/prepared.h"

#include <fcntl.h>

#include "base/path.h"
#include "runtime/linux/seccomp_file.h"

int prepared_read(const char *bundle, const char *filter, struct arena *arena, struct oci_config *config,
		  struct seccomp_program *program, struct error *err)
{
	const char *name = filter ? "start.json" : "config.json";

	if (oci_config_read(AT_FDCWD, path_join(arena, bundle, name), arena, config, err) < 0)
		return -1;
	return filter ? seccomp_file_read(filter, arena, program, err) : 0;
}
