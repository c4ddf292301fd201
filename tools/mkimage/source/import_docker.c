/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image of a docker-archive (`docker save`, moby/docker-image-spec v1.2, "Combined
 * Image JSON + Filesystem Changeset Format"). It has no manifest, so one is made; config
 * and layers stay as they are, and each layer must have the diff_id of the config.
 */
#include "tools/mkimage/source/import_internal.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/source/hash.h"
#include "tools/mkimage/source/store_internal.h"

#define CHOICES_MAX 12

static bool is_tag(struct import_job *job, const char *tag, const char *select)
{
	struct reference wanted, is;

	return strcmp(tag, select) == 0 ||
	       (reference_parse(select, job->arena, &wanted, NULL) == 0 &&
		reference_parse(tag, job->arena, &is, NULL) == 0 && strcmp(wanted.name, is.name) == 0);
}

/* The tag that `select` names; the first one where nothing was selected, NULL where there is none. */
static bool is_selected(struct import_job *job, const struct docker_archive_image *image, const char **tag)
{
	const char *select = job->options->select;

	*tag = image->repo_tags.count ? image->repo_tags.items[0] : NULL;
	if (!select || strcmp(image->config, select) == 0)
		return true;
	for (size_t i = 0; i < image->repo_tags.count; i++) {
		if (is_tag(job, image->repo_tags.items[i], select)) {
			*tag = image->repo_tags.items[i];
			return true;
		}
	}
	return false;
}

static const char *list_images(struct import_job *job, const struct docker_archive *archive)
{
	const char *list = "";

	for (size_t i = 0; i < archive->count; i++) {
		const struct docker_archive_image *image = &archive->images[i];

		if (i == CHOICES_MAX)
			return arena_printf(job->arena, "%s, ...", list);
		list = arena_printf(job->arena, "%s%s'%.80s'", list, i ? ", " : "",
				    image->repo_tags.count ? image->repo_tags.items[0] : image->config);
	}
	return list;
}

static int choose_image(struct import_job *job, const struct docker_archive *archive,
			const struct docker_archive_image **chosen, struct error *err)
{
	const char *tag, *name = NULL;
	size_t n = 0;

	if (archive->count == 0)
		return error_set(err, "manifest.json lists no image");
	for (size_t i = 0; i < archive->count; i++) {
		if (!is_selected(job, &archive->images[i], &tag))
			continue;
		if (n++ == 0) {
			*chosen = &archive->images[i];
			name = tag;
		}
	}
	if (n == 0)
		return error_set(err, "there is no image '%s'; choose one with --select: %s",
				 job->options->select, list_images(job, archive));
	if (n > 1)
		return error_set(err, "there are %zu images; choose one with --select: %s", n,
				 list_images(job, archive));
	return import_take_name(job, name, err);
}

/* "HEX.json", "sha256:HEX" and "blobs/sha256/HEX" name a digest; other names are only names. */
static bool named_digest(struct import_job *job, const char *path, const char *suffix, struct digest *digest)
{
	const char *base = path_base(path);
	size_t n = strlen(base), m = strlen(suffix);
	const char *text;

	if (strncmp(base, "sha256:", 7) == 0) {
		base += 7;
		n -= 7;
	}
	if (n > m && strcmp(base + n - m, suffix) == 0)
		n -= m;
	text = arena_printf(job->arena, "sha256:%.*s", (int)n, base);
	return digest_parse(text, digest, NULL) == 0;
}

static int read_config(struct import_job *job, const struct docker_archive_image *image, struct buffer *text,
		       struct oci_image_config *config, struct oci_descriptor *descriptor, struct error *err)
{
	struct digest named;

	if (import_document(job, image->config, OCI_DOCUMENT_BYTES_MAX, text, err) < 0)
		return -1;
	hash_bytes(text->data, text->length, &descriptor->digest);
	descriptor->size = text->length;
	descriptor->media_type = MEDIA_TYPE_CONFIG;
	if (named_digest(job, image->config, ".json", &named) && !digest_equal(&named, &descriptor->digest))
		return error_set(err, "config '%s' is damaged: its bytes have digest '%s'", image->config,
				 descriptor->digest.text);
	if (oci_image_config_parse(buffer_string(text), text->length, job->arena, config, err) < 0)
		return error_context(err, "config '%s'", image->config);
	if (job->options->platform && store_check_platform(config, job->options->platform, err) < 0)
		return -1;
	if (image->layers.count != config->diff_ids_count)
		return error_set(err, "manifest.json has %zu layers, but the config has %zu diff_ids",
				 image->layers.count, config->diff_ids_count);
	return 0;
}

static int import_one_layer(struct import_job *job, const char *path, const struct digest *diff_id,
			    struct oci_descriptor *descriptor, struct error *err)
{
	struct import_expected expected = { .diff_id = diff_id };
	struct import_layer layer;
	struct import_file file;
	int r = job->files->open(job->files, path, &file, err);

	if (r > 0)
		return error_set(err, "'%s' is missing", path);
	if (r < 0)
		return -1;
	r = import_layer(job->store, &file, &expected, &layer, err);
	import_file_close(&file);
	if (r < 0)
		return error_context(err, "'%s'", path);
	*descriptor = layer.descriptor;
	return 0;
}

static int import_layers(struct import_job *job, const struct docker_archive_image *image,
			 const struct oci_image_config *config, struct oci_manifest *manifest,
			 struct error *err)
{
	if (image->layers.count > OCI_LAYERS_MAX)
		return error_set(err, "the image has %zu layers; at most %d are allowed", image->layers.count,
				 OCI_LAYERS_MAX);
	manifest->layers = arena_array(job->arena, image->layers.count, sizeof(*manifest->layers));
	manifest->layers_count = image->layers.count;
	for (size_t i = 0; i < image->layers.count; i++)
		if (import_one_layer(job, image->layers.items[i], &config->diff_ids[i], &manifest->layers[i],
				     err) < 0)
			return error_context(err, "layers[%zu]", i);
	return 0;
}

int import_docker(struct import_job *job, struct oci_descriptor *descriptor, struct error *err)
{
	autobuffer struct buffer list = { 0 }, config_text = { 0 }, manifest_text = { 0 };
	struct oci_manifest manifest = { .media_type = MEDIA_TYPE_MANIFEST };
	const struct docker_archive_image *image = NULL;
	struct docker_archive archive;
	struct oci_image_config config;

	if (import_document(job, "manifest.json", OCI_DOCUMENT_BYTES_MAX, &list, err) < 0)
		return -1;
	if (docker_archive_parse(buffer_string(&list), list.length, job->arena, &archive, err) < 0)
		return error_context(err, "manifest.json");
	if (choose_image(job, &archive, &image, err) < 0 ||
	    read_config(job, image, &config_text, &config, &manifest.config, err) < 0 ||
	    import_layers(job, image, &config, &manifest, err) < 0 ||
	    store_put(job->store, config_text.data, config_text.length, NULL, err) < 0 ||
	    oci_manifest_write(&manifest, &manifest_text, err) < 0)
		return -1;
	*descriptor =
		(struct oci_descriptor){ .media_type = MEDIA_TYPE_MANIFEST, .size = manifest_text.length };
	return store_put(job->store, manifest_text.data, manifest_text.length, &descriptor->digest, err);
}
