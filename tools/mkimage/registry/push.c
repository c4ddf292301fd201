/* SPDX-License-Identifier: Apache-2.0 */
/* An image of the store to a registry: distribution-spec, "Push". From the bottom up: blobs, manifests, indexes. */
#include "tools/mkimage/registry/registry.h"

#include <string.h>

#include "tools/mkimage/registry/documents.h"
#include "tools/mkimage/registry/exchange.h"
#include "tools/mkimage/source/store_platform.h"

#define INDEX_DEPTH_MAX 8
#define LOCATION_BYTES_MAX 8192

struct push {
	struct registry *registry;
	struct store *store;
	struct arena *arena;
	const struct place *place;
	const char *from;		/* repository of the same registry; NULL */
};

static struct exchange ask(const struct push *push, const char *method, const char *path)
{
	return (struct exchange){ .places = push->place, .places_count = 1, .method = method, .path = path,
				  .actions = "pull,push" };
}

static int has(struct push *push, const char *path, bool *there, struct error *err)
{
	struct exchange exchange = ask(push, "HEAD", path);
	int r;

	exchange.also_fine = 404;
	exchange.accept = DOCUMENTS_ACCEPT;
	r = exchange_one(push->registry, &exchange, err);
	*there = r == 0 && exchange.request.status != 404;
	exchange_release(&exchange);
	return r;
}

/* --- blobs ------------------------------------------------------------------------------------ */

struct reading {
	struct store *store;
	const struct oci_descriptor *descriptor;
	struct store_reader *reader;
};

static int restart(void *context, struct error *err)
{
	struct reading *reading = context;

	store_reader_close(reading->reader);
	reading->reader = NULL;
	return store_reader_open(reading->store, reading->descriptor, &reading->reader, err);
}

static long give(void *context, void *data, size_t length, struct error *err)
{
	return store_reader_read(((struct reading *)context)->reader, data, length, err);
}

/* Where the upload goes: Location, which may be relative. `mounted`: the registry has taken it from elsewhere. */
static int begin_upload(struct push *push, const struct oci_descriptor *blob, const char **url, bool *mounted,
			struct error *err)
{
	const char *query = push->from ? arena_printf(push->arena, "?mount=%s&from=%s", blob->digest.text,
						      http_escape(push->from, push->arena))
				       : "";
	struct exchange exchange = ask(push, "POST", arena_printf(push->arena, "/blobs/uploads/%s", query));
	const char *location;
	int r = exchange_one(push->registry, &exchange, err);

	*mounted = r == 0 && exchange.request.status == 201;
	location = exchange.request.location;
	if (r == 0 && !*mounted) {
		const char *origin = registry_origin(exchange.host, push->arena);

		if (!location || !*location || strlen(location) > LOCATION_BYTES_MAX)
			r = error_set(err, "%s: the registry does not say where to upload to", push->place->host);
		else if (*location == '/')
			*url = arena_printf(push->arena, "%s%s", origin, location);
		else if (strncmp(location, "https://", 8) == 0 || strncmp(location, origin, strlen(origin)) == 0)
			*url = arena_strdup(push->arena, location);
		else
			r = error_set(err, "%s: an upload to '%.200s' is refused", push->place->host, location);
	}
	exchange_release(&exchange);
	return r;
}

static int upload(struct push *push, const struct oci_descriptor *blob, const char *url, struct error *err)
{
	struct reading reading = { push->store, blob, NULL };
	const struct exchange_source source = { restart, give, &reading };
	struct exchange exchange = ask(push, "PUT", NULL);
	int r;

	exchange.url = arena_printf(push->arena, "%s%sdigest=%s", url, strchr(url, '?') ? "&" : "?", blob->digest.text);
	exchange.content_type = "application/octet-stream";
	exchange.source = &source;
	exchange.length = blob->size;
	exchange.digest = &blob->digest;
	r = exchange_one(push->registry, &exchange, err);
	exchange_release(&exchange);
	store_reader_close(reading.reader);
	return r;
}

