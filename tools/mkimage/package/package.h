/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `slipway pkg build DIR`: an OCI image made from DIR/build.yml without Docker, root or a
 * daemon: Debian packages with what they depend on, files, and the image config.
 * The same inputs give the same bytes; inputs that did not change cost nothing.
 */
#ifndef MKIMAGE_PACKAGE_PACKAGE_H
#define MKIMAGE_PACKAGE_PACKAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "tools/mkimage/source/store.h"

struct package_options {
	const char *directory;		/* holds build.yml */
	const char *platform;		/* "linux/arm64"; NULL: this machine's */
	const char *tag;		/* NULL: "latest" */
	const char *cache;		/* for apt's lists and archives; NULL is $XDG_CACHE_HOME/slipway */
	const char *kernel_build;	/* the script tools/kernel-build.sh, where it is installed */
	bool force;			/* build even when nothing changed */
};

struct package_result {
	const char *name;		/* normalised reference it is filed under */
	struct digest digest;		/* of its manifest */
	bool unchanged;			/* it was there already */
};

int package_build(const struct package_options *options, struct store *store, struct arena *arena,
		  struct package_result *result, struct error *err);

#endif
