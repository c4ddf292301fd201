/* SPDX-License-Identifier: Apache-2.0 */
/* What the store has to say for an image. */
#include "tools/mkimage/trust/trust.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/reference.h"
#include "oci/signature.h"
#include "tools/mkimage/source/store_signatures.h"

struct search {
	struct store *store;
	struct arena *arena;		/* of what is found */
	struct signature_wanted wanted;
	struct signature_found found;
	size_t refused;
	struct error first;		/* why the first was */
};

/* --- one layer ------------------------------------------------------------------------------- */

static int check_simple(const struct signature_wanted *wanted, const struct oci_descriptor *layer, const struct buffer *text,
			struct arena *arena, struct signature_found *found, struct error *err)
{
	const char *signature = store_annotation(layer, ANNOTATION_SIGNATURE);

	if (!signature)
		return error_set(err, "the layer has no annotation '%s'", ANNOTATION_SIGNATURE);
	return signature_check_payload(wanted, buffer_string(text), text->length, signature, arena, found, err);
}

static int check_bundle(const struct signature_wanted *wanted, const struct oci_descriptor *layer, const struct buffer *text,
			struct arena *arena, struct signature_found *found, struct error *err)
{
	(void)layer;
	return signature_check_bundle(wanted, buffer_string(text), text->length, arena, found, err);
}

static const struct layer_kind {
	const char *media_type;
	size_t max;
	int (*check)(const struct signature_wanted *wanted, const struct oci_descriptor *layer, const struct buffer *text,
		     struct arena *arena, struct signature_found *found, struct error *err);
} layer_kinds[] = {
	{ MEDIA_TYPE_SIMPLE_SIGNING, SIGNATURE_PAYLOAD_BYTES_MAX, check_simple },
	{ MEDIA_TYPE_BUNDLE, SIGNATURE_BUNDLE_BYTES_MAX, check_bundle },
};

static const struct layer_kind *find_kind(const char *media_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(layer_kinds); i++)
		if (strcmp(layer_kinds[i].media_type, media_type) == 0)
			return &layer_kinds[i];
	return NULL;
}

static int check_layer(struct search *search, const struct oci_descriptor *layer, struct error *err)
{
	const struct layer_kind *kind = find_kind(layer->media_type);
	autobuffer struct buffer text = { 0 };
	struct arena arena = { 0 };	/* released at once: there can be many of them, and each is from anybody */
	int r;

	if (!kind)
		return error_set(err, "media type '%.100s' is not that of a signature", layer->media_type);
	if (layer->size > kind->max)
		return error_set(err, "it has %" PRIu64 " bytes; at most %zu are allowed", layer->size, kind->max);
	if (store_get(search->store, layer, kind->max, &text, err) < 0)
		return -1;
	r = kind->check(&search->wanted, layer, &text, &arena, &search->found, err);
	if (r == 0 && search->found.reference)
		search->found.reference = arena_strdup(search->arena, search->found.reference);
	arena_release(&arena);
	return r;
}

/* --- all of them ----------------------------------------------------------------------------- */

/* Anybody who can write to a repository can add a bad one: it hides no good one. */
static void refuse(struct search *search, const struct error *why, const char *where)
{
	if (search->refused++ > 0)
		return;
	search->first = *why;
	(void)error_context(&search->first, "%s", where);
}

/* Whether one of its layers is a good signature. */
static bool try_manifest(struct search *search, const struct oci_descriptor *descriptor)
{
	autobuffer struct buffer text = { 0 };
	struct oci_manifest manifest = { 0 };
	struct arena arena = { 0 };
	struct error why = { 0 };
	bool good = false;

	if (store_get(search->store, descriptor, OCI_DOCUMENT_BYTES_MAX, &text, &why) < 0 ||
	    oci_manifest_parse(buffer_string(&text), text.length, &arena, &manifest, &why) < 0 ||
	    (manifest.layers_count == 0 && error_set(&why, "there are no layers, and so no signature") < 0))
		refuse(search, &why, descriptor->digest.text);
	for (size_t i = 0; i < manifest.layers_count && !good; i++) {
		good = check_layer(search, &manifest.layers[i], &why) == 0;
		if (!good)
			refuse(search, &why, arena_printf(&arena, "%s: layers[%zu]", descriptor->digest.text, i));
	}
	arena_release(&arena);
	return good;
}

static int nothing_good(const struct search *search, struct error *err)
{
	if (search->refused == 0)
		return error_set(err, "it is not signed: the store has no signature of '%s'",
				 search->wanted.digests[search->wanted.digests_count - 1].text);
	if (search->refused == 1)
		return error_set(err, "its signature is not good: %s", search->first.message);
	return error_set(err, "none of its %zu signatures is good; the first: %s", search->refused, search->first.message);
}

static int check_keys(const struct trust_rule *rule, struct store *store, const struct oci_image *image, struct arena *arena,
		      struct signature_found *found, struct error *err)
{
	struct search search = { .store = store, .arena = arena, .wanted = { .keys = rule->keys, .keys_count = rule->keys_count } };
	struct signature_wanted *wanted = &search.wanted;
	struct reference reference;

	if (reference_parse(image->name, arena, &reference, err) < 0)
		return -1;
	wanted->digests[wanted->digests_count++] = image->digest;
	if (!digest_equal(&image->top, &image->digest))
		wanted->digests[wanted->digests_count++] = image->top;
	for (size_t i = wanted->digests_count; i-- > 0;) {
		struct oci_index manifests;

		if (store_signatures(store, &reference, &wanted->digests[i], arena, &manifests, err) < 0)
			return -1;
		for (size_t j = 0; j < manifests.count; j++) {
			if (try_manifest(&search, &manifests.manifests[j])) {
				*found = search.found;
				return 0;
			}
		}
	}
	return nothing_good(&search, err);
}

/* What is filed under the name was put there here, and is what was found. */
static int check_local(struct store *store, const struct oci_image *image, struct arena *arena, struct error *err)
{
	struct oci_descriptor entry;
	struct reference reference;
	const char *name;

	if (reference_parse(image->name, arena, &reference, err) < 0)
		return -1;
	name = reference.tag ? arena_printf(arena, "%s/%s:%s", reference.registry, reference.repository, reference.tag) :
			       reference.name;
	if (store_find(store, name, arena, &entry, err) < 0)
		return -1;
	if (store_was_pulled(&entry))
		return error_set(err, "it was pulled from a registry, and 'local' is only for what was made or imported here");
	if (!digest_equal(&entry.digest, &image->top) && !digest_equal(&entry.digest, &image->digest))
		return error_set(err, "'%s' is not what was made here last, which is '%s'; if that is meant, run 'slipway lock --update'",
				 image->digest.text, entry.digest.text);
	return 0;
}

int trust_check(const struct trust_rule *rule, struct store *store, const struct oci_image *image, struct arena *arena,
		struct signature_found *found, struct error *err)
{
	int r = 0;

	if (rule->kind == TRUST_KEYS)
		r = check_keys(rule, store, image, arena, found, err);
	else if (rule->kind == TRUST_LOCAL)
		r = check_local(store, image, arena, err);
	return r < 0 ? error_context(err, "image '%s' is not trusted (rule '%s')", image->name, rule->prefix) : 0;
}
