/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of a container: runtime-spec, config.md, "Mounts".
 *
 * A mount is made detached, with all its attributes, and then put onto a
 * descriptor of its destination, which was opened inside the rootfs: no symlink of an
 * image leads outside, and nobody sees a mount that is not yet read-only.
 */
#ifndef RUNTIME_LINUX_MOUNTS_H
#define RUNTIME_LINUX_MOUNTS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "runtime/linux/cgroup.h"
#include "runtime/linux/mount_options.h"

struct mount_place {
	int root;			/* O_PATH of the rootfs, as a mount of its own */
	int bundle;			/* where relative sources start */
	const struct cgroup *cgroup;	/* what a mount of type cgroup shows; NULL: the container's own is not known */
	const char *label;		/* linux.mountLabel; may be NULL */
	bool user_namespace;		/* the container has another one than the host */
	int mapped;			/* the source of an id-mapped mount, detached: see idmap.h; else -1 */
};

/* One row of `mounts`; the message names the type, the source and the destination. */
int mount_apply(const struct mount_place *place, const struct oci_mount *mount, struct arena *arena,
		struct error *err);

/* Makes /dev read-only where its mount says so: not before all that goes below it is there. */
int mount_seal_dev(int root, const struct oci_config *config, struct arena *arena, struct error *err);

/* A detached mount of a file system, ready for mount_attach(); its descriptor or -1. */
int mount_filesystem(const char *type, const char *source, const struct mount_options *options, struct error *err);

/* A detached copy of the mount (with all below, where `recursive`) at `path`; "" is `dirfd` itself. */
int mount_clone(int dirfd, const char *path, bool recursive, struct error *err);

/* mount_setattr(2) on the mount of the descriptor. */
int mount_change(int fd, uint64_t set, uint64_t clear, unsigned long propagation, bool recursive,
		 struct error *err);

/* Puts a detached mount onto what `destination` (O_PATH) is. */
int mount_attach(int tree, int destination, struct error *err);

/* linux.maskedPaths and linux.readonlyPaths; a path that is not there is passed over. */
int mount_mask_paths(int root, const struct oci_strings *paths, struct error *err);
int mount_readonly_paths(int root, const struct oci_strings *paths, struct error *err);

#endif
