/* SPDX-License-Identifier: Apache-2.0 */
/* Building, for `slipway build` and for `slipway run` of what is not built yet. */
#ifndef SLIPWAY_BUILD_H
#define SLIPWAY_BUILD_H

#include <stdbool.h>

#include "base/error.h"
#include "tools/mkimage/builder/builder.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/slipway/images.h"

struct build_options {
	struct registry_values registry;
	const char *output, *format, *store, *init, *platform, *pull;
	const char *machine;		/* which of `machines`; NULL: all of them, or the only one there is */
	const char *compression;	/* of the squashfs; NULL: the format's own */
	unsigned int level;
	struct option_list sbom;	/* formats of bills of materials beside the image */
	struct builder_options builder;
	bool locked, quiet;
	bool silent;			/* the names of the output files are not printed */
	/* Changes the manifest once it is read; NULL: as it is. What it adds is in the arena. */
	int (*amend)(struct manifest *manifest, void *context, struct arena *arena, struct error *err);
	void *context;
};

/*
 * `operand` is a manifest, or what inputs.h says. Progress goes to standard error. Several machines are built one after the other,
 * each with its name behind the prefix: cluster_prefix().
 */
int build_image(const struct build_options *options, const char *operand, struct error *err);

/* Rows of an option table about Dockerfiles, for an options struct that has a `struct builder_options builder`. */
#define BUILDER_OPTIONS(type)                                                                                              \
	{ OPTION_STRING, 0, "builder", "NAME", "what builds Dockerfiles: buildah, podman or docker (default: the first that is there)", \
	  offsetof(type, builder.builder) },                                                                               \
	{ OPTION_FLAG, 0, "rebuild", NULL, "build anew, Dockerfiles too, whatever was built before", offsetof(type, builder.rebuild) }

#endif
