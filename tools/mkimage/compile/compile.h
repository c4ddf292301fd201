/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifest + images -> plan + one config.json a container. No I/O: a pure
 * function of what it is given. The meaning of every LinuxKit key is LinuxKit's
 * (its moby/config.go behaviour); defaults that LinuxKit leaves open are secure.
 */
#ifndef MKIMAGE_COMPILE_COMPILE_H
#define MKIMAGE_COMPILE_COMPILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "plan/plan.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/source/architecture.h"
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
	const char *modules_alias, *modules_softdep;	/* likewise; NULL is as good as "" */
};

struct compile_input {
	const struct manifest *manifest;
	const struct compile_image *images;
	size_t images_count;
	struct compile_kernel kernel;
	const struct architecture *architecture;	/* NULL: the first there is */
	const char *root_type;		/* from the output format: "initramfs" or "squashfs" */
	const char *root_source;	/* "/dev/vda", or NULL */
	const char *machine;		/* from the output format: "microvm", "firecracker", "cloud-hypervisor"; NULL: any, with firmware and an initrd */
	uint32_t built;			/* SOURCE_DATE_EPOCH; 0 where it is not known */
};

/* One container, ready to be laid out. Same order and count as plan.containers. */
struct compiled_container {
	const struct manifest_container *manifest;
	const struct oci_image *image;
	struct oci_config config;
	bool readonly;			/* else its rootfs has a tmpfs overlay (OCI_ANNOTATION_OVERLAY) */
	/*
	 * The image's USER, to be looked up in the image's own passwd and group by compile_resolve_user();
	 * NULL where the user is settled (none in the image, or the manifest states a uid).
	 */
	const char *user;
	const void *filter;		/* its seccomp profile as the file at `filter` of the plan; NULL: none */
	size_t filter_length;
	bool gid_stated;		/* the manifest states the gid: it wins over that of USER */
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
	bool needs_check;		/* the root holds the program that checks file systems */
	const void *aliases;		/* the file PLAN_ALIASES_PATH; NULL: none */
	size_t aliases_length;
};

int compile(const struct compile_input *input, struct arena *arena, struct compiled *compiled, struct error *err);

/* Whether the root is to be read through dm-verity, where the format has a device of it. */
bool manifest_has_verity(const struct manifest *manifest);

/*
 * After the container's root file system is there: gives config.process.user the numbers of
 * `container->user` ("name", "uid", "name:group", "uid:gid"; image-spec config.md, "User").
 * `passwd` and `group` are the texts of the image's /etc/passwd and /etc/group, NULL where it
 * has none. Does nothing where `user` is NULL. The caller puts the place of the image in front of an error.
 */
int compile_resolve_user(struct compiled_container *container, const char *passwd, const char *group,
			 struct arena *arena, struct error *err);

/*
 * A uid or gid of the manifest as a number: itself, or the id that was given to the container of
 * that name (LinuxKit: from 100 on, onboot, then onshutdown, then services), or 0 for "root" and "".
 * 0 where it is absent. `key` is for the message: "uid".
 */
int compile_id(const struct manifest *manifest, const struct manifest_id *id, const char *key, uint32_t *number,
	       struct error *err);

/* After compile_resolve_user(): the credentials of a container belong to its user. */
void compile_own_credentials(struct compiled *compiled, size_t index);

/* Where the root has a credential's file of the build: "/etc/slipway/credentials/STAGE/CONTAINER/NAME". */
const char *compile_credential_path(struct arena *arena, const char *stage, const char *container, const char *name);

/* An id of a container as the machine has it; unchanged without mappings. False where it is not mapped. */
bool compile_map_id(const struct oci_id_mappings *mappings, uint32_t *id);

/* Where a volume of the manifest lies in the root: "/containers/volumes/NAME/merged", LinuxKit's path. */
const char *compile_volume_path(struct arena *arena, const char *name);

/* True for the images of `init:` whose work is done by our own init: linuxkit/init, runc and containerd. */
bool compile_init_image_replaced(const char *reference);

#endif
