/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root file system of an image: what was compiled, and the images it names,
 * laid out as PID 1 expects them.
 *
 *     /init                                 PID 1 and the OCI runtime (also /usr/bin/runc)
 *     /usr/libexec/slipway/e2fsck           where the manifest has disks to check
 *     /etc/slipway/plan                     what PID 1 reads
 *     /etc/slipway/provenance.json          which image and layer each file came from: provenance/provenance.h
 *     /boot/{kernel,cmdline}                not in the root: they are outputs of their own
 *     /lib/modules/...                      from the kernel package's kernel.tar
 *     /containers/STAGE/NAME/config.json    one OCI bundle a container
 *     /containers/STAGE/NAME/rootfs/
 *     /containers/volumes/NAME/merged/       contents of volumes that have an image
 */
#ifndef MKIMAGE_ROOT_ROOT_H
#define MKIMAGE_ROOT_ROOT_H

#include "base/error.h"
#include "tools/mkimage/compile/compile.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/source/store.h"
#include "tools/mkimage/tree/tree.h"

/* The parts of the kernel package: read once, before the compilation, which needs the module lists. */
struct root_kernel {
	struct tree *package;		/* its whole root; owned */
	struct tree *modules;		/* kernel.tar unpacked; NULL where there is none; owned */
	/* In the arena of the package tree; the others but `image` may be NULL. */
	const void *image, *ucode;
	const void *elf;		/* /vmlinux: the kernel, not compressed */
	const void *config;		/* /kernel-config */
	size_t image_length, ucode_length, elf_length, config_length;
	struct compile_kernel lists;	/* for compile() */
};

int root_read_kernel(const struct manifest_kernel *kernel, struct store *store, const struct oci_image *image,
		     struct root_kernel *out, struct error *err);
void root_kernel_release(struct root_kernel *kernel);

struct root_input {
	const struct manifest *manifest;
	struct compiled *compiled;	/* users named by images are resolved here, from their /etc/passwd */
	const struct compile_image *images;
	size_t images_count;
	const struct root_kernel *kernel;	/* NULL where the manifest has none */
	struct store *store;
	const char *init_binary;	/* the target's static binary, on this machine */
	const char *check_binary;	/* that of e2fsck, likewise */
};

/* Fills `root`. Errors carry the place in the manifest where there is one. */
int root_build(const struct root_input *input, struct tree *root, struct error *err);

/* Last, when nothing else is added: the provenance of where everything came from. */
int root_add_provenance(const struct root_input *input, struct tree *root, struct error *err);

/* Fills the small initrd of formats whose root is a device: init, the plan, and the modules on the way to the root. */
int root_build_boot(const struct root_input *input, struct tree *root, struct tree *boot, struct error *err);

#endif
