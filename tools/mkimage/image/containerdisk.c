/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/containerdisk.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "oci/image.h"
#include "oci/layout.h"
#include "tools/mkimage/image/kubevirt.h"
#include "tools/mkimage/image/writers.h"
#include "tools/mkimage/source/hash.h"
#include "tools/mkimage/source/store_platform.h"
#include "tools/mkimage/tree/layer.h"

#define QEMU_USER 107			/* in KubeVirt's virt-launcher */

static const struct tree_attributes readable = { .mode = 0444 };

/* What the machine needs, where KubeVirt looks for it. */
static int fill_layer(const struct image_input *input, struct tree *tree, struct error *err)
{
	static const struct tree_attributes attributes = { .mode = 0440, .uid = QEMU_USER, .gid = QEMU_USER };
	static const struct {
		const char *suffix, *path;
	} rows[] = {
		{ "-squashfs.img", KUBEVIRT_DISK },
		{ "-kernel", KUBEVIRT_KERNEL },
		{ "-initrd.img", KUBEVIRT_INITRD },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autoclose int fd = tree_temporary(NULL, err);

		if (fd < 0)
			return -1;
		if (image_file_write(rows[i].suffix, input, fd, err) < 0 || lseek(fd, 0, SEEK_SET) != 0 ||
		    tree_add_file_fd(tree, rows[i].path + 1, fd, &attributes, NULL, err) < 0)
			return error_context(err, "'%s'", rows[i].path);
	}
	return 0;
}

static const char *blob_path(const struct digest *digest, struct arena *arena)
{
	return arena_printf(arena, "blobs/sha256/%s", digest_hex(digest));
}

/* --- the layer, which goes into the archive while it is written --- */

struct layer_sink {
	struct tree_spool *spool;
	struct hash *hash;
	uint64_t size;
};

static int add_bytes(void *context, const void *data, size_t length, struct error *err)
{
	struct layer_sink *sink = context;

	hash_add(sink->hash, data, length);
	sink->size += length;
	return tree_spool_add(sink->spool, data, length, err);
}

static int put_layer(struct tree *tree, struct tree *archive, struct arena *arena, struct oci_descriptor *layer, struct error *err)
{
	struct layer_sink sink = { .hash = hash_new("sha256") };
	int r = tree_spool_begin(archive, &sink.spool, err);

	if (r == 0)
		r = layer_write_tree(tree, add_bytes, &sink, err);
	/* Its files are compressed already, but for the kernel's few megabytes. */
	*layer = (struct oci_descriptor){ .media_type = MEDIA_TYPE_LAYER, .size = sink.size };
	hash_finish(sink.hash, &layer->digest);
	if (r == 0)
		r = tree_spool_end(sink.spool, blob_path(&layer->digest, arena), &readable, NULL, err);
	else
		tree_spool_discard(sink.spool);
	return r;
}

/* --- the documents --- */

static int put_blob(struct tree *archive, const struct buffer *json, const char *media_type, struct arena *arena,
		    struct oci_descriptor *descriptor, struct error *err)
{
	*descriptor = (struct oci_descriptor){ .media_type = media_type, .size = json->length };
	hash_bytes(json->data, json->length, &descriptor->digest);
	return tree_add_file(archive, blob_path(&descriptor->digest, arena), json->data, json->length, &readable, NULL, err);
}

static int put_config(struct tree *archive, const struct oci_descriptor *layer, struct arena *arena, struct oci_descriptor *descriptor,
		      struct error *err)
{
	autobuffer struct buffer json = { 0 };
	struct digest diff_id = layer->digest; /* it is not compressed */
	struct oci_image_config config = {
		.architecture = strchr(store_machine_platform(), '/') + 1, .os = "linux", .created = "1970-01-01T00:00:00Z",
		.diff_ids = &diff_id, .diff_ids_count = 1,
	};

	return oci_image_config_write(&config, &json, err) < 0 ? -1 :
								 put_blob(archive, &json, MEDIA_TYPE_CONFIG, arena, descriptor, err);
}

static int put_manifest(struct tree *archive, const struct oci_descriptor *config, struct oci_descriptor *layer, struct arena *arena,
			struct oci_descriptor *descriptor, struct error *err)
{
	autobuffer struct buffer json = { 0 };
	struct oci_manifest manifest = { .media_type = MEDIA_TYPE_MANIFEST, .config = *config, .layers = layer, .layers_count = 1 };

	return oci_manifest_write(&manifest, &json, err) < 0 ? -1 :
							       put_blob(archive, &json, MEDIA_TYPE_MANIFEST, arena, descriptor, err);
}

static int put_index(struct tree *archive, struct oci_descriptor *manifest, const char *name, struct error *err)
{
	autobuffer struct buffer json = { 0 };
	struct oci_pair annotation = { ANNOTATION_REF_NAME, name };
	struct oci_index index = { .manifests = manifest, .count = 1 };

	manifest->annotations = (struct oci_pairs){ &annotation, 1 };
	if (oci_index_write(&index, &json, err) < 0 ||
	    tree_add_file(archive, "index.json", json.data, json.length, &readable, NULL, err) < 0)
		return -1;
	return tree_add_file(archive, "oci-layout", OCI_LAYOUT_TEXT, strlen(OCI_LAYOUT_TEXT), &readable, NULL, err);
}

static int write_bytes(void *context, const void *data, size_t length, struct error *err)
{
	return file_write_all(*(const int *)context, data, length, "containerdisk", err);
}

static int write_archive(const struct image_input *input, struct tree *tree, struct tree *archive, struct arena *arena, int fd,
			 struct error *err)
{
	struct oci_descriptor layer, config, manifest;

	if (fill_layer(input, tree, err) < 0 || put_layer(tree, archive, arena, &layer, err) < 0 ||
	    put_config(archive, &layer, arena, &config, err) < 0 ||
	    put_manifest(archive, &config, &layer, arena, &manifest, err) < 0 ||
	    put_index(archive, &manifest, kubevirt_name(input->name, arena), err) < 0)
		return -1;
	return layer_write_tree(archive, write_bytes, &fd, err);
}

int containerdisk_write(const struct image_input *input, int fd, struct error *err)
{
	struct tree *tree = NULL, *archive = NULL;
	struct arena arena = { 0 };
	int r = -1;

	if (tree_open(NULL, &tree, err) == 0 && tree_open(NULL, &archive, err) == 0)
		r = write_archive(input, tree, archive, &arena, fd, err);
	tree_close(archive);
	tree_close(tree);
	arena_release(&arena);
	return r;
}
