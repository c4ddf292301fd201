/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of reading a manifest, between which `machines:` puts several of them together. */
#ifndef MKIMAGE_MANIFEST_DOCUMENT_H
#define MKIMAGE_MANIFEST_DOCUMENT_H

#include "tools/mkimage/manifest/node.h"

struct manifest_document {
	const char *path;		/* what paths in it are relative to */
	const char *text;
	struct node *root;
};

/* Text to nodes; messages have `shown` in place of the path. */
int manifest_document_parse(const char *path, const char *shown, const char *text, size_t length, struct arena *arena,
		   struct manifest_document *document, struct error *err);

/* The same of a file; "-" is standard input. */
int manifest_document_read(const char *path, struct arena *arena, struct manifest_document *document, struct error *err);

/* Nodes to a manifest that is checked: those below `root`, which need not be the document's own. `lan` may be NULL. */
int manifest_of_document(const struct manifest_document *document, const struct node *root, const struct manifest_lan *lan,
		      struct arena *arena, struct manifest *manifest, struct error *err);

/* What is at its key `machines`, or NULL. */
const struct node *manifest_document_machines(const struct manifest_document *document);

#endif
