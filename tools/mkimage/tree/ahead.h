/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of bytes that is produced ahead of its reader, in a thread of its own: reading, hashing and decompressing a
 * layer go on while the tar inside is taken apart. A bounded number of bytes is ahead.
 *
 * Short streams get no thread, and those that cannot have one do without.
 */
#ifndef MKIMAGE_TREE_AHEAD_H
#define MKIMAGE_TREE_AHEAD_H

#include "base/error.h"

struct ahead;

/*
 * The next bytes, valid until the next call: how many, 0 at the end, -1 with the error; not called again after those two.
 * Called by one thread at a time, not always the same one. What it uses must be left alone until the reader has seen the
 * end or the error, or ahead_close() has come back.
 */
typedef long ahead_produce(void *context, const void **data, struct error *err);

struct ahead *ahead_open(ahead_produce *produce, void *context);

/* What was produced, in order and with the same results, in pieces of any size. */
long ahead_next(struct ahead *ahead, const void **data, struct error *err);

/* Stops the producer, wherever it is. NULL is fine. */
void ahead_close(struct ahead *ahead);

#endif
