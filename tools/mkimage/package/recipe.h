/* SPDX-License-Identifier: Apache-2.0 */
/* build.yml: LinuxKit's package recipe, extended by what a package is made of. Ours are marked (+). */
#ifndef MKIMAGE_PACKAGE_RECIPE_H
#define MKIMAGE_PACKAGE_RECIPE_H

#include "base/arena.h"
#include "base/error.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/manifest/node.h"

struct recipe {
	struct place at;
	const char *path, *text;	/* the document */
	size_t length;
	struct manifest_string image, org;
	const struct node *config;	/* as written: becomes the label org.mobyproject.config; NULL where absent */
	struct manifest_strings arches;		/* those it is for, "amd64"; none: any */
	struct manifest_strings debs;		/* (+) Debian packages, with "${ARCH}" for "amd64"; their dependencies come along */
	struct manifest_strings exclude;	/* (+) packages taken for installed: they and what only they need stay out */
	struct manifest_strings prune;		/* (+) paths taken out, besides documentation */
	struct manifest_file *files;		/* (+) as in a manifest */
	size_t files_count;
	struct manifest_bool kernel;		/* (+) the packages hold a kernel: make /kernel and /kernel.tar of it */
	struct manifest_strings kernel_configs;	/* (+) fragments of a configuration: build a kernel with them, and package it */
	struct manifest_strings kernel_patches;	/* (+) changes to its source, unified diffs */
	struct manifest_string build;		/* (+) a program that compiles something, and prints where the tar of it is */
	/* (+) the image config */
	struct manifest_strings entrypoint, cmd, env, exposed_ports, volumes;
	struct manifest_string user, working_dir, stop_signal;
	struct manifest_pairs labels;
};

/* Reads bytes of build.yml; `path` is for places. Errors read "FILE:LINE:COLUMN: ...". */
int recipe_parse(const char *path, const char *text, size_t length, struct arena *arena, struct recipe *recipe,
		 struct error *err);

#endif
