/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layer on its way into the store. The file is read once, through three
 * stages that pull from each other:
 *
 *     file ──▶ decompressor ──▶ tar reader
 *       └─▶ store as it is   └─▶ diff_id, and zstd where the store gets that instead
 */
#include "tools/mkimage/source/import_internal.h"

#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/source/hash.h"

/* Fixed, and one thread: the same tar gives the same bytes each time with one libzstd. */
#define ZSTD_LEVEL 3

/* What is only looked through comes from strangers: above so much, so many times its size is no file system. */
#define BOMB_BYTES (2ull << 30)
#define BOMB_RATIO 500

struct layer {
	const struct import_file *file;
	const struct compression *compression;
	uint64_t at; /* read from the file */
	struct store_writer *writer; /* NULL where the layer is only looked through */
	struct archive *decompressor; /* NULL for "none" */
	ZSTD_CCtx *zstd; /* NULL where the bytes are stored as they are */
	struct hash *diff; /* of the uncompressed bytes */
	uint64_t unpacked;
	unsigned char tail[512]; /* the last of the uncompressed bytes */
	struct error *err;
	bool failed; /* `err` holds what stopped the reading */
	unsigned char compressed[65536], plain[65536];
};

/* The next bytes of the file, which also go to the store. */
static long take_compressed(struct layer *layer)
{
	long n = import_file_read(layer->file, layer->at, layer->compressed, sizeof(layer->compressed),
				  layer->err);

	layer->at += n > 0 ? (uint64_t)n : 0;
	if (n > 0 && layer->writer && !layer->zstd &&
	    store_writer_add(layer->writer, layer->compressed, (size_t)n, layer->err) < 0)
		n = -1;
	layer->failed |= n < 0;
	return n;
}

static la_ssize_t decompressor_read(struct archive *archive, void *context, const void **data)
{
	struct layer *layer = context;
	long n = take_compressed(layer);

	(void)archive;
	*data = layer->compressed;
	return n < 0 ? ARCHIVE_FATAL : n;
}

static int recompress(struct layer *layer, const void *data, size_t length, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = { data, length, 0 };
	unsigned char chunk[65536];
	size_t left;

	do {
		ZSTD_outBuffer out = { chunk, sizeof(chunk), 0 };

		left = ZSTD_compressStream2(layer->zstd, &out, &in, end);
		if (ZSTD_isError(left))
			return error_set(layer->err, "cannot compress: %s", ZSTD_getErrorName(left));
		if (store_writer_add(layer->writer, chunk, out.pos, layer->err) < 0)
			return -1;
	} while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
	return 0;
}

static void keep_tail(struct layer *layer, size_t n)
{
	const size_t size = sizeof(layer->tail);
	size_t fresh = n < size ? n : size;

	memmove(layer->tail, layer->tail + fresh, size - fresh);
	memcpy(layer->tail + size - fresh, layer->plain + n - fresh, fresh);
}

static long take_plain(struct layer *layer)
{
	la_ssize_t n;

	if (!layer->decompressor) {
		n = take_compressed(layer);
		if (n > 0)
			memcpy(layer->plain, layer->compressed, (size_t)n);
	} else {
		n = archive_read_data(layer->decompressor, layer->plain, sizeof(layer->plain));
		if (n < 0 && !layer->failed)
			(void)archive_failed(layer->decompressor, false, layer->err, "cannot decompress");
	}
	if (n <= 0) {
		layer->failed |= n < 0;
		return n < 0 ? -1 : 0;
	}
	hash_add(layer->diff, layer->plain, (size_t)n);
	layer->unpacked += (uint64_t)n;
	if (layer->unpacked > IMPORT_INPUT_BYTES_MAX) {
		layer->failed = true;
		return error_set(layer->err, "the layer unpacks to more than %llu bytes",
				 IMPORT_INPUT_BYTES_MAX);
	}
	if (!layer->writer && layer->unpacked > BOMB_BYTES && layer->unpacked / BOMB_RATIO > layer->file->size) {
		layer->failed = true;
		return error_set(layer->err, "the layer unpacks to more than %d times its size: a bomb", BOMB_RATIO);
	}
	keep_tail(layer, (size_t)n);
	if (layer->zstd && recompress(layer, layer->plain, (size_t)n, ZSTD_e_continue) < 0) {
		layer->failed = true;
		return -1;
	}
	return (long)n;
}

static la_ssize_t tar_read(struct archive *archive, void *context, const void **data)
{
	struct layer *layer = context;
	long n = take_plain(layer);

	(void)archive;
	*data = layer->plain;
	return n < 0 ? ARCHIVE_FATAL : n;
}

