/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest's `files:`, put into a tree. */
#ifndef MKIMAGE_ROOT_FILES_H
#define MKIMAGE_ROOT_FILES_H

#include "base/error.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/tree/tree.h"

/* What `files:` stands in: a manifest, or the recipe of a package. */
struct files_document {
	const char *path, *text;
	const struct manifest *manifest;	/* for owners that are names of containers; an empty one knows none */
};

/*
 * All of `files:` of a document. A relative `source` is looked up beside the document, `~/` at
 * home.
 */
int files_add(const struct files_document *document, const struct manifest_file *files, size_t count,
	      struct tree *root, struct error *err);

/* Where the `source` of an entry is on this machine; in the arena. */
const char *files_source_path(const struct manifest_file *file, const char *document, struct arena *arena);

/* Whether a bind's source is a file rather than a directory, as far as the root can tell. */
bool files_source_is_file(struct tree *root, const char *source);

#endif
