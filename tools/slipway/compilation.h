/* SPDX-License-Identifier: Apache-2.0 */
/* The first half of a build, which `build`, `plan` and `lock` share: manifest, images, kernel, compiled plan. */
#ifndef SLIPWAY_COMPILATION_H
#define SLIPWAY_COMPILATION_H

#include "base/arena.h"
#include "base/error.h"
#include "tools/mkimage/compile/compile.h"
#include "tools/mkimage/image/image.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/root/root.h"
#include "tools/mkimage/source/lock.h"
#include "tools/mkimage/source/store.h"
#include "tools/slipway/images.h"

struct compilation_options {
	const char *manifest_path;
	const char *store;		/* NULL: the default */
	const char *platform;		/* NULL: this machine's */
	bool locked;			/* every image must be in the lock */
	bool ignore_lock;		/* `lock --update`: look the references up anew */
	enum pull_policy pull;
	const struct registry_values *registry;
};

struct compilation {
	struct arena arena;
	struct manifest manifest;
	struct store *store;
	struct images finder;
	struct lock lock;
	struct compile_image *images;
	size_t images_count;
	struct root_kernel kernel;
	struct compiled compiled;
};

/* Each step takes what the one before left. */
int compilation_read(const struct compilation_options *options, struct compilation *c, struct error *err);
int compilation_resolve(const struct compilation_options *options, struct compilation *c, struct error *err);
int compilation_compile(const struct image_format *format, struct compilation *c, struct error *err);

/* SOURCE_DATE_EPOCH (reproducible-builds.org), else the epoch itself. */
int64_t compilation_newest_time(void);

/* Safe at any step, also on an all-zero one. */
void compilation_release(struct compilation *c);

#endif
