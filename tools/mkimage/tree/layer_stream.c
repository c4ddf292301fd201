/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/tree/layer_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "tools/mkimage/source/hash.h"
#include "tools/mkimage/tree/ahead.h"

struct layer_stream {
	layer_read *read;
	void *context;
	bool source_ended;
	uint64_t source_bytes;
	struct archive *archive;	/* libarchive's filters below its "raw" format */
	bool empty, ended;
	struct hash *hash;
	const struct digest *diff_id;
	uint64_t unpacked, max;
	bool failed;			/* the source did: `error` says how */
	struct error error;
	struct ahead *ahead;		/* uses all of the above until it has ended */
	uint64_t bytes;			/* given to the reader */
	char in[65536];
};

/* --- the source ------------------------------------------------------------------------------ */

static long source_read(struct layer_stream *s)
{
	long n = s->source_ended || s->failed ? 0 : s->read(s->context, s->in, sizeof(s->in), &s->error);

	if (n < 0)
		s->failed = true;
	else if (n == 0)
		s->source_ended = true;
	else
		s->source_bytes += (uint64_t)n;
	return n;
}

static la_ssize_t archive_source(struct archive *archive, void *context, const void **data)
{
	struct layer_stream *s = context;
	long n = source_read(s);

	*data = s->in;
	if (n < 0)
		archive_set_error(archive, EIO, "the source failed");
	return n < 0 ? -1 : n;
}

static int stream_error(struct layer_stream *s, struct error *err)
{
	const char *why = archive_error_string(s->archive);

	if (s->failed) {
		if (err)
			*err = s->error;
		return -1;
	}
	return error_set(err, "cannot decompress: %s", why ? why : "unknown error");
}

/* --- decompression --------------------------------------------------------------------------- */

/* The compressions that layers and Debian packages come in; none is always there. */
static int (*const filters[])(struct archive *) = {
	archive_read_support_filter_gzip,
	archive_read_support_filter_zstd,
	archive_read_support_filter_xz,
	archive_read_support_filter_bzip2,
};

static int start(struct layer_stream *s, struct error *err)
{
	struct archive_entry *entry;
	int r;

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		/* A warning: only through an external program, which is not for us. */
		if (filters[i](s->archive) != ARCHIVE_OK)
			return error_set(err, "this libarchive was built without gzip, zstd, xz or bzip2");
	}
	if (archive_read_support_format_raw(s->archive) != ARCHIVE_OK ||
	    archive_read_support_format_empty(s->archive) != ARCHIVE_OK ||
	    archive_read_open(s->archive, s, NULL, archive_source, NULL) != ARCHIVE_OK)
		return stream_error(s, err);
	r = archive_read_next_header(s->archive, &entry);
	s->empty = s->ended = r == ARCHIVE_EOF;
	if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
		return stream_error(s, err);
	/* libarchive would go on into what it finds inside; a layer is compressed once. */
	if (archive_filter_count(s->archive) > 2)
		return error_set(err, "compressed more than once");
	return 0;
}

static long unpack(void *context, const void **data, struct error *err)
{
	struct layer_stream *s = context;
	size_t length = 0;
	la_int64_t offset;
	int r;

	while (!s->ended && length == 0) {
		r = archive_read_data_block(s->archive, data, &length, &offset);
		if (r == ARCHIVE_EOF)
			s->ended = true;
		else if (r != ARCHIVE_OK)
			return stream_error(s, err);
	}
	if (s->ended)
		return 0;
	if (length > s->max - s->unpacked)
		return error_set(err, "unpacks to more than the %llu bytes allowed",
				 (unsigned long long)s->max);
	s->unpacked += length;
	if (s->hash)
		hash_add(s->hash, *data, length);
	return (long)length;
}

int layer_stream_open(layer_read *read, void *context, const struct digest *diff_id, uint64_t max,
		      struct layer_stream **stream, struct error *err)
{
	struct layer_stream *s;

	if (diff_id && *digest_algorithm(diff_id) == '\0')
		return error_set(err, "the diff_id is empty");
	s = calloc(1, sizeof(*s));
	if (!s || !(s->archive = archive_read_new()))
		arena_out_of_memory();
	s->read = read;
	s->context = context;
	s->diff_id = diff_id;
	s->max = max;
	if (diff_id)
		s->hash = hash_new(digest_algorithm(diff_id));
	if (start(s, err) < 0) {
		layer_stream_close(s);
		return -1;
	}
	s->ahead = ahead_open(unpack, s);
	*stream = s;
	return 0;
}

long layer_stream_next(struct layer_stream *s, const void **data, struct error *err)
{
	long n = ahead_next(s->ahead, data, err);

	if (n > 0)
		s->bytes += (uint64_t)n;
	return n;
}

uint64_t layer_stream_bytes(const struct layer_stream *s)
{
	return s->bytes;
}

static int check_digest(struct layer_stream *s, struct error *err)
{
	struct digest digest;

	if (!s->hash)
		return 0;
	hash_finish(s->hash, &digest);
	s->hash = NULL;
	if (digest_equal(&digest, s->diff_id))
		return 0;
	return error_set(err, "the uncompressed bytes have the digest %s, not the diff_id %s", digest.text,
			 s->diff_id->text);
}

int layer_stream_finish(struct layer_stream *s, struct error *err)
{
	uint64_t consumed;
	const void *data;
	long n;

	while ((n = layer_stream_next(s, &data, err)) > 0)
		;
	if (n < 0)
		return -1;
	consumed = (uint64_t)archive_filter_bytes(s->archive, -1);
	while ((n = source_read(s)) > 0)
		;
	if (n < 0)
		return stream_error(s, err);
	if (s->source_bytes == 0 && !s->diff_id)
		return error_set(err, "empty: expected a tar, compressed or not");
	if (s->source_bytes > consumed)
		return error_set(err, "%llu bytes of garbage behind the compressed data",
				 (unsigned long long)(s->source_bytes - consumed));
	return check_digest(s, err);
}

void layer_stream_close(struct layer_stream *s)
{
	if (!s)
		return;
	ahead_close(s->ahead);
	(void)archive_read_free(s->archive);
	hash_free(s->hash);
	free(s);
}
