/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of an image into the store: nothing is believed of them here, but that they are small. */
#include "tools/mkimage/registry/registry.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/signature.h"
#include "tools/mkimage/registry/blobs.h"
#include "tools/mkimage/registry/documents.h"
#include "tools/mkimage/registry/referrers.h"
#include "tools/mkimage/source/store_signatures.h"

struct collection {
	struct registry *registry;
	struct store *store;
	struct arena *arena;
	const struct reference *of;
	const struct digest *digest;
	const struct place *place;
	uint64_t bytes;			/* taken so far */
	size_t found;			/* manifests */
};

/* Registries without an API for referrers get their list from cosign, which tells the type of the config there. */
static const char *const artifact_types[] = { MEDIA_TYPE_BUNDLE, MEDIA_TYPE_COSIGN_SIGNATURE, MEDIA_TYPE_EMPTY, MEDIA_TYPE_CONFIG };

/* The largest that can be a signature; 0 for other layers. */
static uint64_t layer_max(const char *media_type)
{
	if (strcmp(media_type, MEDIA_TYPE_SIMPLE_SIGNING) == 0)
		return SIGNATURE_PAYLOAD_BYTES_MAX;
	return strcmp(media_type, MEDIA_TYPE_BUNDLE) == 0 ? SIGNATURE_BUNDLE_BYTES_MAX : 0;
}

static bool can_be_signature(const struct oci_descriptor *descriptor)
{
	if (!descriptor->artifact_type)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(artifact_types); i++)
		if (strcmp(artifact_types[i], descriptor->artifact_type) == 0)
			return true;
	return false;
}

static int count_bytes(struct collection *c, uint64_t size, struct error *err)
{
	if (size > REGISTRY_SIGNATURES_BYTES_MAX - c->bytes)
		return error_set(err, "the signatures have more than the %u bytes allowed", REGISTRY_SIGNATURES_BYTES_MAX);
	c->bytes += size;
	return 0;
}

/* The config is of no use, but others who read the store expect it. A layer that cannot be a signature is left where it is. */
static int take_layers(struct collection *c, const struct oci_manifest *manifest, struct error *err)
{
	struct blob *blobs = arena_array(c->arena, manifest->layers_count + 1, sizeof(*blobs));
	size_t count = 0;

	if (manifest->config.size <= SIGNATURE_PAYLOAD_BYTES_MAX)
		blobs[count++].descriptor = &manifest->config;
	for (size_t i = 0; i < manifest->layers_count; i++)
		if (manifest->layers[i].size <= layer_max(manifest->layers[i].media_type))
			blobs[count++].descriptor = &manifest->layers[i];
	for (size_t i = 0; i < count; i++)
		if (count_bytes(c, blobs[i].descriptor->size, err) < 0)
			return -1;
	return blobs_get(c->registry, c->store, c->place, 1, blobs, count, err);
}

/* cosign's bundles are for SBOMs and scans, too, and say so. */
static bool is_other_bundle(const struct oci_manifest *manifest)
{
	for (size_t i = 0; i < manifest->annotations.count; i++)
		if (strcmp(manifest->annotations.items[i].key, ANNOTATION_PREDICATE) == 0)
			return strcmp(manifest->annotations.items[i].value, STATEMENT_PREDICATE_SIGNED) != 0;
	return false;
}

static bool has_signature(const struct oci_manifest *manifest)
{
	for (size_t i = 0; i < manifest->layers_count; i++)
		if (layer_max(manifest->layers[i].media_type))
			return !is_other_bundle(manifest);
	return false;
}

/* 1: there is none, or it is something else. */
static int take_document(struct collection *c, const char *tag, const struct oci_descriptor *expected,
			 struct oci_descriptor *taken, struct error *err)
{
	struct document document;
	int r = document_get(c->registry, c->place, 1, tag, expected, true, c->arena, &document, err);

