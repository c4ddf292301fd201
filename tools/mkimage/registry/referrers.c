/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/referrers.h"

#include "tools/mkimage/registry/documents.h"
#include "tools/mkimage/registry/exchange.h"

/* distribution-spec, "Listing Referrers": 404 says that the API is not there, and then the tag of the digest is asked. */
int referrers_get(struct registry *registry, const struct place *place, const struct digest *digest, struct arena *arena,
		  struct oci_index *index, struct error *err)
{
	struct exchange exchange = { .places = place, .places_count = 1, .method = "GET", .actions = "pull",
				     .path = arena_printf(arena, "/referrers/%s", digest->text), .accept = MEDIA_TYPE_INDEX,
				     .text_max = OCI_DOCUMENT_BYTES_MAX, .also_fine = 404 };
	struct document document;
	int r;

	*index = (struct oci_index){ 0 };
	r = exchange_one(registry, &exchange, err);
	if (r == 0 && exchange.request.status == 200)
		r = oci_index_parse(buffer_string(&exchange.request.text), exchange.request.text.length, arena, index, err);
	else if (r == 0)
		r = 1;
	exchange_release(&exchange);
	if (r <= 0)
		return r;
	r = document_get(registry, place, 1,
			 arena_printf(arena, "%s-%s", digest_algorithm(digest), digest_hex(digest)), NULL, true, arena, &document,
			 err);
	if (r == 0 && document.is_index)
		*index = document.index;
	if (r == 0)
		document_release(&document);
	return r < 0 ? -1 : 0;
}
