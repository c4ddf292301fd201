/* SPDX-License-Identifier: Apache-2.0 */
/* Images of one name for several platforms: an index of them, made as they come. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/source/store_internal.h"

/* A platform is listed once, and so is what has none. */
static bool is_same_platform(const struct oci_descriptor *a, const struct oci_descriptor *b)
{
	const struct oci_platform *x = &a->platform, *y = &b->platform;

	return x->architecture && y->architecture && strcmp(x->architecture, y->architecture) == 0 && x->os && y->os && strcmp(x->os, y->os) == 0;
}

static int get(struct store *store, const struct oci_descriptor *descriptor, struct buffer *text, struct error *err)
{
	text->length = 0;
	return store_get(store, descriptor, OCI_DOCUMENT_BYTES_MAX, text, err);
}

/* An entry of index.json does not say the platform of a manifest: its config does. */
static int find_platform(struct store *store, struct oci_descriptor *manifest, struct arena *arena, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	struct oci_image_config config;
	struct oci_manifest read;

	if (get(store, manifest, &text, err) < 0 || oci_manifest_parse(buffer_string(&text), text.length, arena, &read, err) < 0 ||
	    get(store, &read.config, &text, err) < 0 || oci_image_config_parse(buffer_string(&text), text.length, arena, &config, err) < 0)
		return -1;
	manifest->platform = (struct oci_platform){ config.architecture, config.os, config.variant };
	return 0;
}

/* What the name stands for, as a list. What cannot be read is not kept: it is what is made anew that counts. */
static struct oci_index list(struct store *store, const struct oci_descriptor *there, struct arena *arena)
{
	struct oci_descriptor *one = arena_alloc(arena, sizeof(*one));
	autobuffer struct buffer text = { 0 };
	struct oci_index index = { 0 };
	struct error ignored;

	if (store_is_index(there->media_type)) {
		if (get(store, there, &text, &ignored) < 0 ||
		    oci_index_parse(buffer_string(&text), text.length, arena, &index, &ignored) < 0)
			index = (struct oci_index){ 0 };
		return index;
	}
	*one = (struct oci_descriptor){ .media_type = there->media_type, .digest = there->digest, .size = there->size };
	if (store_is_manifest(there->media_type) && find_platform(store, one, arena, &ignored) == 0)
		index = (struct oci_index){ .manifests = one, .count = 1 };
	return index;
}

static int by_architecture(const void *a, const void *b)
{
	const struct oci_descriptor *x = a, *y = b;

	return strcmp(x->platform.architecture, y->platform.architecture);
}

int store_put_beside(struct store *store, const struct oci_descriptor *there, const struct oci_descriptor *manifest, struct arena *arena,
		     struct oci_descriptor *entry, struct error *err)
{
	const struct oci_index before = list(store, there, arena);
	struct oci_index after = { .manifests = arena_array(arena, before.count + 1, sizeof(*after.manifests)) };
	autobuffer struct buffer text = { 0 };

	for (size_t i = 0; i < before.count; i++) {
		const struct oci_descriptor *other = &before.manifests[i];

		if (other->platform.architecture && other->platform.os && !is_same_platform(other, manifest) && store_has(store, &other->digest))
			after.manifests[after.count++] = *other;
	}
	*entry = *manifest;
	entry->platform = (struct oci_platform){ 0 };
	if (after.count == 0)
		return 0;
	after.manifests[after.count++] = *manifest;
	qsort(after.manifests, after.count, sizeof(*after.manifests), by_architecture);
	if (oci_index_write(&after, &text, err) < 0)
		return -1;
	*entry = (struct oci_descriptor){ .media_type = MEDIA_TYPE_INDEX, .size = text.length };
	return store_put(store, text.data, text.length, &entry->digest, err);
}
