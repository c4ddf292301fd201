/* SPDX-License-Identifier: Apache-2.0 */
/* Single files put into a tree: the manifest's `files:`, and files taken from another tree. */
#ifndef MKIMAGE_ROOT_FILES_H
#define MKIMAGE_ROOT_FILES_H

#include "base/error.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/tree/tree.h"

/* All of the manifest's `files:`. A relative `source` is looked up beside the manifest, `~/` at home. */
int files_add(const struct manifest *manifest, struct tree *root, struct error *err);

/* Copies one file with its attributes; it must be there. The trees share a spool or not. */
int files_copy_between(struct tree *to, struct tree *from, const char *path, struct error *err);

/* Whether a bind's source is a file rather than a directory, as far as the root can tell. */
bool files_source_is_file(struct tree *root, const char *source);

#endif
