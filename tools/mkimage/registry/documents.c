/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/documents.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "tools/mkimage/registry/exchange.h"
#include "tools/mkimage/source/hash.h"

enum shape { SHAPE_ANY, SHAPE_INDEX, SHAPE_MANIFEST, SHAPE_OLD };

static const struct {
	const char *media_type;
	enum shape shape;
} types[] = {
	{ MEDIA_TYPE_INDEX, SHAPE_INDEX },
	{ MEDIA_TYPE_DOCKER_LIST, SHAPE_INDEX },
	{ MEDIA_TYPE_MANIFEST, SHAPE_MANIFEST },
	{ MEDIA_TYPE_DOCKER_MANIFEST, SHAPE_MANIFEST },
	{ "application/vnd.docker.distribution.manifest.v1+json", SHAPE_OLD },
	{ "application/vnd.docker.distribution.manifest.v1+prettyjws", SHAPE_OLD },
	/* Servers that are no more than a directory of files say these. */
	{ "application/json", SHAPE_ANY },
	{ "application/octet-stream", SHAPE_ANY },
	{ "text/plain", SHAPE_ANY },
};

static int find_shape(const char *media_type, enum shape *shape, struct error *err)
{
	size_t length = media_type ? strcspn(media_type, "; \t") : 0;

	*shape = SHAPE_ANY;
	if (length == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strlen(types[i].media_type) != length || strncasecmp(types[i].media_type, media_type, length) != 0)
			continue;
		*shape = types[i].shape;
		if (*shape == SHAPE_OLD)
			return error_set(err, "a manifest of schema 1, which is not supported; push the image again with a newer tool");
		return 0;
	}
	return error_set(err, "media type '%.100s' is not that of an image", media_type);
}

int document_parse(const char *media_type, struct arena *arena, struct document *document, struct error *err)
{
	const char *text = buffer_string(&document->text);
	enum shape shape;

	if (find_shape(media_type, &shape, err) < 0)
		return -1;
	document->is_index = shape == SHAPE_INDEX ||
			     (shape == SHAPE_ANY &&
			      oci_index_parse(text, document->text.length, arena, &document->index, NULL) == 0);
	if (document->is_index) {
		if (oci_index_parse(text, document->text.length, arena, &document->index, err) < 0)
			return error_context(err, "index");
		document->descriptor.media_type = document->index.media_type;
	} else {
		if (oci_manifest_parse(text, document->text.length, arena, &document->manifest, err) < 0)
			return error_context(err, "manifest");
		document->descriptor.media_type = document->manifest.media_type;
	}
	return 0;
}

struct get {
	const struct oci_descriptor *expected;
	struct document *document;
	struct arena *arena;
};

static void hash_document(const struct digest *like, const struct buffer *text, struct digest *digest)
{
	struct hash *hash = hash_new(like ? digest_algorithm(like) : "sha256");

	hash_add(hash, text->data, text->length);
	hash_finish(hash, digest);
}

/* The registry's own word for a tag; one that cannot be read says nothing. */
static int check_header(const struct http_request *request, struct error *err)
{
	struct digest said, is;

	if (!request->docker_digest || digest_parse(request->docker_digest, &said, NULL) < 0)
		return 0;
	hash_document(&said, &request->text, &is);
	if (!digest_equal(&said, &is))
		return error_set(err, "the document has digest '%s', but the registry calls it '%s'", is.text, said.text);
	return 0;
}

static int look(void *context, struct exchange *exchange, struct error *err)
{
	const struct http_request *request = &exchange->request;
	struct document *document = ((struct get *)context)->document;
	const struct oci_descriptor *expected = ((struct get *)context)->expected;

	if (request->status == 404)
		return 0;
	document->text.length = 0;
	buffer_add(&document->text, buffer_string(&request->text), request->text.length);
	hash_document(expected ? &expected->digest : NULL, &document->text, &document->descriptor.digest);
	document->descriptor.size = request->text.length;
	if (expected && expected->size && expected->size != document->descriptor.size)
		return error_set(err, "the document has %" PRIu64 " bytes, expected %" PRIu64, document->descriptor.size,
				 expected->size);
	if (expected && !digest_equal(&expected->digest, &document->descriptor.digest))
		return error_set(err, "the document has digest '%s', expected '%s'", document->descriptor.digest.text,
				 expected->digest.text);
	if (!expected && check_header(request, err) < 0)
		return -1;
	return document_parse(request->content_type, ((struct get *)context)->arena, document, err);
}

int document_get(struct registry *registry, const struct place *places, size_t places_count, const char *tag,
		 const struct oci_descriptor *expected, bool maybe, struct arena *arena, struct document *document,
		 struct error *err)
{
	struct get get = { expected, document, arena };
	struct exchange exchange = {
		.places = places, .places_count = places_count, .method = "GET", .accept = DOCUMENTS_ACCEPT, .actions = "pull",
		.path = arena_printf(arena, "/manifests/%s", expected ? expected->digest.text : tag),
		.text_max = OCI_DOCUMENT_BYTES_MAX, .finished = look, .context = &get, .also_fine = maybe ? 404 : 0,
	};
	int r;

	*document = (struct document){ 0 };
	if (expected && expected->size > OCI_DOCUMENT_BYTES_MAX)
		return error_set(err, "'%s' has %" PRIu64 " bytes; at most %u are allowed for a document",
				 expected->digest.text, expected->size, OCI_DOCUMENT_BYTES_MAX);
	r = exchange_one(registry, &exchange, err);
	if (r == 0 && exchange.request.status == 404)
		r = 1;
	exchange_release(&exchange);
	if (r != 0)
		document_release(document);
	return r;
}

int document_put(struct store *store, const struct document *document, struct error *err)
{
	struct store_writer *writer;
	int r = -1;

	if (store_writer_open(store, &writer, err) < 0)
		return -1;
	if (store_writer_add(writer, document->text.data, document->text.length, err) == 0)
		r = store_writer_commit(writer, &document->descriptor.digest, NULL, NULL, err);
	store_writer_discard(writer);
	return r;
}

void document_release(struct document *document)
{
	buffer_release(&document->text);
}
