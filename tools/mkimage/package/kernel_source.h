/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel of our own: built from Debian's source by tools/kernel-build.sh, which keeps what it built in the cache. */
#ifndef MKIMAGE_PACKAGE_KERNEL_SOURCE_H
#define MKIMAGE_PACKAGE_KERNEL_SOURCE_H

#include "base/error.h"
#include "tools/mkimage/package/recipe.h"
#include "tools/mkimage/source/architecture.h"
#include "tools/mkimage/tree/tree.h"

struct kernel_source {
	const char *script, *cache;
	const struct recipe *recipe;
	const struct architecture *architecture;
};

/*
 * Builds it with the recipe's fragments, unless the cache has it; `tar` is where it is, in the arena. Its name changes with
 * whatever its bytes depend on. The script tells on standard error how far it is, and why where it fails.
 */
int kernel_source_build(const struct kernel_source *source, struct arena *arena, const char **tar, struct error *err);

/* Fills `tree` as Debian's kernel package would: boot/vmlinuz-RELEASE, boot/config-RELEASE, lib/modules/RELEASE. */
int kernel_source_unpack(const char *tar, struct tree *tree, struct error *err);

#endif
