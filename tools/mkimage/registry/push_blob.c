/* SPDX-License-Identifier: Apache-2.0 */
/* A blob of the store to a registry: distribution-spec, "Pushing blobs". */
#include "tools/mkimage/registry/push.h"

#include <string.h>

#define LOCATION_BYTES_MAX 8192

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
	struct exchange exchange = push_ask(push, "POST", arena_printf(push->arena, "/blobs/uploads/%s", query));
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
	struct exchange exchange = push_ask(push, "PUT", NULL);
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

int push_blob(struct push *push, const struct oci_descriptor *blob, struct error *err)
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
