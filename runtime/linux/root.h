/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system of a container: config.md, "Root"; config-linux.md, "Rootfs Mount Propagation". */
#ifndef RUNTIME_LINUX_ROOT_H
#define RUNTIME_LINUX_ROOT_H

#include <stdbool.h>

#include "base/error.h"
#include "oci/config.h"

/*
 * In a new mount namespace (`own_mounts`): cuts the propagation to the host's mounts. Makes the
 * rootfs a mount of its own (or the overlay over it that OCI_ANNOTATION_OVERLAY asks for).
 * Returns its descriptor; `bundle` is where a relative path starts.
 */
int root_open(const struct oci_config *config, int bundle, bool own_mounts, struct error *err);

/* Takes away the mount that root_open() made, with all that is mounted inside. */
void root_unmount(int root);

/* Everything is in its place: makes the root read-only where asked. */
int root_seal(int root, const struct oci_config *config, struct error *err);

/*
 * Makes it the root of this process, and lets go of all host mounts. `no_pivot`: by
 * moving the mount and chroot(2), for a host whose own root is the initial
 * ramfs, which pivot_root(2) refuses.
 */
int root_enter(int root, const struct oci_config *config, bool no_pivot, struct error *err);

/* The root of a container without a mount namespace of its own: chroot(2). */
int root_change(int root, struct error *err);

/* linux.rootfsPropagation, once inside; nothing where it is not given. */
int root_propagate(const struct oci_config *config, struct error *err);

#endif
