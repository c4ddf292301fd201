/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image says of its own making, in PROVENANCE_PATH: the images it was made of with their layers, what each of them is
 * used for, and which layer every entry came from. Written by a build, read by `slipway inspect`, `diff` and `sbom`.
 *
 * Origins are numbers: 0 is the build itself (init, plan, bundles, `files:`), and from 1 on the layers of all images, in the
 * order of the images. Most neighbours in a tree have one origin, so a few runs tell it of all of them:
 * "14x0 312x1 6x2" are the first 14 entries in the order of tree_walk(), and so on.
 */
#ifndef MKIMAGE_PROVENANCE_PROVENANCE_H
#define MKIMAGE_PROVENANCE_PROVENANCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "oci/image.h"
#include "tools/mkimage/tree/tree.h"

#define PROVENANCE_PATH "/etc/slipway/provenance.json"
#define PROVENANCE_BYTES_MAX (32u << 20)
#define PROVENANCE_ORIGIN_MAX UINT16_MAX

#define PROVENANCE_FOR_KERNEL "kernel"

struct provenance_layer {
	const char *media_type;
	struct digest digest, diff_id;	/* as it is stored, and uncompressed */
	uint64_t size;			/* bytes as it is stored */
};

struct provenance_image {
	const char *reference;		/* as the manifest has it */
	const char *name;		/* normalised */
	struct digest digest;		/* of the OCI manifest */
	const char *os, *architecture;
	struct provenance_layer *layers;	/* base first */
	size_t layers_count;
};

/* An image and where its files are. */
struct provenance_use {
	const char *path;		/* "/containers/services/redis/rootfs"; PROVENANCE_FOR_KERNEL */
	const char *image;		/* its `reference` */
};

struct provenance {
	const char *slipway;		/* version of what built it */
	struct digest manifest;		/* of the YAML document */
	struct provenance_image *images;
	size_t images_count;
	struct provenance_use *uses;
	size_t uses_count;
	const char *origins;		/* the runs */
};

int provenance_parse(const char *json, size_t length, struct arena *arena, struct provenance *provenance, struct error *err);
int provenance_write(const struct provenance *provenance, struct buffer *out, struct error *err);

/* The runs of a tree, in the arena. */
const char *provenance_origins(struct tree *tree, struct arena *arena);

/* Gives every entry of the tree its origin; an error where the runs are not those of this tree. */
int provenance_apply_origins(const struct provenance *provenance, struct tree *tree, struct error *err);

/* The image and layer that an origin is; false for 0 and for what no image has. */
bool provenance_layer_of(const struct provenance *provenance, uint16_t origin, const struct provenance_image **image,
		     const struct provenance_layer **layer);

/* NULL where there is none. */
const struct provenance_image *provenance_find_image(const struct provenance *provenance, const char *reference);
const struct provenance_image *provenance_used_at(const struct provenance *provenance, const char *path);

#endif
