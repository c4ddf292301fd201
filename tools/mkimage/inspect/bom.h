/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bill of materials of an image: what it is made of, as a tree whose root is the image. The documents are
 * ways to write it down. All of it comes from the image alone: no clock, no chance, no network.
 */
#ifndef MKIMAGE_INSPECT_BOM_H
#define MKIMAGE_INSPECT_BOM_H

#include "tools/mkimage/inspect/inspect.h"

enum bom_kind { BOM_MACHINE, BOM_SLIPWAY, BOM_KERNEL, BOM_IMAGE, BOM_PACKAGE };

struct bom_component {
	enum bom_kind kind;
	const char *id;			/* letters, digits, dots and dashes; unique in the bill */
	const char *name, *version;	/* version may be NULL */
	const char *purl;		/* package URL; NULL: there is none */
	struct digest digest;		/* "" is none */
	const char *supplier;		/* an organization, as it calls itself; NULL */
	const char *license;		/* as somebody wrote it down, in no particular form; NULL */
	const char *comment;		/* NULL */
	size_t parent;			/* index of what contains it; of the first its own */
};

struct bom {
	const struct contents *contents;
	struct bom_component *components;	/* the first is the machine */
	size_t count;
	struct digest digest;		/* of all files of the output: it names the bill */
	const char *created;		/* "1970-01-01T00:00:00Z": SOURCE_DATE_EPOCH of the build */
};

int bom_make(const struct contents *contents, struct arena *arena, struct bom *bom, struct error *err);

/* SPDX 2.3 and CycloneDX 1.6 in JSON. */
int bom_spdx(const struct bom *bom, struct buffer *out, struct error *err);
int bom_cyclonedx(const struct bom *bom, struct buffer *out, struct error *err);

/* An in-toto statement with the predicate SLSA provenance v1: how the files of the output came to be. Not signed. */
int bom_slsa(const struct bom *bom, struct buffer *out, struct error *err);

#endif
