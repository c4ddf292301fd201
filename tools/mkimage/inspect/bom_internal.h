/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make a bill of materials share. */
#ifndef MKIMAGE_INSPECT_BOM_INTERNAL_H
#define MKIMAGE_INSPECT_BOM_INTERNAL_H

#include "tools/mkimage/inspect/bom.h"

struct making {
	struct bom *bom;
	struct arena *arena;
	struct error *err;
};

/* Percent-encoded as a part of a package URL (purl-spec, "Character encoding"); in the arena. */
const char *bom_encoded(struct arena *arena, const char *text);

/* A component more, with an id of its own; valid until the next one. */
struct bom_component *bom_add(struct making *m, enum bom_kind kind, const char *prefix, const char *name, size_t parent);

/* The packages that the databases below `root` name, as parts of `parent`. A database that is not read is told in its comment. */
int bom_add_packages(struct making *m, const char *root, size_t parent);

#endif
