/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures go along with what they are about, in both forms: store_signatures.h. */
#include "tools/mkimage/registry/push.h"

#include <string.h>

#include "base/cleanup.h"
#include "oci/signature.h"
#include "tools/mkimage/source/store_signatures.h"

/* --- cosign's tag ------------------------------------------------------------------------------ */

static const char *signature_of(const struct oci_descriptor *layer)
{
	const char *signature = store_annotation(layer, ANNOTATION_SIGNATURE);

	return signature ? signature : "";
}

/* Many signatures are of the same payload, and differ in their annotation. */
static bool has_layer(const struct oci_manifest *manifest, const struct oci_descriptor *layer)
{
	for (size_t i = 0; i < manifest->layers_count; i++)
		if (digest_equal(&manifest->layers[i].digest, &layer->digest) &&
		    strcmp(signature_of(&manifest->layers[i]), signature_of(layer)) == 0)
			return true;
	return false;
}

static bool has_all(const struct oci_manifest *manifest, const struct oci_manifest *of)
{
	for (size_t i = 0; i < of->layers_count; i++)
		if (!has_layer(manifest, &of->layers[i]))
			return false;
	return true;
}

/* What is there already: nothing to do (1), to be replaced (0), or something else. */
static int compare(struct push *push, const struct document *there, const struct oci_descriptor *ours, const char *tag,
		   struct error *err)
{
	struct document mine = { .descriptor = *ours };
	int r = store_get(push->store, ours, OCI_DOCUMENT_BYTES_MAX, &mine.text, err);

	if (r == 0)
		r = document_parse(ours->media_type, push->arena, &mine, err);
	if (r == 0) {
		if (there->is_index || mine.is_index ||
		    (!has_all(&mine.manifest, &there->manifest) && !has_all(&there->manifest, &mine.manifest)))
			r = error_set(err, "the registry has other signatures under '%s', which would be lost; take that tag away there, "
				      "or use '--no-signatures'", tag);
		else
			r = has_all(&there->manifest, &mine.manifest);
	}
	document_release(&mine);
	return r;
}

static int push_tag(struct push *push, const struct digest *digest, const struct oci_descriptor *ours, struct error *err)
{
	const char *tag = store_signature_tag(digest, SIGNATURE_TAG, push->arena);
	struct document there;
	int r = document_get(push->registry, push->place, 1, tag, NULL, true, push->arena, &there, err);

	if (r == 0) {
		r = compare(push, &there, ours, tag, err);
		document_release(&there);
		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	return r < 0 ? -1 : push_document(push, ours, tag, NULL, err);
}

/* --- referrers --------------------------------------------------------------------------------- */

static bool has_manifest(const struct oci_index *index, const struct digest *digest)
{
	for (size_t i = 0; i < index->count; i++)
		if (digest_equal(&index->manifests[i].digest, digest))
			return true;
	return false;
}

static int put_list(struct push *push, const struct oci_index *index, const char *tag, struct error *err)
{
	struct document document = { .descriptor.media_type = MEDIA_TYPE_INDEX };
	int r = oci_index_write(index, &document.text, err);

	if (r == 0)
		r = push_text(push, &document, tag, NULL, err);
	document_release(&document);
	return r;
}

/* A registry without an API for referrers has their list under a tag, which is ours to keep: distribution-spec, "Referrers Tag Schema". */
static int list_referrers(struct push *push, const struct digest *digest, const struct oci_index *ours, struct error *err)
{
	const char *tag = store_signature_tag(digest, SIGNATURE_REFERRERS, push->arena);
	struct oci_index list = { 0 };
	struct document there;
	size_t more = 0;
	int r = document_get(push->registry, push->place, 1, tag, NULL, true, push->arena, &there, err);

	if (r < 0)
		return -1;
	if (r == 0 && !there.is_index)
		r = error_set(err, "the registry has something else than a list of referrers under '%s'", tag);
	for (size_t i = 0; r == 0 && i < there.index.count; i++)
		*(struct oci_descriptor *)arena_push(push->arena, &list.manifests, &list.count, sizeof(*list.manifests)) =
			there.index.manifests[i];
	document_release(&there);
	for (size_t i = 0; r >= 0 && i < ours->count; i++)
		if (!has_manifest(&list, &ours->manifests[i].digest)) {
			*(struct oci_descriptor *)arena_push(push->arena, &list.manifests, &list.count, sizeof(*list.manifests)) =
				ours->manifests[i];
			more++;
		}
	return r < 0 ? -1 : more ? put_list(push, &list, tag, err) : 0;
}

static int push_referrers(struct push *push, const struct digest *digest, const struct oci_descriptor *entry, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	struct oci_index index;
	bool listed = true;

	if (store_get(push->store, entry, OCI_DOCUMENT_BYTES_MAX, &text, err) < 0 ||
	    oci_index_parse(buffer_string(&text), text.length, push->arena, &index, err) < 0)
		return -1;
	for (size_t i = 0; i < index.count; i++) {
		bool subject;

		if (push_document(push, &index.manifests[i], NULL, &subject, err) < 0)
			return -1;
		listed = listed && subject;
	}
	return listed ? 0 : list_referrers(push, digest, &index, err);
}

/* --- both -------------------------------------------------------------------------------------- */

static int (*const forms[])(struct push *push, const struct digest *digest, const struct oci_descriptor *entry, struct error *err) = {
	[SIGNATURE_TAG] = push_tag, [SIGNATURE_REFERRERS] = push_referrers,
};

int push_signatures(struct push *push, const struct digest *digest, struct error *err)
{
	if (push->signing == REGISTRY_SIGNING_NONE)
		return 0;
	if (push->signing == REGISTRY_SIGNING_SOURCE &&
	    registry_signatures(push->registry, push->store, push->of->name, digest, err) < 0)
		return error_context(err, "signatures ('--no-signatures' leaves them)");
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		const char *name = store_signature_name(push->of, digest, (enum signature_form)form, push->arena);
		struct oci_descriptor entry;

		if (store_find(push->store, name, push->arena, &entry, NULL) == 0 && forms[form](push, digest, &entry, err) < 0)
			return error_context(err, "signatures of '%s'", digest->text);
	}
	return 0;
}
