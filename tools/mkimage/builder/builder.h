/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dockerfiles become images by a real builder: buildah, podman or docker's buildx, whichever is there.
 *
 * What came out is filed in the store under a name made of a digest of everything that went in: the files of the
 * context that .dockerignore leaves, the Dockerfile, and the settings. So an image that was built once is
 * found again by its name, and a lock pins it as it does any other.
 */
#ifndef MKIMAGE_BUILDER_BUILDER_H
#define MKIMAGE_BUILDER_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "tools/mkimage/source/store.h"

/* What the name of every image that was built begins with. */
#define BUILDER_REPOSITORY "localhost/slipway-build"
#define BUILDER_NAME_PREFIX BUILDER_REPOSITORY ":"

struct builder_request {
	const char *context;		/* a directory */
	const char *dockerfile;		/* relative to the context, or absolute; NULL: Containerfile or Dockerfile */
	const char *target;		/* the stage; NULL: the last one */
	const char *platform;		/* "linux/amd64"; NULL: this machine's */
	const char *const *args;	/* NAME=VALUE, in the order given */
	size_t args_count;
	const char *const *outputs;	/* files that a build writes and that are no input, wherever they are */
	size_t outputs_count;
};

struct builder_options {
	const char *builder;		/* "buildah", "podman" or "docker"; NULL: the first that is there */
	const char *pull;		/* of base images: "missing" (NULL too), "never", "always" or "newer" */
	bool rebuild;			/* also what was built already, and without the builder's own cache */
	bool quiet;			/* what the builder says is shown only when it fails */
};

/* The Dockerfile that is meant: NULL and an error where there is none. In the arena. */
const char *builder_dockerfile(const struct builder_request *request, struct arena *arena, struct error *err);

/* Reads the context and gives the name that its image has in the store. In the arena. */
int builder_name(const struct builder_request *request, struct arena *arena, const char **name, struct error *err);

/* Builds, and files the image under `name`. What the builder prints goes to standard error as it comes. */
int builder_build(const struct builder_request *request, const struct builder_options *options, const char *name,
		  struct store *store, struct arena *arena, struct error *err);

/* Refuses a builder that there is not. */
int builder_options_check(const struct builder_options *options, struct error *err);

#endif
