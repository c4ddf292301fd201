/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image into the store: documents first, from the top down, then what they name; each document is
 * put in place when all below it is there, and the name comes last.
 */
#include "tools/mkimage/registry/registry.h"

#include <inttypes.h>
#include <string.h>

#include "tools/mkimage/registry/blobs.h"
#include "tools/mkimage/registry/documents.h"
#include "tools/mkimage/source/import.h"
#include "tools/mkimage/source/store_platform.h"

#define INDEX_DEPTH_MAX 8

struct pull {
	struct registry *registry;
	struct store *store;
	struct arena *arena;
	const struct place *places;
	size_t places_count;
	const char *platform;
};

static bool wants_all(const struct pull *pull)
{
	return pull->platform && strcmp(pull->platform, "all") == 0;
}

static int read_config(struct pull *pull, const struct oci_manifest *manifest, struct oci_image_config *config,
		       struct error *err)
{
	const struct blob blob = { .descriptor = &manifest->config };
	autobuffer struct buffer text = { 0 };

	if (import_check_config_type(&manifest->config, err) < 0)
		return -1;
	if (manifest->config.size > OCI_DOCUMENT_BYTES_MAX)
		return error_set(err, "the config has %" PRIu64 " bytes; at most %u are allowed", manifest->config.size,
				 OCI_DOCUMENT_BYTES_MAX);
	if (blobs_get(pull->registry, pull->store, pull->places, pull->places_count, &blob, 1, err) < 0 ||
	    store_get(pull->store, &manifest->config, OCI_DOCUMENT_BYTES_MAX, &text, err) < 0)
		return error_context(err, "config");
	if (oci_image_config_parse(buffer_string(&text), text.length, pull->arena, config, err) < 0)
		return error_context(err, "config '%s'", manifest->config.digest.text);
	if (manifest->layers_count != config->diff_ids_count)
		return error_set(err, "the manifest has %zu layers, but the config has %zu diff_ids",
				 manifest->layers_count, config->diff_ids_count);
	return wants_all(pull) ? 0 : store_check_platform(config, pull->platform, err);
}

/* The same layer cannot unpack to two things. */
static int check_twins(const struct oci_manifest *manifest, const struct oci_image_config *config, struct error *err)
{
	for (size_t i = 0; i < manifest->layers_count; i++)
		for (size_t j = 0; j < i; j++)
			if (digest_equal(&manifest->layers[i].digest, &manifest->layers[j].digest) &&
			    !digest_equal(&config->diff_ids[i], &config->diff_ids[j]))
				return error_set(err, "layers[%zu] and layers[%zu] are the same, but their diff_ids are not", j, i);
	return 0;
}

static int get_image(struct pull *pull, const struct document *document, struct error *err)
{
	const struct oci_manifest *manifest = &document->manifest;
	struct oci_image_config config;
	struct blob *blobs;

	for (size_t i = 0; i < manifest->layers_count; i++)
		if (import_check_layer_type(&manifest->layers[i], err) < 0)
			return error_context(err, "layers[%zu]", i);
	if (read_config(pull, manifest, &config, err) < 0 || check_twins(manifest, &config, err) < 0)
		return -1;
	blobs = arena_array(pull->arena, manifest->layers_count + 1, sizeof(*blobs));
	for (size_t i = 0; i < manifest->layers_count; i++)
		blobs[i] = (struct blob){ &manifest->layers[i], &config.diff_ids[i] };
	return blobs_get(pull->registry, pull->store, pull->places, pull->places_count, blobs, manifest->layers_count, err);
}

/* What an index has besides images, such as attestations: its blobs are bytes to us. */
static int get_artifact(struct pull *pull, const struct document *document, struct error *err)
{
	const struct oci_manifest *manifest = &document->manifest;
	struct blob *blobs = arena_array(pull->arena, manifest->layers_count + 1, sizeof(*blobs));

	blobs[0].descriptor = &manifest->config;
	for (size_t i = 0; i < manifest->layers_count; i++)
		blobs[i + 1].descriptor = &manifest->layers[i];
	return blobs_get(pull->registry, pull->store, pull->places, pull->places_count, blobs, manifest->layers_count + 1,
			 err);
}

static bool is_attestation(const struct oci_platform *platform)
{
	return platform->os && strcmp(platform->os, "unknown") == 0;
}

static int get_below(struct pull *pull, const struct document *document, const struct oci_platform *platform,
		     unsigned int depth, struct error *err);

static int get_child(struct pull *pull, const struct oci_descriptor *descriptor, unsigned int depth, struct error *err)
{
	struct document document;
	int r;

	if (document_get(pull->registry, pull->places, pull->places_count, NULL, descriptor, false, pull->arena, &document,
			 err) < 0)
		return -1;
	r = get_below(pull, &document, &descriptor->platform, depth + 1, err);
	document_release(&document);
	return r;
}

static int get_children(struct pull *pull, const struct document *document, unsigned int depth, struct error *err)
{
	const struct oci_descriptor *chosen;

	if (depth == INDEX_DEPTH_MAX)
		return error_set(err, "indexes are nested more than %d deep", INDEX_DEPTH_MAX);
	if (!wants_all(pull))
		return store_choose_platform(&document->index, pull->platform, pull->arena, &chosen, err) < 0
			       ? -1
			       : get_child(pull, chosen, depth, err);
	for (size_t i = 0; i < document->index.count; i++)
		if (get_child(pull, &document->index.manifests[i], depth, err) < 0)
			return error_context(err, "manifests[%zu]", i);
	return 0;
}

static int get_below(struct pull *pull, const struct document *document, const struct oci_platform *platform,
		     unsigned int depth, struct error *err)
{
	int r;

	if (document->is_index)
		r = get_children(pull, document, depth, err);
	else
		r = is_attestation(platform) ? get_artifact(pull, document, err) : get_image(pull, document, err);
	return r < 0 ? -1 : document_put(pull->store, document, err);
}

static int pull_reference(struct pull *pull, const struct reference *reference, struct digest *digest, struct error *err)
{
	const struct oci_descriptor expected = { .digest = reference->digest };
	struct oci_pair pulled = { ANNOTATION_PULLED, reference->name };
	const struct oci_platform none = { 0 };
	struct document document;
	int r;

	if (document_get(pull->registry, pull->places, pull->places_count, reference->tag,
			 reference->digest.text[0] ? &expected : NULL, false, pull->arena, &document, err) < 0)
		return -1;
	r = get_below(pull, &document, &none, 0, err);
	document.descriptor.annotations = (struct oci_pairs){ &pulled, 1 };
	if (r == 0)
		r = store_tag(pull->store, reference->name, &document.descriptor, err);
	*digest = document.descriptor.digest;
	document_release(&document);
	return r;
}

int registry_pull(struct registry *registry, struct store *store, const char *text, const char *platform,
		  struct arena *arena, const char **name, struct digest *digest, struct error *err)
{
	struct pull pull = { .registry = registry, .store = store, .arena = arena, .platform = platform };
	struct reference reference;
	struct place *places;

	if (reference_parse(text, arena, &reference, err) < 0)
		return -1;
	if (places_find(registry->places, &reference, registry->options.insecure, registry->options.insecure_count, arena,
			&places, &pull.places_count, err) < 0)
		return -1;
	pull.places = places;
	if (pull_reference(&pull, &reference, digest, err) < 0)
		return error_context(err, "cannot pull '%s'", reference.name);
	*name = reference.name;
	return 0;
}
