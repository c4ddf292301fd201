/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts that show files as other users': config.md, "uidMappings", "gidMappings" and the options idmap and ridmap
 * of a mount.
 */
#ifndef RUNTIME_LINUX_IDMAP_H
#define RUNTIME_LINUX_IDMAP_H

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "runtime/linux/namespaces.h"

/*
 * Makes detached copies of what is to be mounted so, one for each of config->mounts that asks for it, and for each bind
 * mount of a container with a user namespace, whose root may not get to the source: in `trees`, an
 * array in the arena with -1 for the others; NULL where there are none. Done by the runtime, in its own namespaces:
 * the rights over a file system that this takes are what the root of a user namespace does not have.
 */
int idmap_open(const struct oci_config *config, const struct namespaces *namespaces, const char *bundle,
	       struct arena *arena, int **trees, struct error *err);

/* NULL is fine. */
void idmap_close(const struct oci_config *config, int *trees);

#endif
