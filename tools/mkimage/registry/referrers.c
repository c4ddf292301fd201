/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/referrers.h"

#include <string.h>

#include "tools/mkimage/registry/documents.h"
#include "tools/mkimage/registry/exchange.h"
#include "tools/mkimage/registry/header.h"

/* One page; `path` becomes that of the next, or NULL. 1: there is no such list. */
static int take_page(struct registry *registry, const struct place *place, const char **path, struct arena *arena,
		     struct oci_index *index, struct error *err)
{
	struct exchange exchange = { .places = place, .places_count = 1, .method = "GET", .actions = "pull", .path = *path,
				     .accept = MEDIA_TYPE_INDEX, .text_max = OCI_DOCUMENT_BYTES_MAX, .also_fine = 404 };
	const char *prefix = arena_printf(arena, "/v2/%s/referrers/", place->repository), *next = NULL, *found;
	struct oci_index page = { 0 };
	int r = exchange_one(registry, &exchange, err);

	if (r == 0 && exchange.request.status == 200) {
		r = oci_index_parse(buffer_string(&exchange.request.text), exchange.request.text.length, arena, &page, err);
		next = header_next_link(exchange.request.link, arena);
	} else if (r == 0) {
		r = 1;
	}
	exchange_release(&exchange);
	/* A whole address, or a path: only a list of the same registry is gone on with. */
	found = next ? strstr(next, prefix) : NULL;
	*path = found ? found + strlen("/v2/") + strlen(place->repository) : NULL;
	for (size_t i = 0; r == 0 && i < page.count; i++) {
		if (index->count == REGISTRY_REFERRERS_LISTED_MAX)
			return error_set(err, "more than %d referrers", REGISTRY_REFERRERS_LISTED_MAX);
		*(struct oci_descriptor *)arena_push(arena, &index->manifests, &index->count, sizeof(*index->manifests)) =
			page.manifests[i];
	}
	return r;
}

/* The tag of the digest, which clients keep where a registry has no API. */
static int take_tag(struct registry *registry, const struct place *place, const struct digest *digest, struct arena *arena,
		    struct oci_index *index, struct error *err)
{
	const char *tag = arena_printf(arena, "%s-%s", digest_algorithm(digest), digest_hex(digest));
	struct document document;
	int r = document_get(registry, place, 1, tag, NULL, true, arena, &document, err);

	if (r == 0 && document.is_index)
		*index = document.index;
	if (r == 0)
		document_release(&document);
	return r < 0 ? -1 : 0;
}

/* distribution-spec, "Listing Referrers": 404 says that the API is not there. */
int referrers_get(struct registry *registry, const struct place *place, const struct digest *digest, struct arena *arena,
		  struct oci_index *index, struct error *err)
{
	const char *path = arena_printf(arena, "/referrers/%s", digest->text);

	*index = (struct oci_index){ 0 };
	for (unsigned int page = 0; path; page++) {
		int r;

		if (page == REGISTRY_REFERRERS_PAGES_MAX)
			return error_set(err, "more than %d pages of referrers of '%s'", REGISTRY_REFERRERS_PAGES_MAX, digest->text);
		r = take_page(registry, place, &path, arena, index, err);
		if (r < 0)
			return error_context(err, "referrers of '%s'", digest->text);
		if (r > 0 && page == 0)
			return take_tag(registry, place, digest, arena, index, err);
		if (r > 0)
			return error_set(err, "a page of the referrers of '%s' is missing", digest->text);
	}
	return 0;
}
