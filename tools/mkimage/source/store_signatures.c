/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/source/store_signatures.h"

#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/source/store_platform.h"

static const char *const suffixes[] = { [SIGNATURE_TAG] = ".sig", [SIGNATURE_REFERRERS] = "" };

const char *store_signature_tag(const struct digest *digest, enum signature_form form, struct arena *arena)
{
	return arena_printf(arena, "%s-%s%s", digest_algorithm(digest), digest_hex(digest), suffixes[form]);
}

const char *store_signature_name(const struct reference *of, const struct digest *digest, enum signature_form form,
				 struct arena *arena)
{
	return arena_printf(arena, "%s/%s:%s", of->registry, of->repository, store_signature_tag(digest, form, arena));
}

int store_tag_signatures(struct store *store, const struct reference *of, const struct digest *digest,
			 enum signature_form form, const struct oci_descriptor *descriptor, struct arena *arena, struct error *err)
{
	const char *name = store_signature_name(of, digest, form, arena);
	struct oci_pair pairs[] = { { ANNOTATION_PULLED, name }, { ANNOTATION_SIGNS, digest->text } };
	struct oci_descriptor entry = *descriptor;

	entry.annotations = (struct oci_pairs){ pairs, ARRAY_SIZE(pairs) };
	return store_tag(store, name, &entry, err);
}

static void push(struct oci_index *manifests, const struct oci_descriptor *manifest, struct arena *arena)
{
	struct oci_descriptor *more = arena_push(arena, &manifests->manifests, &manifests->count, sizeof(*more));

	*more = *manifest;
}

static int add(struct store *store, const struct oci_descriptor *entry, struct arena *arena, struct oci_index *manifests,
	       struct error *err)
{
	autobuffer struct buffer text = { 0 };
	struct oci_index index;

	if (!store_is_index(entry->media_type)) {
		push(manifests, entry, arena);
		return 0;
	}
	if (store_get(store, entry, OCI_DOCUMENT_BYTES_MAX, &text, err) < 0 ||
	    oci_index_parse(buffer_string(&text), text.length, arena, &index, err) < 0)
		return -1;
	for (size_t i = 0; i < index.count; i++)
		push(manifests, &index.manifests[i], arena);
	return 0;
}

int store_signatures(struct store *store, const struct reference *of, const struct digest *digest, struct arena *arena,
		     struct oci_index *manifests, struct error *err)
{
	struct oci_index index;

	*manifests = (struct oci_index){ 0 };
	if (store_list(store, arena, &index, err) < 0)
		return -1;
	for (size_t form = 0; form < ARRAY_SIZE(suffixes); form++) {
		const char *name = store_signature_name(of, digest, (enum signature_form)form, arena);

		for (size_t i = 0; i < index.count; i++) {
			const char *there = store_annotation(&index.manifests[i], ANNOTATION_REF_NAME);

			if (there && strcmp(there, name) == 0 && add(store, &index.manifests[i], arena, manifests, err) < 0)
				return error_context(err, "'%s'", name);
		}
	}
	return 0;
}
