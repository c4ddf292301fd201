/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/package/write.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "tools/mkimage/package/label.h"
#include "tools/mkimage/source/hash.h"
#include "tools/mkimage/tree/layer.h"

/* Packages are read far more often than they are made; beyond this level size gains little. */
#define LAYER_LEVEL 9
#define COMPRESSED_CHUNK 65536

struct layer_sink {
	ZSTD_CCtx *zstd;
	struct hash *hash;		/* of the bytes before compression: the diff_id */
	struct store_writer *blob;
};

static int compress(struct layer_sink *sink, const void *data, size_t length, ZSTD_EndDirective mode, struct error *err)
{
	ZSTD_inBuffer in = { data, length, 0 };
	char chunk[COMPRESSED_CHUNK];
	size_t left;

	do {
		ZSTD_outBuffer out = { chunk, sizeof(chunk), 0 };

		left = ZSTD_compressStream2(sink->zstd, &out, &in, mode);
		if (ZSTD_isError(left))
			return error_set(err, "cannot compress the layer: %s", ZSTD_getErrorName(left));
		if (out.pos && store_writer_add(sink->blob, chunk, out.pos, err) < 0)
			return -1;
	} while (in.pos < in.size || (mode == ZSTD_e_end && left > 0));
	return 0;
}

static int add_bytes(void *context, const void *data, size_t length, struct error *err)
{
	struct layer_sink *sink = context;

	hash_add(sink->hash, data, length);
	return compress(sink, data, length, ZSTD_e_continue, err);
}

static int write_layer(struct tree *tree, struct store *store, struct oci_descriptor *layer, struct digest *diff_id,
		       struct error *err)
{
	struct layer_sink sink = { .zstd = ZSTD_createCCtx(), .hash = hash_new("sha256") };
	int r = store_writer_open(store, &sink.blob, err);

	if (!sink.zstd)
		arena_out_of_memory();
	(void)ZSTD_CCtx_setParameter(sink.zstd, ZSTD_c_compressionLevel, LAYER_LEVEL);
	*layer = (struct oci_descriptor){ .media_type = MEDIA_TYPE_LAYER_ZSTD };
	if (r == 0 && (r = layer_write_tree(tree, add_bytes, &sink, err)) == 0 &&
	    (r = compress(&sink, NULL, 0, ZSTD_e_end, err)) == 0)
		r = store_writer_commit(sink.blob, NULL, &layer->digest, &layer->size, err);
	hash_finish(sink.hash, diff_id);
	store_writer_discard(sink.blob);
	ZSTD_freeCCtx(sink.zstd);
	return r;
}

static struct oci_strings strings_of(const struct manifest_strings *from, struct arena *arena)
{
	struct oci_strings to = { .items = arena_array(arena, from->count, sizeof(*to.items)), .count = from->count };

	for (size_t i = 0; i < from->count; i++)
		to.items[i] = from->items[i].value;
	return to;
}

static struct oci_pairs labels_of(const struct recipe *recipe, struct arena *arena)
{
	struct oci_pairs labels = { 0 };

	for (size_t i = 0; i < recipe->labels.count; i++)
		*(struct oci_pair *)arena_push(arena, &labels.items, &labels.count, sizeof(*labels.items)) =
			(struct oci_pair){ recipe->labels.items[i].key, recipe->labels.items[i].value };
	if (recipe->config)
		*(struct oci_pair *)arena_push(arena, &labels.items, &labels.count, sizeof(*labels.items)) =
			(struct oci_pair){ PACKAGE_CONFIG_LABEL, label_json(recipe->config, arena) };
	return labels;
}

static int put_config(const struct recipe *recipe, const char *architecture, const struct digest *diff_id, struct store *store,
		      struct arena *arena, struct oci_descriptor *descriptor, struct error *err)
{
	static const char default_path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	autobuffer struct buffer json = { 0 };
	struct digest diff_ids[1] = { *diff_id };
	struct oci_image_config config = {
		.architecture = architecture, .os = "linux", .created = "1970-01-01T00:00:00Z",
		.diff_ids = diff_ids, .diff_ids_count = 1,
	};
	static const char *path_only[] = { default_path };

	config.config.user = recipe->user.value;
	config.config.working_dir = recipe->working_dir.value;
	config.config.stop_signal = recipe->stop_signal.value;
	config.config.env = recipe->env.set ? strings_of(&recipe->env, arena)
					    : (struct oci_strings){ path_only, ARRAY_SIZE(path_only) };
	config.config.entrypoint = strings_of(&recipe->entrypoint, arena);
	config.config.cmd = strings_of(&recipe->cmd, arena);
	config.config.exposed_ports = strings_of(&recipe->exposed_ports, arena);
	config.config.volumes = strings_of(&recipe->volumes, arena);
	config.config.labels = labels_of(recipe, arena);
	if (oci_image_config_write(&config, &json, err) < 0)
		return -1;
	*descriptor = (struct oci_descriptor){ .media_type = MEDIA_TYPE_CONFIG, .size = json.length };
	return store_put(store, json.data, json.length, &descriptor->digest, err);
}

static int put_manifest(const struct oci_descriptor *config, struct oci_descriptor *layer, const struct digest *inputs,
			struct store *store, struct oci_descriptor *descriptor, struct error *err)
{
	autobuffer struct buffer json = { 0 };
	struct oci_pair annotations[] = { { PACKAGE_INPUTS_ANNOTATION, inputs->text } };
	struct oci_manifest manifest = {
		.media_type = MEDIA_TYPE_MANIFEST, .config = *config, .layers = layer, .layers_count = 1,
		.annotations = { annotations, ARRAY_SIZE(annotations) },
	};

	if (oci_manifest_write(&manifest, &json, err) < 0)
		return -1;
	*descriptor = (struct oci_descriptor){ .media_type = MEDIA_TYPE_MANIFEST, .size = json.length };
	return store_put(store, json.data, json.length, &descriptor->digest, err);
}

int write_image(struct tree *tree, const struct recipe *recipe, const struct architecture *architecture, const char *name,
		const struct digest *inputs, struct store *store, struct arena *arena, struct digest *digest, struct error *err)
{
	struct oci_descriptor layer, config, manifest;
	struct digest diff_id;

	if (write_layer(tree, store, &layer, &diff_id, err) < 0 ||
	    put_config(recipe, architecture->name, &diff_id, store, arena, &config, err) < 0 ||
	    put_manifest(&config, &layer, inputs, store, &manifest, err) < 0)
		return -1;
	manifest.platform = (struct oci_platform){ .architecture = architecture->name, .os = "linux" };
	if (store_tag_platform(store, name, &manifest, err) < 0)
		return -1;
	*digest = manifest.digest;
	return 0;
}
