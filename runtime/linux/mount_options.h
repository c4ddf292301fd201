/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a mount as runtime-spec lists them (config.md, "Linux mount options"),
 * sorted by what in the kernel they are for.
 */
#ifndef RUNTIME_LINUX_MOUNT_OPTIONS_H
#define RUNTIME_LINUX_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct mount_options {
	uint64_t set, clear;			/* MOUNT_ATTR_* of the mount itself */
	uint64_t recursive_set, recursive_clear;/* MOUNT_ATTR_* of all mounts below too */
	unsigned long superblock;		/* MS_* of the file system: MS_RDONLY, MS_SYNCHRONOUS ... */
	unsigned long propagation;		/* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0 */
	bool propagation_recursive;
	bool bind, bind_recursive;
	bool remount;
	bool copy_up;				/* tmpcopyup: a tmpfs starts with what the image has there */
	bool idmap, idmap_recursive;		/* what idmap.h has made ready */
	bool copy_symlink;			/* a symlink as destination is replaced, as podman asks for */
	struct oci_strings data;		/* all others, for the file system: "mode=755" */
};

/* Sorts the words; those of `data` are borrowed, their array is in the arena. */
void mount_options_parse(const struct oci_strings *words, struct arena *arena, struct mount_options *options);

/* "rshared" and so on for linux.rootfsPropagation: MS_* with MS_REC, or 0 where it is no propagation. */
unsigned long mount_propagation(const char *word);

/* The words this runtime knows, sorted, ended by NULL: for `features`. */
const char *const *mount_options_known(void);

#endif
