/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is compiled for a package: a program makes it, keeps it in the cache as a tar, and prints where. The tar's name changes
 * with whatever its bytes depend on. The program tells on standard error how far it is, and why where it fails.
 */
#ifndef MKIMAGE_PACKAGE_BUILT_H
#define MKIMAGE_PACKAGE_BUILT_H

#include "base/error.h"
#include "tools/mkimage/package/recipe.h"
#include "tools/mkimage/source/architecture.h"
#include "tools/mkimage/tree/tree.h"

struct built_request {
	const char *kernel_build;	/* the script tools/kernel-build.sh, for `kernel_configs` */
	const char *cache;
	const struct recipe *recipe;
	const struct architecture *architecture;
};

/* Runs what the recipe names. `tar` is the path of what was made, in the arena; NULL where the recipe has nothing compiled. */
int built_make(const struct built_request *request, struct arena *arena, const char **tar, struct error *err);

/* Adds the tar's contents to `tree`. Of a kernel they are as in Debian's package: boot/vmlinuz-RELEASE, lib/modules/RELEASE. */
int built_unpack(const char *tar, struct tree *tree, struct error *err);

#endif
