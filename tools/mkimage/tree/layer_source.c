/* SPDX-License-Identifier: Apache-2.0 */
/* Where layers come from. */
#include "tools/mkimage/tree/layer.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/buffer.h"
#include "tools/mkimage/tree/node.h"
#include "tools/mkimage/tree/snapshot.h"

static long read_fd(void *context, void *data, size_t length, struct error *err)
{
	const int *fd = context;
	ssize_t n;

	do
		n = read(*fd, data, length);
	while (n < 0 && errno == EINTR);
	return n < 0 ? error_errno(err, "cannot read") : n;
}

int layer_apply_fd(struct tree *tree, int fd, const char *name, struct error *err)
{
	return layer_apply(tree, read_fd, &fd, NULL, name, err);
}

static long read_blob(void *context, void *data, size_t length, struct error *err)
{
	return store_reader_read(context, data, length, err);
}

static int apply_blob(struct tree *tree, struct store *store, const struct oci_descriptor *blob,
		      const struct digest *diff_id, struct error *err)
{
	struct store_reader *reader;
	int r;

	if (store_reader_open(store, blob, &reader, err) < 0)
		return -1;
	r = layer_apply(tree, read_blob, reader, diff_id, blob->digest.text, err);
	store_reader_close(reader);
	return r;
}

/* Past the last number they have none. */
static void next_origin(struct tree *tree)
{
	if (tree->origin)
		tree->origin++;
}

static int apply_layers(struct tree *tree, struct store *store, const struct oci_image *image, struct error *err)
{
	const struct oci_manifest *manifest = &image->manifest;

	for (size_t i = 0; i < manifest->layers_count; i++) {
		if (apply_blob(tree, store, &manifest->layers[i], &image->config.diff_ids[i], err) < 0)
			return error_context(err, "image '%s': layer %zu", image->name, i + 1);
		next_origin(tree);
	}
	return 0;
}

/* All that the files of an image depend on. */
static const char *key_of(const struct oci_image *image, struct buffer *key)
{
	for (size_t i = 0; i < image->manifest.layers_count; i++)
		buffer_printf(key, "%s %" PRIu64 " %s\n", image->manifest.layers[i].digest.text, image->manifest.layers[i].size,
			      image->config.diff_ids[i].text);
	return buffer_string(key);
}

void layer_stamps(struct store *store, const struct oci_image *image, struct buffer *out)
{
	for (size_t i = 0; i < image->manifest.layers_count; i++)
		store_stamp(store, &image->manifest.layers[i].digest, out);
}

static int apply_or_load(struct tree *tree, struct store *store, const struct oci_image *image, struct error *err)
{
	autobuffer struct buffer key = { 0 }, stamps = { 0 };
	struct snapshot_name name = { store_cache(store), key_of(image, &key), NULL };
	struct snapshot *snapshot;
	int r;

	layer_stamps(store, image, &stamps);
	name.stamp = buffer_string(&stamps);
	if (snapshot_load(tree, &name)) {
		for (size_t i = 0; i < image->manifest.layers_count; i++)
			next_origin(tree);
		return 0;
	}
	snapshot = snapshot_begin(tree, &name);
	r = apply_layers(tree, store, image, err);
	snapshot_end(snapshot, r == 0);
	return r;
}

int layer_apply_image(struct tree *tree, struct store *store, const struct oci_image *image, struct error *err)
{
	const struct oci_manifest *manifest = &image->manifest;

	/* store_image() has compared the two. */
	if (manifest->layers_count != image->config.diff_ids_count)
		return error_set(err, "image '%s': %zu layers, but %zu diff_ids", image->name, manifest->layers_count,
				 image->config.diff_ids_count);
	return apply_or_load(tree, store, image, err);
}
