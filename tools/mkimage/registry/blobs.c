/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/blobs.h"

#include <inttypes.h>
#include <string.h>

#include "tools/mkimage/registry/check.h"
#include "tools/mkimage/registry/exchange.h"

/* One on its way. */
struct fetch {
	struct exchange exchange;
	struct exchange_sink sink;
	struct check_job job;
	struct check *check;
	struct store *store;
};

/* Opened with the first byte, so that those in the queue hold no file. */
static int take(void *context, const void *data, size_t length, struct error *err)
{
	struct fetch *fetch = context;

	if (!fetch->job.writer && store_writer_open(fetch->store, &fetch->job.writer, err) < 0)
		return -1;
	return store_writer_add(fetch->job.writer, data, length, err);
}

static int restart(void *context, struct error *err)
{
	struct fetch *fetch = context;

	return fetch->job.writer ? store_writer_restart(fetch->job.writer, err) : 0;
}

static int finished(void *context, struct exchange *exchange, struct error *err)
{
	struct fetch *fetch = context;

	if (!fetch->job.writer && store_writer_open(fetch->store, &fetch->job.writer, err) < 0)
		return -1; /* a blob of no bytes */
	if (store_writer_verify(fetch->job.writer, fetch->job.digest, err) < 0)
		return -1;
	registry_report(exchange->registry, &(struct registry_event){ .kind = REGISTRY_MOVED, .digest = fetch->job.digest,
								      .done = fetch->job.size, .total = fetch->job.size });
	if (check_failed(fetch->check))
		return error_set(err, "another layer is bad"); /* whose error is the one that is told */
	check_add(fetch->check, &fetch->job);
	return 0;
}

static int check_blob(const struct oci_descriptor *descriptor, struct error *err)
{
	if (descriptor->size > BLOB_BYTES_MAX)
		return error_set(err, "blob '%s' has %" PRIu64 " bytes, more than the %llu allowed", descriptor->digest.text,
				 descriptor->size, BLOB_BYTES_MAX);
	return 0;
}

/* 1: it is there. What the store has under a digest was verified; only what the manifest says of it can be wrong. */
static int is_there(struct registry *registry, struct store *store, const struct oci_descriptor *descriptor,
		    struct error *err)
{
	struct oci_descriptor there;

	if (store_describe(store, &descriptor->digest, &there, NULL) < 0)
		return 0;
	if (there.size != descriptor->size)
		return error_set(err, "blob '%s' has %" PRIu64 " bytes, but its descriptor says %" PRIu64,
				 descriptor->digest.text, there.size, descriptor->size);
	registry_report(registry, &(struct registry_event){ .kind = REGISTRY_THERE, .digest = &descriptor->digest,
							    .done = there.size, .total = there.size });
	return 1;
}

/* The same blob twice, as empty layers often are. */
static bool is_twice(const struct blob *blobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (digest_equal(&blobs[i].descriptor->digest, &blobs[n].descriptor->digest))
			return true;
	return false;
}

static void prepare(struct fetch *fetch, const struct blob *blob, const struct place *places, size_t places_count,
		    struct arena *arena)
{
	fetch->job = (struct check_job){ .digest = &blob->descriptor->digest, .diff_id = blob->diff_id,
					 .size = blob->descriptor->size };
	fetch->sink = (struct exchange_sink){ take, restart, fetch };
	fetch->exchange = (struct exchange){
		.places = places, .places_count = places_count, .method = "GET", .actions = "pull",
		.path = arena_printf(arena, "/blobs/%s", blob->descriptor->digest.text), .sink = &fetch->sink,
		.size = blob->descriptor->size, .digest = &blob->descriptor->digest, .finished = finished, .context = fetch,
	};
}

static int get_all(struct registry *registry, struct fetch *fetches, size_t count, struct arena *arena,
		   struct error *err)
{
	struct exchange **exchanges = arena_array(arena, count + 1, sizeof(struct exchange *));
	struct check *check = check_new();
	struct error bad = { 0 };
	int r;

	for (size_t i = 0; i < count; i++) {
		fetches[i].check = check;
		exchanges[i] = &fetches[i].exchange;
	}
	r = count ? exchange_run(registry, exchanges, count, err) : 0;
	for (size_t i = 0; i < count; i++)
		exchange_release(exchanges[i]);
	if (check_finish(check, &bad) < 0) {
		if (err)
			*err = bad;
		r = -1;
	}
	for (size_t i = 0; i < count; i++)
		store_writer_discard(fetches[i].job.writer);
	return r;
}

int blobs_get(struct registry *registry, struct store *store, const struct place *places, size_t places_count,
	      const struct blob *blobs, size_t count, struct error *err)
{
	struct arena arena = { 0 };
	struct fetch *fetches = arena_array(&arena, count + 1, sizeof(*fetches));
	size_t missing = 0;
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++) {
		r = check_blob(blobs[i].descriptor, err);
		if (r == 0 && !is_twice(blobs, i))
			r = is_there(registry, store, blobs[i].descriptor, err);
		else if (r == 0)
			r = 1;
		if (r == 0) {
			fetches[missing].store = store;
			prepare(&fetches[missing++], &blobs[i], places, places_count, &arena);
		}
	}
	if (r >= 0)
		r = get_all(registry, fetches, missing, &arena, err);
	arena_release(&arena);
	return r;
}
