/* SPDX-License-Identifier: Apache-2.0 */
/* Names: index.json and the annotation org.opencontainers.image.ref.name. */
#include "tools/mkimage/source/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/source/store_internal.h"

const char *store_annotation(const struct oci_descriptor *descriptor, const char *key)
{
	for (size_t i = 0; i < descriptor->annotations.count; i++)
		if (strcmp(descriptor->annotations.items[i].key, key) == 0)
			return descriptor->annotations.items[i].value;
	return NULL;
}

static const char *name_of(const struct oci_descriptor *descriptor)
{
	return store_annotation(descriptor, ANNOTATION_REF_NAME);
}

bool store_was_pulled(const struct oci_descriptor *descriptor)
{
	const char *pulled = store_annotation(descriptor, ANNOTATION_PULLED), *name = name_of(descriptor);

	return pulled && name && strcmp(pulled, name) == 0;
}

int store_list(struct store *store, struct arena *arena, struct oci_index *index, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	*index = (struct oci_index){ 0 };
	if (file_read(store->root, "index.json", STORE_INDEX_BYTES_MAX, &text, err) < 0)
		return error_context(err, "store '%s'", store->path);
	if (oci_index_parse(buffer_string(&text), text.length, arena, index, err) < 0)
		return error_context(err, "store '%s': index.json", store->path);
	return 0;
}

static struct oci_descriptor *find_name(const struct oci_index *index, const char *name)
{
	for (size_t i = 0; i < index->count; i++) {
		const char *there = name_of(&index->manifests[i]);

		if (there && strcmp(there, name) == 0)
			return &index->manifests[i];
	}
	return NULL;
}

/* Both are of one repository: equal up to the tag. */
static bool is_near(const char *a, const char *b)
{
	const char *tag_of_a = strrchr(a, ':'), *tag_of_b = strrchr(b, ':');

	return tag_of_a && tag_of_b && tag_of_a - a == tag_of_b - b &&
	       strncmp(a, b, (size_t)(tag_of_a - a)) == 0;
}

static int not_found(const struct oci_index *index, const char *name, struct error *err)
{
	for (size_t i = 0; i < index->count; i++) {
		const char *there = name_of(&index->manifests[i]);

		if (there && is_near(there, name) && !store_annotation(&index->manifests[i], ANNOTATION_SIGNS))
			return error_set(err, "image '%s' is not in the store; did you mean '%s'?", name,
					 there);
	}
	return error_set(err,
			 "image '%s' is not in the store; bring it in with "
			 "'slipway image import --name %s FILE', or make it with 'slipway pkg build DIR'",
			 name, name);
}

int store_find(struct store *store, const char *name, struct arena *arena, struct oci_descriptor *descriptor,
	       struct error *err)
{
	const struct oci_descriptor *found;
	struct oci_index index;

	if (store_list(store, arena, &index, err) < 0)
		return -1;
	found = find_name(&index, name);
	if (!found)
		return not_found(&index, name, err);
	*descriptor = *found;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const char *left = name_of(a), *right = name_of(b);
	int r = strcmp(left ? left : "", right ? right : "");

	return r ? r
		 : strcmp(((const struct oci_descriptor *)a)->digest.text,
			  ((const struct oci_descriptor *)b)->digest.text);
}

/* Sorted, so that the same images give the same file whatever the order they came in. */
static int write_index(struct store *store, struct oci_index *index, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (index->count > 1)
		qsort(index->manifests, index->count, sizeof(*index->manifests), compare_names);
	if (oci_index_write(index, &text, err) < 0)
		return error_context(err, "store '%s': index.json", store->path);
	if (text.length > STORE_INDEX_BYTES_MAX)
		return error_set(
			err, "the store '%s' holds too many images; take some out with 'slipway image rm'",
			store->path);
	return store_replace(store, "index.json", text.data, text.length, err);
}

static int tag_locked(struct store *store, const char *name, const struct oci_descriptor *descriptor, struct error *err)
{
	const char *pulled = store_annotation(descriptor, ANNOTATION_PULLED);
	const char *signs = store_annotation(descriptor, ANNOTATION_SIGNS);
	/* Sorted by their keys. */
	struct oci_pair pairs[3] = { { ANNOTATION_PULLED, name }, { ANNOTATION_SIGNS, signs } };
	size_t count = pulled && strcmp(pulled, name) == 0 ? signs ? 2 : 1 : 0;
	struct oci_descriptor *entry;
	struct arena arena = { 0 };
	struct oci_index index;
	int r = -1;

	if (store_list(store, &arena, &index, err) == 0) {
		entry = find_name(&index, name);
		if (!entry) {
			/* The parser's array has no promised capacity: a copy has. */
			struct oci_descriptor *more = arena_array(&arena, index.count + 1, sizeof(*more));

			if (index.count)
				memcpy(more, index.manifests, index.count * sizeof(*more));
			index.manifests = more;
			entry = &more[index.count++];
		}
		pairs[count++] = (struct oci_pair){ ANNOTATION_REF_NAME, name };
		*entry = *descriptor;
		entry->annotations = (struct oci_pairs){ pairs, count };
		r = write_index(store, &index, err);
	}
	arena_release(&arena);
	return r;
}

int store_tag(struct store *store, const char *name, const struct oci_descriptor *descriptor,
	      struct error *err)
{
	autoclose int lock = store_lock_index(store, err);

	return lock < 0 ? -1 : tag_locked(store, name, descriptor, err);
}

int store_tag_platform(struct store *store, const char *name, const struct oci_descriptor *manifest, struct error *err)
{
	autoclose int lock = store_lock_index(store, err);
	struct oci_descriptor there, entry = *manifest;
	struct arena arena = { 0 };
	struct error none;
	int r = lock < 0 ? -1 : 0;

	if (r == 0 && store_find(store, name, &arena, &there, &none) == 0)
		r = store_put_beside(store, &there, manifest, &arena, &entry, err);
	if (r == 0)
		r = tag_locked(store, name, &entry, err);
	arena_release(&arena);
	return r;
}

int store_untag(struct store *store, const char *name, struct error *err)
{
	autoclose int lock = store_lock_index(store, err);
	struct oci_descriptor *entry;
	struct arena arena = { 0 };
	struct oci_index index;
	int r = -1;

	if (lock < 0)
		return -1;
	if (store_list(store, &arena, &index, err) == 0) {
		entry = find_name(&index, name);
		if (entry) {
			*entry = index.manifests[--index.count];
			r = write_index(store, &index, err);
		} else {
			r = not_found(&index, name, err);
		}
	}
	arena_release(&arena);
	return r;
}
