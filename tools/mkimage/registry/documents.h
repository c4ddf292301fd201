/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and indexes of a registry: fetched, verified, told apart. */
#ifndef MKIMAGE_REGISTRY_DOCUMENTS_H
#define MKIMAGE_REGISTRY_DOCUMENTS_H

#include "base/buffer.h"
#include "tools/mkimage/registry/internal.h"

/* All that may be answered where an image is asked for. */
#define DOCUMENTS_ACCEPT \
	MEDIA_TYPE_INDEX ", " MEDIA_TYPE_MANIFEST ", " MEDIA_TYPE_DOCKER_LIST ", " MEDIA_TYPE_DOCKER_MANIFEST

struct document {
	struct oci_descriptor descriptor;	/* media type, digest and size */
	struct buffer text;
	bool is_index;
	struct oci_index index;			/* one of the two */
	struct oci_manifest manifest;
};

/*
 * Gets what `places` have under `tag`, or under `expected`, whose digest and size it must then have (a size of 0 is not
 * known). Returns 1 where `maybe` is set and there is no such document.
 */
int document_get(struct registry *registry, const struct place *places, size_t places_count, const char *tag,
		 const struct oci_descriptor *expected, bool maybe, struct arena *arena, struct document *document,
		 struct error *err);

/* Reads the text that is there; a media type NULL is found from what is in it. */
int document_parse(const char *media_type, struct arena *arena, struct document *document, struct error *err);

/* Its bytes into the store; what it names should be there before. */
int document_put(struct store *store, const struct document *document, struct error *err);

void document_release(struct document *document);

#endif
