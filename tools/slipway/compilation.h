/* SPDX-License-Identifier: Apache-2.0 */
/* The first half of a build, which `build`, `plan` and `lock` share: manifest, images, kernel, compiled plan. */
#ifndef SLIPWAY_COMPILATION_H
#define SLIPWAY_COMPILATION_H

#include "base/arena.h"
#include "base/error.h"
#include "tools/mkimage/builder/builder.h"
#include "tools/mkimage/compile/compile.h"
#include "tools/mkimage/image/image.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/root/root.h"
#include "tools/mkimage/source/lock.h"
#include "tools/mkimage/source/store.h"
#include "tools/slipway/images.h"
#include "tools/slipway/inputs.h"

struct compilation_options {
	const char *manifest_path;	/* or what else a machine is made from: inputs.h */
	const char *machine;		/* which of `machines`; NULL: there is one */
	const char *store;		/* NULL: the default */
	const char *platform;		/* NULL: this machine's */
	bool locked;			/* every image must be in the lock */
	bool ignore_lock;		/* `lock --update`: look the references up anew */
	enum pull_policy pull;
	const struct registry_values *registry;
	struct builder_options builder;	/* of Dockerfiles */
	const struct image_format *format;	/* NULL: not known yet; decides the kernel where the manifest is made from something else */
	const char *output;		/* prefix of the files that a build writes, which are no input of a Dockerfile; NULL: the default */
};

struct compilation {
	struct arena arena;
	const struct architecture *architecture;	/* of the machine that it becomes */
	struct manifest manifest;
	struct store *store;
	struct images finder;
	struct lock lock;
	struct compile_image *images;
	size_t images_count;
	struct root_kernel kernel;
	struct compiled compiled;
};

/* What the output files begin with where nothing else is said: the manifest's name without its ending. In the arena. */
const char *compilation_output(const char *manifest_path, struct arena *arena);

/* Each step takes what the one before left. */
int compilation_read(const struct compilation_options *options, struct compilation *c, struct error *err);
/* dockerfiles.c: the manifest of a machine with one service; its Dockerfile is built. Part of read. */
int dockerfiles_wrap(const struct compilation_options *options, struct compilation *c, const struct input *input,
		     struct error *err);

/* dockerfiles.c: `build:` of every container becomes the name of an image that is in the store. Part of resolve. */
bool dockerfiles_wanted(const struct manifest *manifest);
int dockerfiles_build(const struct compilation_options *options, struct compilation *c, struct error *err);

/* The kernel's image and nothing else, where the manifest names one; compilation_resolve() finds it, too. */
int compilation_resolve_kernel(const struct compilation_options *options, struct compilation *c, struct error *err);
int compilation_resolve(const struct compilation_options *options, struct compilation *c, struct error *err);
int compilation_read_kernel(struct compilation *c, struct error *err);
int compilation_compile(const struct image_format *format, struct compilation *c, struct error *err);

/* SOURCE_DATE_EPOCH (reproducible-builds.org), else the epoch itself. */
int64_t compilation_newest_time(void);

/* Safe at any step, also on an all-zero one. */
void compilation_release(struct compilation *c);

#endif