	if (r != 0)
		return r;
	if (document.is_index || !has_signature(&document.manifest))
		r = 1;
	else if (count_bytes(c, document.descriptor.size, err) < 0 || take_layers(c, &document.manifest, err) < 0 ||
		 document_put(c->store, &document, err) < 0)
		r = -1;
	*taken = document.descriptor;
	document_release(&document);
	return r;
}

static int take_tag(struct collection *c, struct error *err)
{
	const char *tag = store_signature_tag(c->digest, SIGNATURE_TAG, c->arena);
	struct oci_descriptor manifest;
	int r = take_document(c, tag, NULL, &manifest, err);

	if (r < 0)
		return error_context(err, "signatures '%s'", tag);
	if (r > 0)
		return 0;
	c->found++;
	return store_tag_signatures(c->store, c->of, c->digest, SIGNATURE_TAG, &manifest, c->arena, err);
}

static int file_referrers(struct collection *c, const struct oci_index *taken, struct error *err)
{
	struct oci_descriptor descriptor = { .media_type = MEDIA_TYPE_INDEX };
	autobuffer struct buffer text = { 0 };

	if (oci_index_write(taken, &text, err) < 0 || store_put(c->store, text.data, text.length, &descriptor.digest, err) < 0)
		return -1;
	descriptor.size = text.length;
	return store_tag_signatures(c->store, c->of, c->digest, SIGNATURE_REFERRERS, &descriptor, c->arena, err);
}

/* One that is bad hides no good one: its error counts where there is nothing else. */
static int take_referrers(struct collection *c, struct error *err)
{
	struct oci_index index, taken = { 0 };
	size_t asked = 0;
	int r = 0;

	if (referrers_get(c->registry, c->place, c->digest, c->arena, &index, err) < 0)
		return -1;
	for (size_t i = 0; i < index.count; i++) {
		struct oci_descriptor manifest, *more;
		int one;

		if (!can_be_signature(&index.manifests[i]))
			continue;
		if (asked++ == REGISTRY_REFERRERS_MAX)
			return error_set(err, "more than %d documents refer to '%s'", REGISTRY_REFERRERS_MAX, c->digest->text);
		one = take_document(c, NULL, &index.manifests[i], &manifest, err);
		if (one < 0)
			r = error_context(err, "signature '%s'", index.manifests[i].digest.text);
		if (one != 0)
			continue;
		more = arena_push(c->arena, &taken.manifests, &taken.count, sizeof(*more));
		/* As the registry lists it: others look for its type and annotations there. */
		*more = index.manifests[i];
		more->media_type = manifest.media_type;
		more->size = manifest.size;
	}
	c->found += taken.count;
	return taken.count ? file_referrers(c, &taken, err) : r;
}

/* A bad one of one form hides no good one of the other; the first error counts where nothing was found. */
static int take_both(struct collection *c, struct error *err)
{
	struct error second = { 0 };
	int r = take_tag(c, err);

	if (take_referrers(c, &second) < 0 && r == 0) {
		*err = second;
		r = -1;
	}
	return c->found ? 0 : r;
}

int registry_signatures(struct registry *registry, struct store *store, const char *text, const struct digest *digest,
			struct error *err)
{
	struct arena arena = { 0 };
	struct reference reference;
	struct place *places;
	size_t count;
	int r = -1;

	if (reference_parse(text, &arena, &reference, err) == 0 &&
	    places_find(registry->places, &reference, registry->options.insecure, registry->options.insecure_count, &arena,
			&places, &count, err) == 0) {
		struct collection c = { .registry = registry, .store = store, .arena = &arena, .of = &reference, .digest = digest };

		/* A mirror need not have them: the registry itself, which is the last, has the last word. */
		for (size_t i = 0; i < count; i++) {
			c.place = &places[i];
			c.bytes = 0;
			r = take_both(&c, err);
		}
	}
	if (r < 0)
		(void)error_context(err, "cannot look for signatures of '%s'", digest->text);
	arena_release(&arena);
	return r;
}
