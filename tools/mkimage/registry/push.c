/* SPDX-License-Identifier: Apache-2.0 */
/* An image of the store to a registry: distribution-spec, "Push". From the bottom up: blobs, manifests, indexes. */
#include "tools/mkimage/registry/push.h"

#include <string.h>

#include "tools/mkimage/source/store_platform.h"

#define INDEX_DEPTH_MAX 8

struct exchange push_ask(const struct push *push, const char *method, const char *path)
{
	return (struct exchange){ .places = push->place, .places_count = 1, .method = method, .path = path,
				  .actions = "pull,push" };
}

int push_text(struct push *push, const struct document *document, const char *tag, bool *subject, struct error *err)
{
	struct exchange exchange =
		push_ask(push, "PUT", arena_printf(push->arena, "/manifests/%s", tag ? tag : document->descriptor.digest.text));
	int r;

	exchange.content_type = document->descriptor.media_type;
	exchange.text = buffer_string(&document->text);
	exchange.length = document->text.length;
	r = exchange_one(push->registry, &exchange, err);
	if (subject)
		*subject = r == 0 && exchange.request.subject;
	exchange_release(&exchange);
	return r;
}

static int push_whole(struct push *push, const struct oci_descriptor *descriptor, const char *tag,
		      unsigned int depth, struct error *err);

static int push_below(struct push *push, const struct document *document, unsigned int depth, struct error *err)
{
	if (depth == INDEX_DEPTH_MAX)
		return error_set(err, "indexes are nested more than %d deep", INDEX_DEPTH_MAX);
	for (size_t i = 0; document->is_index && i < document->index.count; i++) {
		if (!store_has(push->store, &document->index.manifests[i].digest))
			return error_set(err, "manifests[%zu] of the index is not in the store; pull it with '--platform all', or "
					      "push one platform with '--platform OS/ARCH'", i);
		if (push_whole(push, &document->index.manifests[i], NULL, depth + 1, err) < 0)
			return error_context(err, "manifests[%zu]", i);
	}
	if (document->is_index)
		return 0;
	for (size_t i = 0; i < document->manifest.layers_count; i++)
		if (push_blob(push, &document->manifest.layers[i], err) < 0)
			return -1;
	return push_blob(push, &document->manifest.config, err);
}

static int get(struct push *push, const struct oci_descriptor *descriptor, struct document *document, struct error *err)
{
	*document = (struct document){ .descriptor = *descriptor };
	if (store_get(push->store, descriptor, OCI_DOCUMENT_BYTES_MAX, &document->text, err) < 0)
		return -1;
	return document_parse(descriptor->media_type, push->arena, document, err);
}

/* Signatures come before what they are about: nobody who wants one finds the name without it. */
static int push_whole(struct push *push, const struct oci_descriptor *descriptor, const char *tag,
		      unsigned int depth, struct error *err)
{
	struct document document;
	int r = get(push, descriptor, &document, err);

	if (r == 0)
		r = push_below(push, &document, depth, err);
	if (r == 0)
		r = push_signatures(push, &descriptor->digest, err);
	if (r == 0)
		r = push_text(push, &document, tag, NULL, err);
	document_release(&document);
	return r;
}

int push_document(struct push *push, const struct oci_descriptor *descriptor, const char *tag, bool *subject, struct error *err)
{
	struct document document;
	int r = get(push, descriptor, &document, err);

	if (r == 0 && document.is_index)
		r = error_set(err, "'%s' is an index, expected a manifest", descriptor->digest.text);
	if (r == 0)
		r = push_below(push, &document, 0, err);
	if (r == 0)
		r = push_text(push, &document, tag, subject, err);
	document_release(&document);
	return r;
}

/* What the name stands for in the store: all of it, or one platform's manifest. */
static int find(struct store *store, const char *reference, const char *platform, struct arena *arena,
		struct oci_descriptor *descriptor, struct error *err)
{
	struct oci_image image;
	struct reference parsed;

	if (reference_parse(reference, arena, &parsed, err) < 0)
		return -1;
	if (!platform && !parsed.digest.text[0])
		return store_find(store, parsed.name, arena, descriptor, err);
	if (!platform && store_find(store, parsed.name, arena, descriptor, NULL) == 0)
		return 0;
	if (store_image(store, reference, platform, arena, &image, err) < 0 ||
	    store_describe(store, &image.digest, descriptor, err) < 0)
		return -1;
	descriptor->media_type = image.manifest.media_type;
	return 0;
}

int registry_push(struct registry *registry, struct store *store, const char *text, const char *to,
		  const char *platform, const char *from, enum registry_signing signing, struct arena *arena,
		  struct digest *digest, struct error *err)
{
	struct push push = { .registry = registry, .store = store, .arena = arena, .from = from, .signing = signing };
	struct reference reference, of;
	struct oci_descriptor descriptor;
	struct place *places;
	size_t count;

	if (reference_parse(to, arena, &reference, err) < 0 || reference_parse(text, arena, &of, err) < 0 ||
	    find(store, text, platform, arena, &descriptor, err) < 0 ||
	    places_find(registry->places, &reference, registry->options.insecure, registry->options.insecure_count, arena,
			&places, &count, err) < 0)
		return -1;
	/* The last is the registry itself: a mirror is only read. */
	push.place = &places[count - 1];
	push.of = &of;
	if (reference.digest.text[0] && !digest_equal(&reference.digest, &descriptor.digest))
		return error_set(err, "cannot push '%s': the image has digest '%s'", reference.name, descriptor.digest.text);
	if (push_whole(&push, &descriptor, reference.tag, 0, err) < 0)
		return error_context(err, "cannot push '%s'", reference.name);
	*digest = descriptor.digest;
	return 0;
}
