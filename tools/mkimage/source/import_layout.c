/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image of an OCI layout, whether a directory or an archive holds it:
 * index.json, perhaps indexes below it, one manifest, config and layers. Bytes are
 * stored as they are, Docker's media types too, so that digests stay.
 */
#include "tools/mkimage/source/import_internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/layout.h"
#include "tools/mkimage/source/hash.h"
#include "tools/mkimage/source/store_internal.h"

/* containerd and docker put the whole name here, and only the tag into the annotation of the image-spec. */
#define ANNOTATION_IMAGE_NAME "io.containerd.image.name"

#define CHOICES_MAX 12

static const struct layer_type {
	const char *media_type;
	bool foreign; /* its bytes are to be fetched from elsewhere */
} layer_types[] = {
	{ MEDIA_TYPE_LAYER, false },
	{ MEDIA_TYPE_LAYER_GZIP, false },
	{ MEDIA_TYPE_LAYER_ZSTD, false },
	{ MEDIA_TYPE_DOCKER_LAYER, false },
	{ "application/vnd.docker.image.rootfs.diff.tar", false },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", false },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar", true },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", true },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar", true },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true },
};

static int open_blob(struct import_job *job, const struct oci_descriptor *descriptor,
		     struct import_file *file, struct error *err)
{
	int r = job->files->open(job->files, store_blob_path(&descriptor->digest, job->arena), file, err);

	if (r > 0)
		return error_set(err, "blob '%s' is missing", descriptor->digest.text);
	if (r < 0)
		return -1;
	if (file->size == descriptor->size)
		return 0;
	import_file_close(file);
	return error_set(err, "blob '%s' has %" PRIu64 " bytes, but its descriptor says %" PRIu64,
			 descriptor->digest.text, file->size, descriptor->size);
}

/* A document, verified: index, manifest or config. */
static int read_blob(struct import_job *job, const struct oci_descriptor *descriptor, struct buffer *text,
		     struct error *err)
{
	const char *path = store_blob_path(&descriptor->digest, job->arena);
	struct import_file file;
	struct digest digest;
	struct hash *hash;

	if (open_blob(job, descriptor, &file, err) < 0)
		return -1;
	import_file_close(&file);
	text->length = 0;
	if (import_document(job, path, OCI_DOCUMENT_BYTES_MAX, text, err) < 0)
		return -1;
	hash = hash_new(digest_algorithm(&descriptor->digest));
	hash_add(hash, text->data, text->length);
	hash_finish(hash, &digest);
	if (!digest_equal(&digest, &descriptor->digest))
		return error_set(err, "blob '%s' is damaged: its bytes have digest '%s'",
				 descriptor->digest.text, digest.text);
	return 0;
}

static int put_blob(struct import_job *job, const struct oci_descriptor *descriptor,
		    const struct buffer *text, struct error *err)
{
	struct store_writer *writer;
	int r = -1;

	if (store_writer_open(job->store, &writer, err) < 0)
		return -1;
	if (store_writer_add(writer, text->data, text->length, err) == 0)
		r = store_writer_commit(writer, &descriptor->digest, NULL, NULL, err);
	store_writer_discard(writer);
	return r;
}

/* --- which image -------------------------------------------------------------------------- */

static const char *name_of(const struct oci_descriptor *descriptor)
{
	const char *name = store_annotation(descriptor, ANNOTATION_IMAGE_NAME);

	return name ? name : store_annotation(descriptor, ANNOTATION_REF_NAME);
}

static bool is_selected(struct import_job *job, const struct oci_descriptor *descriptor, const char *select)
{
	const char *ref = store_annotation(descriptor, ANNOTATION_REF_NAME), *name = name_of(descriptor);
	struct reference wanted, is;

	if ((ref && strcmp(ref, select) == 0) || (name && strcmp(name, select) == 0) ||
	    strcmp(descriptor->digest.text, select) == 0)
		return true;
	return name && reference_parse(select, job->arena, &wanted, NULL) == 0 &&
	       reference_parse(name, job->arena, &is, NULL) == 0 && strcmp(wanted.name, is.name) == 0;
}

