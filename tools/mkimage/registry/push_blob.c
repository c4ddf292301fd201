/* SPDX-License-Identifier: Apache-2.0 */
/* A blob of the store to a registry: distribution-spec, "Pushing blobs". */
#include "tools/mkimage/registry/push.h"

#include <inttypes.h>
#include <string.h>

#include "tools/mkimage/registry/header.h"

#define LOCATION_BYTES_MAX 8192
#define UPLOAD_WHOLE_MAX (1u << 20)

static int has(struct push *push, const char *path, bool *there, struct error *err)
{
	struct exchange exchange = push_ask(push, "HEAD", path);
	int r;

	exchange.also_fine = 404;
	exchange.accept = DOCUMENTS_ACCEPT;
	r = exchange_one(push->registry, &exchange, err);
	*there = r == 0 && exchange.request.status != 404;
	exchange_release(&exchange);
	return r;
}

/*
 * A small blob goes in one piece. Of a large one the registry keeps what came, when the connection breaks: it is asked how much that is,
 * and gets the rest. The rest is always all of it, so that no registry finds a part too short (OCI-Chunk-Min-Length).
 */
struct upload {
	struct push *push;
	const struct oci_descriptor *blob;
	struct exchange *exchange;
	struct store_reader *reader;
	const char *url;
	uint64_t offset;		/* bytes that the registry has */
	bool began, there;		/* it has been tried; the registry has the blob */
};

/* Where an upload goes on: Location, which may be relative. */
static int take_location(struct upload *u, const struct exchange *exchange, struct error *err)
{
	const char *origin = registry_origin(exchange->host, u->push->arena), *location = exchange->request.location;

	if (!location || !*location || strlen(location) > LOCATION_BYTES_MAX)
		return error_set(err, "%s: the registry does not say where to upload to", u->push->place->host);
	if (*location == '/')
		u->url = arena_printf(u->push->arena, "%s%s", origin, location);
	else if (strncmp(location, "https://", 8) == 0 || strncmp(location, origin, strlen(origin)) == 0)
		u->url = arena_strdup(u->push->arena, location);
	else
		return error_set(err, "%s: an upload to '%.200s' is refused", u->push->place->host, location);
	return 0;
}

/* `there`: the registry has taken it from elsewhere. */
static int begin(struct upload *u, struct error *err)
{
	struct push *push = u->push;
	const char *query = push->from ? arena_printf(push->arena, "?mount=%s&from=%s", u->blob->digest.text,
						      http_escape(push->from, push->arena))
				       : "";
	struct exchange exchange = push_ask(push, "POST", arena_printf(push->arena, "/blobs/uploads/%s", query));
	int r = exchange_one(push->registry, &exchange, err);

	u->there = r == 0 && exchange.request.status == 201;
	u->offset = 0;
	if (r == 0 && !u->there)
		r = take_location(u, &exchange, err);
	exchange_release(&exchange);
	return r;
}

static bool goes_whole(const struct upload *u)
{
	return u->blob->size < UPLOAD_WHOLE_MAX;
}

/* What has come of it. Where that cannot be told, or is nothing, it begins anew. */
static int ask_how_far(struct upload *u, struct error *err)
{
	struct exchange exchange = push_ask(u->push, "GET", NULL);
	int64_t uploaded;
	int r;

	exchange.url = u->url;
	r = exchange_one(u->push->registry, &exchange, err);
	uploaded = r == 0 ? header_uploaded(exchange.request.range) : -1;
	if (r == 0 && uploaded > 0 && (uint64_t)uploaded <= u->blob->size) {
		if ((uint64_t)uploaded >= u->offset + EXCHANGE_PROGRESS_BYTES)
			u->exchange->attempts = 0;
		u->offset = (uint64_t)uploaded;
		if (exchange.request.location)
			r = take_location(u, &exchange, err);
	} else if (r == 0 || (exchange.request.fault == HTTP_FINE && exchange.request.status / 100 == 4)) {
		r = begin(u, err);
	}
	exchange_release(&exchange);
	return r;
}