static int push_blob(struct push *push, const struct oci_descriptor *blob, struct error *err)
{
	struct registry_event event = { REGISTRY_THERE, &blob->digest, blob->size, blob->size, NULL };
	bool there = false;
	const char *url = NULL;

	if (has(push, arena_printf(push->arena, "/blobs/%s", blob->digest.text), &there, err) < 0)
		return -1;
	if (!there) {
		if (begin_upload(push, blob, &url, &there, err) < 0 || (!there && upload(push, blob, url, err) < 0))
			return error_context(err, "blob '%s'", blob->digest.text);
		event.kind = there ? REGISTRY_THERE : REGISTRY_MOVED;
	}
	registry_report(push->registry, &event);
	return 0;
}

/* --- documents -------------------------------------------------------------------------------- */

static int put_document(struct push *push, const struct document *document, const char *tag, struct error *err)
{
	struct exchange exchange =
		ask(push, "PUT", arena_printf(push->arena, "/manifests/%s", tag ? tag : document->descriptor.digest.text));
	int r;

	exchange.content_type = document->descriptor.media_type;
	exchange.text = buffer_string(&document->text);
	exchange.length = document->text.length;
	r = exchange_one(push->registry, &exchange, err);
	exchange_release(&exchange);
	return r;
}

static int push_document(struct push *push, const struct oci_descriptor *descriptor, const char *tag,
			 unsigned int depth, struct error *err);

static int push_below(struct push *push, const struct document *document, unsigned int depth, struct error *err)
{
	if (depth == INDEX_DEPTH_MAX)
		return error_set(err, "indexes are nested more than %d deep", INDEX_DEPTH_MAX);
	for (size_t i = 0; document->is_index && i < document->index.count; i++) {
		if (!store_has(push->store, &document->index.manifests[i].digest))
			return error_set(err, "manifests[%zu] of the index is not in the store; pull it with '--platform all', or "
					      "push one platform with '--platform OS/ARCH'", i);
		if (push_document(push, &document->index.manifests[i], NULL, depth + 1, err) < 0)
			return error_context(err, "manifests[%zu]", i);
	}
	if (document->is_index)
		return 0;
	for (size_t i = 0; i < document->manifest.layers_count; i++)
		if (push_blob(push, &document->manifest.layers[i], err) < 0)
			return -1;
	return push_blob(push, &document->manifest.config, err);
}

static int push_document(struct push *push, const struct oci_descriptor *descriptor, const char *tag,
			 unsigned int depth, struct error *err)
{
	struct document document = { .descriptor = *descriptor };
	int r = store_get(push->store, descriptor, OCI_DOCUMENT_BYTES_MAX, &document.text, err);

	if (r == 0)
		r = document_parse(descriptor->media_type, push->arena, &document, err);
	if (r == 0)
		r = push_below(push, &document, depth, err);
	if (r == 0)
		r = put_document(push, &document, tag, err);
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
		  const char *platform, const char *from, struct arena *arena, struct digest *digest, struct error *err)
{
	struct push push = { .registry = registry, .store = store, .arena = arena, .from = from };
	struct oci_descriptor descriptor;
	struct reference reference;
	struct place *places;
	size_t count;

	if (reference_parse(to, arena, &reference, err) < 0 || find(store, text, platform, arena, &descriptor, err) < 0 ||
	    places_find(registry->places, &reference, registry->options.insecure, registry->options.insecure_count, arena,
			&places, &count, err) < 0)
		return -1;
	/* The last is the registry itself: a mirror is only read. */
	push.place = &places[count - 1];
	if (reference.digest.text[0] && !digest_equal(&reference.digest, &descriptor.digest))
		return error_set(err, "cannot push '%s': the image has digest '%s'", reference.name, descriptor.digest.text);
	if (push_document(&push, &descriptor, reference.tag, 0, err) < 0)
		return error_context(err, "cannot push '%s'", reference.name);
	*digest = descriptor.digest;
	return 0;
}