/* The decompressor: libarchive's filter, and its "raw" format, which is one entry of bytes. */
static int open_decompressor(struct layer *layer)
{
	struct archive_entry *entry;
	struct archive *archive;

	if (layer->compression->filter == ARCHIVE_FILTER_NONE)
		return 0;
	archive = layer->decompressor = archive_read_new();
	if (!archive)
		arena_out_of_memory();
	(void)archive_read_append_filter(archive, layer->compression->filter);
	(void)archive_read_support_format_raw(archive);
	if (archive_read_open(archive, layer, NULL, decompressor_read, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		/* Nothing came out, for which libarchive has no better words than "unrecognized". */
		return layer->failed ? -1
				     : error_set(layer->err, "cannot decompress: damaged or truncated %s",
						 layer->compression->name);
	return 0;
}

/* The same refusals as when the layer is applied (tree/layer.h), but now. */
static int check_entry(struct archive_entry *entry, struct error *err)
{
	const char *name = archive_entry_pathname(entry), *hardlink = archive_entry_hardlink(entry);

	if (!name)
		name = archive_entry_pathname_utf8(entry);
	if (name && path_escapes(name))
		return error_set(err, "entry '%.200s' leads outside of the root", name);
	if (hardlink && path_escapes(hardlink))
		return error_set(err, "entry '%.200s' is a hard link to '%.200s', outside of the root",
				 name ? name : "", hardlink);
	return 0;
}

static int walk_entries(struct layer *layer, struct archive *tar, uint64_t *entries)
{
	struct archive_entry *entry;
	uint64_t n = 0;
	int r;

	if (archive_read_open(tar, layer, NULL, tar_read, NULL) != ARCHIVE_OK)
		return archive_failed(tar, layer->failed, layer->err, "not a tar");
	while ((r = archive_read_next_header(tar, &entry)) != ARCHIVE_EOF) {
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN) /* RETRY, too: a header with a wrong checksum */
			return archive_failed(tar, layer->failed, layer->err,
					      n ? "damaged tar" : "not a tar");
		if (++n > IMPORT_LAYER_ENTRIES_MAX)
			return error_set(layer->err, "the layer has more than %u entries",
					 IMPORT_LAYER_ENTRIES_MAX);
		if (check_entry(entry, layer->err) < 0)
			return -1;
	}
	*entries = n;
	return 0;
}

static int walk_tar(struct layer *layer, uint64_t *entries)
{
	struct archive *tar = archive_read_new();
	int r;

	if (!tar)
		arena_out_of_memory();
	(void)archive_read_support_format_tar(tar);
	r = walk_entries(layer, tar, entries);
	(void)archive_read_free(tar);
	return r;
}

/* What follows the end of the tar is padding, and still part of both digests. */
static int drain(struct layer *layer)
{
	long n;

	while ((n = take_plain(layer)) > 0)
		;
	while (n == 0 && layer->at < layer->file->size)
		n = take_compressed(layer) < 0 ? -1 : 0;
	if (n == 0 && layer->zstd)
		n = recompress(layer, NULL, 0, ZSTD_e_end);
	return n < 0 ? -1 : 0;
}

/* POSIX pax, "ustar Interchange Format": the archive ends with two blocks of zeros. */
static int check_end(const struct layer *layer)
{
	static const unsigned char zeros[sizeof(layer->tail)];

	if (layer->unpacked % sizeof(zeros) == 0 && memcmp(layer->tail, zeros, sizeof(zeros)) == 0)
		return 0;
	return error_set(layer->err, "damaged tar: it ends without its closing blocks of zeros");
}

static int run(struct layer *layer, const struct import_expected *expected, struct import_layer *result)
{
	if (open_decompressor(layer) < 0 || walk_tar(layer, &result->entries) < 0 || drain(layer) < 0)
		return -1;
	hash_finish(layer->diff, &result->diff_id);
	layer->diff = NULL;
	if (expected->diff_id && !digest_equal(expected->diff_id, &result->diff_id))
		return error_set(layer->err,
				 "the uncompressed layer has digest '%s', but its diff_id is '%s'",
				 result->diff_id.text, expected->diff_id->text);
	if (!expected->digest && !expected->diff_id && check_end(layer) < 0)
		return -1;
	if (!layer->writer)
		return 0;
	result->descriptor.media_type = layer->zstd ? MEDIA_TYPE_LAYER_ZSTD : layer->compression->layer_type;
	return store_writer_commit(layer->writer, expected->digest, &result->descriptor.digest,
				   &result->descriptor.size, layer->err);
}

static int begin(struct layer *layer, struct store *store, const struct import_file *file,
		 const struct import_expected *expected)
{
	long n;

	if (file->size == 0)
		return error_set(layer->err, "the layer is empty, not a tar");
	n = import_file_read(file, 0, layer->compressed, sizeof(layer->compressed), layer->err);
	if (n < 0 || (store && store_writer_open(store, &layer->writer, layer->err) < 0))
		return -1;
	layer->file = file;
	layer->compression = compression_find(layer->compressed, (size_t)n);
	layer->diff = hash_new(expected->diff_id ? digest_algorithm(expected->diff_id) : "sha256");
	if (layer->compression->layer_type)
		return 0;
	if (expected->digest || !store)
		return error_set(layer->err,
				 "the layer is compressed with %s, which the image-spec does not have",
				 layer->compression->name);
	layer->zstd = ZSTD_createCCtx();
	if (!layer->zstd)
		arena_out_of_memory();
	(void)ZSTD_CCtx_setParameter(layer->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	(void)ZSTD_CCtx_setParameter(layer->zstd, ZSTD_c_checksumFlag, 1);
	return 0;
}

static void end(struct layer *layer)
{
	if (layer->decompressor)
		(void)archive_read_free(layer->decompressor);
	(void)ZSTD_freeCCtx(layer->zstd);
	hash_free(layer->diff);
	store_writer_discard(layer->writer);
	free(layer);
}

int import_layer(struct store *store, const struct import_file *file, const struct import_expected *expected,
		 struct import_layer *result, struct error *err)
{
	struct layer *layer = calloc(1, sizeof(*layer));
	int r = -1;

	if (!layer)
		arena_out_of_memory();
	layer->err = err;
	*result = (struct import_layer){ 0 };
	if (begin(layer, store, file, expected) == 0)
		r = run(layer, expected, result);
	end(layer);
	return r;
}

int import_check_layer(int fd, uint64_t size, const struct digest *diff_id, struct error *err)
{
	const struct import_file file = { .fd = fd, .size = size };
	const struct import_expected expected = { .diff_id = diff_id };
	struct import_layer result;

	return import_layer(NULL, &file, &expected, &result, err);
}
