/* SPDX-License-Identifier: Apache-2.0 */
/* A registry, looked at and tidied: tags, documents, referrers, deletion. */
#include "tools/mkimage/registry/registry.h"

#include <string.h>

#include "oci/distribution.h"
#include "tools/mkimage/registry/documents.h"
#include "tools/mkimage/registry/exchange.h"
#include "tools/mkimage/registry/header.h"
#include "tools/mkimage/registry/referrers.h"

struct remote {
	struct reference reference;
	struct place *places;
	size_t count;
};

static int find(struct registry *registry, const char *text, struct arena *arena, struct remote *remote,
		struct error *err)
{
	if (reference_parse(text, arena, &remote->reference, err) < 0)
		return -1;
	return places_find(registry->places, &remote->reference, registry->options.insecure,
			   registry->options.insecure_count, arena, &remote->places, &remote->count, err);
}

static const struct place *itself(const struct remote *remote)
{
	return &remote->places[remote->count - 1];
}

/* --- tags ------------------------------------------------------------------------------------- */

/* One page; `path` becomes that of the next, or NULL. */
static int take_page(struct registry *registry, const struct place *place, const char **path, struct arena *arena,
		     struct oci_strings *tags, struct error *err)
{
	struct exchange exchange = { .places = place, .places_count = 1, .method = "GET", .path = *path, .actions = "pull",
				     .text_max = OCI_DOCUMENT_BYTES_MAX };
	const char *prefix = arena_printf(arena, "/v2/%s/tags/list?", place->repository), *next;
	struct distribution_tags page;
	int r = exchange_one(registry, &exchange, err);

	if (r == 0)
		r = distribution_tags_parse(buffer_string(&exchange.request.text), exchange.request.text.length, arena, &page, err);
	for (size_t i = 0; r == 0 && i < page.tags.count; i++)
		*(const char **)arena_push(arena, &tags->items, &tags->count, sizeof(*tags->items)) = page.tags.items[i];
	next = header_next_link(exchange.request.link, arena);
	/* A whole address, or a path: only the same list of the same registry is gone on with. */
	if (next && strstr(next, prefix))
		*path = strstr(next, prefix) + strlen("/v2/") + strlen(place->repository);
	else
		*path = NULL;
	exchange_release(&exchange);
	return r;
}

int registry_tags(struct registry *registry, const char *repository, struct arena *arena, struct oci_strings *tags,
		  struct error *err)
{
	const char *path = "/tags/list?n=1000";
	struct remote remote;

	*tags = (struct oci_strings){ 0 };
	if (find(registry, repository, arena, &remote, err) < 0)
		return -1;
	for (unsigned int page = 0; path; page++) {
		if (page == REGISTRY_PAGES_MAX)
			return error_set(err, "'%s' lists more than %d pages of tags", repository, REGISTRY_PAGES_MAX);
		if (take_page(registry, itself(&remote), &path, arena, tags, err) < 0)
			return error_context(err, "cannot list '%s'", repository);
	}
	return 0;
}

/* --- documents -------------------------------------------------------------------------------- */

static int get(struct registry *registry, const struct remote *remote, struct arena *arena, struct document *document,
	       struct error *err)
{
	const struct oci_descriptor expected = { .digest = remote->reference.digest };

	return document_get(registry, remote->places, remote->count, remote->reference.tag,
			    expected.digest.text[0] ? &expected : NULL, false, arena, document, err);
}

int registry_look(struct registry *registry, const char *reference, struct arena *arena, struct digest *digest,
		  struct buffer *text, struct error *err)
{
	struct document document;
	struct remote remote;

	if (find(registry, reference, arena, &remote, err) < 0 || get(registry, &remote, arena, &document, err) < 0)
		return -1;
	*digest = document.descriptor.digest;
	buffer_add(text, document.text.data, document.text.length);
	document_release(&document);
	return 0;
}

int registry_referrers(struct registry *registry, const char *reference, struct arena *arena, struct oci_index *index,
		       struct error *err)
{
	struct document document;
	struct remote remote;
	int r;

	*index = (struct oci_index){ 0 };
	if (find(registry, reference, arena, &remote, err) < 0 || get(registry, &remote, arena, &document, err) < 0)
		return -1;
	r = referrers_get(registry, itself(&remote), &document.descriptor.digest, arena, index, err);
	document_release(&document);
	return r;
}

int registry_delete(struct registry *registry, const char *reference, struct arena *arena, struct error *err)
{
	struct exchange exchange = { .places_count = 1, .method = "DELETE", .actions = "pull,push,delete" };
	struct document document;
	struct remote remote;
	int r;

	if (find(registry, reference, arena, &remote, err) < 0 || get(registry, &remote, arena, &document, err) < 0)
		return -1;
	exchange.places = itself(&remote);
	exchange.path = arena_printf(arena, "/manifests/%s", document.descriptor.digest.text);
	document_release(&document);
	r = exchange_one(registry, &exchange, err);
	exchange_release(&exchange);
	return r;
}
