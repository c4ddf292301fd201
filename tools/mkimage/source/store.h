/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local store: an OCI image layout (image-spec, image-layout.md) that skopeo
 * and umoci read too. Default place: $XDG_DATA_HOME/slipway/store, with
 * ~/.local/share when that is not set.
 *
 * A blob is written to a temporary, hashed on the way, and renamed into
 * blobs/ALGORITHM/HEX only when its digest is right; it is verified again
 * when read. index.json is replaced whole, under a lock on the store.
 */
#ifndef MKIMAGE_SOURCE_STORE_H
#define MKIMAGE_SOURCE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "oci/image.h"

struct store;

/* `path` NULL is the default place. Made when it is not there. */
int store_open(const char *path, struct store **store, struct error *err);
void store_close(struct store *store);
const char *store_path(const struct store *store);

/* A directory of the store for what can be had again, made when it is needed; NULL where the store is only to be read. */
const char *store_cache(const struct store *store);

/* --- writing a blob in pieces; the digest comes out at the end --- */

struct store_writer;

int store_writer_open(struct store *store, struct store_writer **writer, struct error *err);
int store_writer_add(struct store_writer *writer, const void *data, size_t length, struct error *err);

/* Starts over: what was added is forgotten. */
int store_writer_restart(struct store_writer *writer, struct error *err);

/* Nothing more is added: refuses bytes of another digest. They can be read through the descriptor until the commit. */
int store_writer_verify(struct store_writer *writer, const struct digest *expected, struct error *err);
int store_writer_descriptor(const struct store_writer *writer);

/*
 * Puts the blob in place. Where `expected` is given and the bytes have another
 * digest, that is an error and nothing stays. Gives digest and size; either may be NULL.
 */
int store_writer_commit(struct store_writer *writer, const struct digest *expected, struct digest *digest,
			uint64_t *size, struct error *err);
void store_writer_discard(struct store_writer *writer);		/* safe after commit; NULL is fine */

/* A blob at hand. */
int store_put(struct store *store, const void *data, size_t length, struct digest *digest, struct error *err);

/* --- reading --- */

bool store_has(struct store *store, const struct digest *digest);

/* What tells a file from one that was written to since, as make(1) does: inode, size and times, or that there is none. */
void store_stamp(struct store *store, const struct digest *digest, struct buffer *out);

/* The digest and size of a blob that is there, and no media type. */
int store_describe(struct store *store, const struct digest *digest, struct oci_descriptor *descriptor,
		   struct error *err);

/*
 * A blob opened to be read once from front to back. The last read (which
 * returns 0) fails instead when the bytes were not those of the digest, or
 * were more or fewer than `size`.
 */
struct store_reader;

int store_reader_open(struct store *store, const struct oci_descriptor *descriptor, struct store_reader **reader,
		      struct error *err);
/* Bytes read, 0 at the verified end, -1 with the error. */
long store_reader_read(struct store_reader *reader, void *data, size_t length, struct error *err);
void store_reader_close(struct store_reader *reader);

/* A whole document, verified. */
int store_get(struct store *store, const struct oci_descriptor *descriptor, size_t max, struct buffer *out,
	      struct error *err);

/* --- names --- */

/* Says in an entry of index.json that it was pulled from a registry under the name that is the value. */
#define ANNOTATION_PULLED "io.slipway.pulled"

/* Says that what came so is about another document, whose digest is the value: store_signatures.h. */
#define ANNOTATION_SIGNS "io.slipway.signs"

/* The value of an annotation, or NULL. */
const char *store_annotation(const struct oci_descriptor *descriptor, const char *key);

/*
 * Files `descriptor` (of a manifest or an index) under a normalised reference name, in place of an older one. Of its
 * annotations only ANNOTATION_PULLED and ANNOTATION_SIGNS are kept, and only where the first names this name.
 */
int store_tag(struct store *store, const char *name, const struct oci_descriptor *descriptor, struct error *err);

/*
 * Files a manifest that was made here, and says its platform, under a name. What the name stands for already stays beside it, in an
 * index, where that is for another platform and in the store.
 */
int store_tag_platform(struct store *store, const char *name, const struct oci_descriptor *manifest, struct error *err);

/* The descriptor filed under a name. An error says how to bring the image in. */
int store_find(struct store *store, const char *name, struct arena *arena, struct oci_descriptor *descriptor,
	       struct error *err);

/* An entry of index.json that came from a registry under the name it has. */
bool store_was_pulled(const struct oci_descriptor *descriptor);

/* All that index.json holds. */
int store_list(struct store *store, struct arena *arena, struct oci_index *index, struct error *err);

/* Takes the name out of index.json; blobs stay until a gc. */
int store_untag(struct store *store, const char *name, struct error *err);

/* What a gc removed. */
struct store_garbage {
	size_t blobs;
	uint64_t bytes;
};

/*
 * Removes the blobs that no entry of index.json leads to, and the entries that sign what is not there. Waits until nobody
 * else, in this process or another, has the store open. When an image cannot be read, nothing is removed.
 */
int store_gc(struct store *store, struct store_garbage *garbage, struct error *err);

/* --- images --- */

/* A resolved image: what a container starts from. */
struct oci_image {
	const char *name;		/* normalised reference */
	struct digest digest;		/* of the manifest */
	struct digest top;		/* what the name stands for: the same, or the index that leads to it */
	struct oci_manifest manifest;
	struct oci_image_config config;
};

/*
 * Finds `reference` in the store, follows an index to `platform`
 * ("linux/amd64"; NULL is this machine's), reads manifest and config, and
 * checks that layers and diff_ids agree in number and that the config is for that
 * platform. A reference with a digest finds the manifest or index of that digest
 * under any name.
 */
int store_image(struct store *store, const char *reference, const char *platform, struct arena *arena,
		struct oci_image *image, struct error *err);

#endif
