/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that send an image share. */
#ifndef MKIMAGE_REGISTRY_PUSH_H
#define MKIMAGE_REGISTRY_PUSH_H

#include "tools/mkimage/registry/documents.h"
#include "tools/mkimage/registry/exchange.h"

struct push {
	struct registry *registry;
	struct store *store;
	struct arena *arena;
	const struct place *place;
	const char *from;		/* repository of the same registry; NULL */
	const struct reference *of;	/* what it is in the store */
	enum registry_signing signing;
};

struct exchange push_ask(const struct push *push, const char *method, const char *path);

/* What the registry has is not sent again. */
int push_blob(struct push *push, const struct oci_descriptor *blob, struct error *err);

/* A document of the store with all below it, but without signatures. `subject` (may be NULL): the registry lists it as a referrer. */
int push_document(struct push *push, const struct oci_descriptor *descriptor, const char *tag, bool *subject, struct error *err);

/* Bytes under a tag, or their digest. */
int push_text(struct push *push, const struct document *document, const char *tag, bool *subject, struct error *err);

/* The signatures that the store has of a document, or that its source has: registry_push(). */
int push_signatures(struct push *push, const struct digest *digest, struct error *err);

#endif
