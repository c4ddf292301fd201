/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the layers: compressed bytes in, the uncompressed tar out, hashed on the way.
 *
 * Decompression and tar are two stages, because a diff_id is the digest of every byte
 * of the uncompressed stream, what stands behind the end of the archive included. The first of them goes on in a
 * thread of its own (ahead.h): what `read` uses belongs to the stream until that has ended, has failed or is closed.
 */
#ifndef MKIMAGE_TREE_LAYER_STREAM_H
#define MKIMAGE_TREE_LAYER_STREAM_H

#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "tools/mkimage/tree/layer.h"

struct layer_stream;

/* `diff_id` NULL: nothing is compared. `max` limits the uncompressed bytes. */
int layer_stream_open(layer_read *read, void *context, const struct digest *diff_id, uint64_t max,
		      struct layer_stream **stream, struct error *err);

/* The next uncompressed bytes, valid until the next call: how many, 0 at the end, -1 with the error. */
long layer_stream_next(struct layer_stream *stream, const void **data, struct error *err);

/* Uncompressed bytes so far. */
uint64_t layer_stream_bytes(const struct layer_stream *stream);

/*
 * Reads both sides to their ends, so that a source that verifies itself has verified, and
 * compares the digest. Bytes behind compressed data are an error.
 */
int layer_stream_finish(struct layer_stream *stream, struct error *err);

void layer_stream_close(struct layer_stream *stream);

#endif
