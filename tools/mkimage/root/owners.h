/* SPDX-License-Identifier: Apache-2.0 */
/* Who the files of a container belong to, where it has a user namespace. */
#ifndef MKIMAGE_ROOT_OWNERS_H
#define MKIMAGE_ROOT_OWNERS_H

#include "base/error.h"
#include "oci/config.h"
#include "tools/mkimage/tree/tree.h"

/*
 * Gives all below `path` to who their owners are on the machine, by the mappings of the container: what is its root's in the
 * image is its root's in the container. Nothing where it has none. Not every kernel can map the ids of
 * a compressed root file system at boot.
 */
int owners_map(struct tree *root, const char *path, const struct oci_linux *container, struct error *err);

#endif