static const char *list_images(struct import_job *job, const struct oci_index *index)
{
	const char *list = "";

	for (size_t i = 0; i < index->count; i++) {
		const char *name = name_of(&index->manifests[i]);

		if (i == CHOICES_MAX)
			return arena_printf(job->arena, "%s, ...", list);
		list = arena_printf(job->arena, "%s%s'%.80s'", list, i ? ", " : "",
				    name ? name : index->manifests[i].digest.text);
	}
	return list;
}

/* The platforms of one image, listed side by side: all under one name, each with its platform. */
static bool is_one_image(const struct oci_index *index)
{
	const char *first = index->count ? name_of(&index->manifests[0]) : NULL;

	for (size_t i = 0; i < index->count; i++) {
		const char *name = name_of(&index->manifests[i]);

		if (!index->manifests[i].platform.architecture || !name != !first ||
		    (name && strcmp(name, first) != 0))
			return false;
	}
	return true;
}

/* Several names of the same digest are one image, too. */
static bool is_one_digest(const struct oci_index *index)
{
	for (size_t i = 1; i < index->count; i++)
		if (!digest_equal(&index->manifests[i].digest, &index->manifests[0].digest))
			return false;
	return index->count > 0;
}

static int choose_image(struct import_job *job, const struct oci_index *index, struct oci_descriptor *chosen,
			struct error *err)
{
	const char *select = job->options->select;
	const struct oci_descriptor *found;
	struct oci_index candidates = { 0 };

	if (index->count == 0)
		return error_set(err, "index.json lists no image");
	for (size_t i = 0; i < index->count; i++)
		if (!select || is_selected(job, &index->manifests[i], select))
			*(struct oci_descriptor *)arena_push(job->arena, &candidates.manifests,
							     &candidates.count, sizeof(*chosen)) =
				index->manifests[i];
	if (candidates.count == 0)
		return error_set(err, "there is no image '%s'; choose one with --select: %s", select,
				 list_images(job, index));
	found = &candidates.manifests[0];
	if (!is_one_digest(&candidates) && !is_one_image(&candidates))
		return error_set(err, "there are %zu images; choose one with --select: %s", candidates.count,
				 list_images(job, &candidates));
	if (!is_one_digest(&candidates) &&
	    store_choose_platform(&candidates, job->options->platform, job->arena, &found, err) < 0)
		return -1;
	*chosen = *found;
	return import_take_name(job, name_of(found), err);
}

static int follow_indexes(struct import_job *job, struct oci_descriptor *descriptor, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	const struct oci_descriptor *chosen;
	struct oci_index index;

	for (unsigned int depth = 0; store_is_index(descriptor->media_type); depth++) {
		if (depth == IMPORT_INDEX_DEPTH_MAX)
			return error_set(err, "indexes are nested more than %d deep", IMPORT_INDEX_DEPTH_MAX);
		if (read_blob(job, descriptor, &text, err) < 0)
			return -1;
		if (oci_index_parse(buffer_string(&text), text.length, job->arena, &index, err) < 0 ||
		    store_choose_platform(&index, job->options->platform, job->arena, &chosen, err) < 0)
			return error_context(err, "index '%s'", descriptor->digest.text);
		*descriptor = *chosen;
	}
	if (!store_is_manifest(descriptor->media_type))
		return error_set(err, "'%s' has media type '%.100s', not that of an image",
				 descriptor->digest.text,
				 descriptor->media_type ? descriptor->media_type : "");
	return 0;
}

/* --- its parts ---------------------------------------------------------------------------- */

int import_check_layer_type(const struct oci_descriptor *layer, struct error *err)
{
	const char *type = layer->media_type ? layer->media_type : "";

	for (size_t i = 0; i < ARRAY_SIZE(layer_types); i++) {
		if (strcmp(layer_types[i].media_type, type) != 0)
			continue;
		if (layer_types[i].foreign)
			return error_set(
				err,
				"media type '%s' is a foreign layer, whose bytes are kept elsewhere; "
				"use an image that holds all of its layers",
				type);
		return 0;
	}
	return error_set(
		err, "unknown media type '%.100s'; expected a tar, with gzip, zstd or no compression", type);
}

