/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifest + images -> plan + one config.json a container. No I/O: a pure
 * function of what it is given. The meaning of every LinuxKit key is LinuxKit's
 * (its moby/config.go behaviour); defaults that LinuxKit leaves open are secure.
 */
#ifndef MKIMAGE_COMPILE_COMPILE_H
#define MKIMAGE_COMPILE_COMPILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "plan/plan.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/source/store.h"

/* The image of each reference in the manifest, as resolved. */
struct compile_image {
	const char *reference;		/* as written in the manifest */
	struct oci_image image;
};

/* What the kernel package offers; from its kernel.tar. */
struct compile_kernel {
	const char *release;		/* "6.1.0-56-cloud-amd64"; NULL where there are no modules */
	const char *modules_dep;	/* text of modules.dep and modules.builtin; "" where missing */
	const char *modules_builtin;
};

struct compile_input {
	const struct manifest *manifest;
	const struct compile_image *images;
	size_t images_count;
	struct compile_kernel kernel;
	const char *root_type;		/* from the output format: "initramfs" or "squashfs" */
	const char *root_source;	/* "/dev/vda", or NULL */
};

/* One container, ready to be laid out. Same order and count as plan.containers. */
struct compiled_container {
	const struct manifest_container *manifest;
	const struct oci_image *image;
	struct oci_config config;
	bool readonly;			/* else its rootfs has a tmpfs overlay (OCI_ANNOTATION_OVERLAY) */
};

struct compiled {
	struct plan plan;
	struct compiled_container *containers;
	/* With kernel.modules: the module files to keep in the root, by path below
	 * "lib/modules/RELEASE/"; without it (all == true) everything stays. */
	bool all_modules;
	const char **keep_modules;
	size_t keep_modules_count;
	/* The modules that must be loadable before the root is mounted: what the small initrd holds. */
	const char **boot_modules;	/* absolute paths, as in plan.modules */
	size_t boot_modules_count;
	const char *cmdline;		/* kernel command line */
};

int compile(const struct compile_input *input, struct arena *arena, struct compiled *compiled, struct error *err);

#endif