/* The part behind the offset. */
static int seek(struct upload *u, struct error *err)
{
	char part[65536];
	uint64_t at = 0;

	store_reader_close(u->reader);
	u->reader = NULL;
	if (store_reader_open(u->push->store, u->blob, &u->reader, err) < 0)
		return -1;
	while (at < u->offset) {
		size_t most = u->offset - at < sizeof(part) ? (size_t)(u->offset - at) : sizeof(part);
		long n = store_reader_read(u->reader, part, most, err);

		if (n <= 0)
			return n < 0 ? -1 : error_set(err, "the store has less of it than its size");
		at += (uint64_t)n;
	}
	return 0;
}

static int restart(void *context, struct error *err)
{
	struct upload *u = context;
	struct exchange *e = u->exchange;

	if (u->began && (goes_whole(u) ? begin(u, err) : ask_how_far(u, err)) < 0)
		return -1;
	u->began = true;
	if (u->there || (u->offset > 0 && u->offset == u->blob->size))
		return 1;
	e->url = goes_whole(u) ? arena_printf(u->push->arena, "%s%sdigest=%s", u->url, strchr(u->url, '?') ? "&" : "?",
					      u->blob->digest.text)
			       : u->url;
	if (!goes_whole(u))
		e->content_range = arena_printf(u->push->arena, "%" PRIu64 "-%" PRIu64, u->offset, u->blob->size - 1);
	e->length = u->blob->size - u->offset;
	e->received = u->offset;
	return seek(u, err);
}

static long give(void *context, void *data, size_t length, struct error *err)
{
	return store_reader_read(((struct upload *)context)->reader, data, length, err);
}

static int send_body(struct upload *u, struct error *err)
{
	const struct exchange_source source = { restart, give, u };
	struct exchange exchange = push_ask(u->push, goes_whole(u) ? "PUT" : "PATCH", NULL);
	int r;

	exchange.content_type = "application/octet-stream";
	exchange.source = &source;
	exchange.size = u->blob->size;
	exchange.digest = &u->blob->digest;
	u->exchange = &exchange;
	r = exchange_one(u->push->registry, &exchange, err);
	if (r == 0 && exchange.request.location && !goes_whole(u))
		r = take_location(u, &exchange, err);
	exchange_release(&exchange);
	store_reader_close(u->reader);
	u->reader = NULL;
	return r;
}

/* The answer may be lost, too: then the blob is there, and its upload is not. */
static int end(struct upload *u, const char *path, struct error *err)
{
	struct exchange exchange = push_ask(u->push, "PUT", NULL);
	int r;

	exchange.url = arena_printf(u->push->arena, "%s%sdigest=%s", u->url, strchr(u->url, '?') ? "&" : "?", u->blob->digest.text);
	r = exchange_one(u->push->registry, &exchange, err);
	exchange_release(&exchange);
	return r < 0 && (has(u->push, path, &u->there, NULL) < 0 || !u->there) ? -1 : 0;
}

int push_blob(struct push *push, const struct oci_descriptor *blob, struct error *err)
{
	struct registry_event event = { REGISTRY_THERE, &blob->digest, blob->size, blob->size, NULL };
	const char *path = arena_printf(push->arena, "/blobs/%s", blob->digest.text);
	struct upload u = { .push = push, .blob = blob };

	if (has(push, path, &u.there, err) < 0)
		return -1;
	if (!u.there) {
		if (begin(&u, err) < 0 || (!u.there && (send_body(&u, err) < 0 || (!goes_whole(&u) && !u.there && end(&u, path, err) < 0))))
			return error_context(err, "blob '%s'", blob->digest.text);
		event.kind = u.there ? REGISTRY_THERE : REGISTRY_MOVED;
	}
	registry_report(push->registry, &event);
	return 0;
}