static int import_one_layer(struct import_job *job, const struct oci_descriptor *layer,
			    const struct digest *diff_id, struct error *err)
{
	struct import_expected expected = { .digest = &layer->digest, .diff_id = diff_id };
	struct import_layer result;
	struct import_file file;
	int r;

	if (open_blob(job, layer, &file, err) < 0)
		return -1;
	r = import_layer(job->store, &file, &expected, &result, err);
	import_file_close(&file);
	if (r < 0)
		return error_context(err, "blob '%s'", layer->digest.text);
	return 0;
}

/* The same layer twice, as empty ones often are, is read once. */
static bool was_imported(const struct oci_manifest *manifest, const struct oci_image_config *config, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (digest_equal(&manifest->layers[i].digest, &manifest->layers[n].digest) &&
		    manifest->layers[i].size == manifest->layers[n].size &&
		    digest_equal(&config->diff_ids[i], &config->diff_ids[n]))
			return true;
	return false;
}

static int import_layers(struct import_job *job, const struct oci_manifest *manifest,
			 const struct oci_image_config *config, struct error *err)
{
	if (manifest->layers_count != config->diff_ids_count)
		return error_set(err, "the manifest has %zu layers, but the config has %zu diff_ids",
				 manifest->layers_count, config->diff_ids_count);
	for (size_t i = 0; i < manifest->layers_count; i++)
		if (import_check_layer_type(&manifest->layers[i], err) < 0)
			return error_context(err, "layers[%zu]", i);
	for (size_t i = 0; i < manifest->layers_count; i++)
		if (!was_imported(manifest, config, i) &&
		    import_one_layer(job, &manifest->layers[i], &config->diff_ids[i], err) < 0)
			return error_context(err, "layers[%zu]", i);
	return 0;
}

int import_check_config_type(const struct oci_descriptor *config, struct error *err)
{
	if (config->media_type && (strcmp(config->media_type, MEDIA_TYPE_CONFIG) == 0 ||
				   strcmp(config->media_type, MEDIA_TYPE_DOCKER_CONFIG) == 0))
		return 0;
	return error_set(err, "not a container image: its config has media type '%.100s'",
			 config->media_type ? config->media_type : "");
}

static int import_manifest(struct import_job *job, const struct oci_descriptor *descriptor, struct error *err)
{
	autobuffer struct buffer manifest_text = { 0 }, config_text = { 0 };
	struct oci_image_config config;
	struct oci_manifest manifest;

	if (read_blob(job, descriptor, &manifest_text, err) < 0)
		return error_context(err, "manifest");
	if (oci_manifest_parse(buffer_string(&manifest_text), manifest_text.length, job->arena, &manifest,
			       err) < 0)
		return error_context(err, "manifest '%s'", descriptor->digest.text);
	if (import_check_config_type(&manifest.config, err) < 0)
		return -1;
	if (read_blob(job, &manifest.config, &config_text, err) < 0)
		return error_context(err, "config");
	if (oci_image_config_parse(buffer_string(&config_text), config_text.length, job->arena, &config,
				   err) < 0)
		return error_context(err, "config '%s'", manifest.config.digest.text);
	if (job->options->platform && store_check_platform(&config, job->options->platform, err) < 0)
		return -1;
	if (import_layers(job, &manifest, &config, err) < 0 ||
	    put_blob(job, &manifest.config, &config_text, err) < 0)
		return -1;
	return put_blob(job, descriptor, &manifest_text, err);
}

int import_layout(struct import_job *job, struct oci_descriptor *manifest, struct error *err)
{
	autobuffer struct buffer layout = { 0 }, text = { 0 };
	struct oci_index index;

	if (import_document(job, "oci-layout", OCI_LAYOUT_BYTES_MAX, &layout, err) < 0 ||
	    oci_layout_check(buffer_string(&layout), layout.length, err) < 0 ||
	    import_document(job, "index.json", OCI_DOCUMENT_BYTES_MAX, &text, err) < 0)
		return -1;
	if (oci_index_parse(buffer_string(&text), text.length, job->arena, &index, err) < 0)
		return error_context(err, "index.json");
	if (choose_image(job, &index, manifest, err) < 0 || follow_indexes(job, manifest, err) < 0)
		return -1;
	return import_manifest(job, manifest, err);
}
