/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame in pieces. Where they are cut depends on what they hold and not on where it is, so that a change costs the piece
 * it is in and the next one, and the others are found in the cache. Each piece is compressed in one of the threads; there is one piece
 * more than threads, which is being filled.
 */
#include "tools/mkimage/image/writers.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>
#include <zstd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/image/block_cache.h"
#include "tools/mkimage/image/zstd_piece.h"

#define THREADS_MAX     16
#define PIECE_BYTES_MIN (7u << 18)
#define CUT_ONE_IN      16 /* places, once a piece is long enough */

enum state { FREE, FILLED, TAKEN, DONE };

struct piece {
	enum state state;
	size_t before, length;		/* what comes before it, and it */
	size_t written;
	int result;			/* 0, or -1 with `error` */
	struct error error;
	unsigned char *data;		/* both */
	unsigned char *out;
};

struct zstd_output {
	int fd, level;
	struct block_cache *cache;
	XXH64_state_t *checksum;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop;
	unsigned int threads_count, count;	/* of threads, of pieces */
	pthread_t threads[THREADS_MAX];
	unsigned int filling, oldest;	/* in the ring of pieces: the one being filled, the one to be written next */
	struct piece pieces[THREADS_MAX + 1];
};

unsigned int writer_threads(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned int)n;
}

/* --- the threads ------------------------------------------------------------------------------- */

/* A context is made for the first piece that the cache does not have. */
static int compress(const struct zstd_output *output, struct piece *piece, ZSTD_CCtx **context)
{
	struct block_sum sum;
	size_t max = zstd_piece_room(piece->length);
	long n;

	block_sum(piece->data, piece->before + piece->length, &sum);
	n = block_cache_find(output->cache, &sum, piece->out, max);
	if (n > 0) {
		piece->written = (size_t)n;
		return 0;
	}
	if (!*context && zstd_piece_context(output->level, context, &piece->error) < 0)
		return -1;
	if (zstd_piece_compress(*context, piece->data, piece->before, piece->length, piece->out, &piece->written,
				&piece->error) < 0)
		return -1;
	block_cache_add(output->cache, &sum, piece->out, piece->written);
	return 0;
}

/* The next filled piece, in order; NULL: there will be none. */
static struct piece *take(struct zstd_output *output)
{
	struct piece *piece = NULL;

	pthread_mutex_lock(&output->lock);
	while (!piece && !output->stop) {
		for (unsigned int i = 0; i < output->count && !piece; i++) {
			struct piece *p = &output->pieces[(output->oldest + i) % output->count];

			if (p->state == FILLED)
				piece = p;
		}
		if (!piece)
			pthread_cond_wait(&output->changed, &output->lock);
	}
	if (piece)
		piece->state = TAKEN;
	pthread_mutex_unlock(&output->lock);
	return piece;
}

static void set_state(struct zstd_output *output, struct piece *piece, enum state state)
{
	pthread_mutex_lock(&output->lock);
	piece->state = state;
	pthread_cond_broadcast(&output->changed);
	pthread_mutex_unlock(&output->lock);
}

static void *run(void *argument)
{
	struct zstd_output *output = argument;
	ZSTD_CCtx *context = NULL;
	struct piece *piece;

	while ((piece = take(output))) {
		piece->result = compress(output, piece, &context);
		set_state(output, piece, DONE);
	}
	(void)ZSTD_freeCCtx(context);
	return NULL;
}

/* Threads that cannot be had are done without, but for one. */
static int start_threads(struct zstd_output *output, struct error *err)
{
	unsigned int wanted = writer_threads();

	while (output->threads_count < wanted &&
	       pthread_create(&output->threads[output->threads_count], NULL, run, output) == 0)
		output->threads_count++;
	return output->threads_count > 0 ? 0 : error_set(err, "cannot start a thread to compress in");
}

/* --- the pieces -------------------------------------------------------------------------------- */

static void allocate(struct piece *piece)
{
	piece->data = malloc(ZSTD_BEFORE_BYTES_MAX + ZSTD_PIECE_BYTES_MAX);
	piece->out = malloc(zstd_piece_room(ZSTD_PIECE_BYTES_MAX));
	if (!piece->data || !piece->out)
		arena_out_of_memory();
}

/* Waits for the oldest piece and writes it. */
static int write_oldest(struct zstd_output *output, struct error *err)
{
	struct piece *piece = &output->pieces[output->oldest];

	pthread_mutex_lock(&output->lock);
	while (piece->state != DONE)
		pthread_cond_wait(&output->changed, &output->lock);
	piece->state = FREE;
	output->oldest = (output->oldest + 1) % output->count;
	pthread_mutex_unlock(&output->lock);
	if (piece->result < 0) {
		if (err)
			*err = piece->error;
		return -1;
	}
	return file_write_all(output->fd, piece->out, piece->written, "initrd", err);
}

/* Hands over the piece that is filled, and begins the next one with the end of it. */
static int cut(struct zstd_output *output, struct error *err)
{
	struct piece *full = &output->pieces[output->filling], *next;
	size_t end = full->before + full->length;

	XXH64_update(output->checksum, full->data + full->before, full->length);
	set_state(output, full, FILLED);
	output->filling = (output->filling + 1) % output->count;
	if (output->filling == output->oldest && write_oldest(output, err) < 0)
		return -1;
	next = &output->pieces[output->filling];
	if (!next->data)
		allocate(next);
	next->length = 0;
	next->before = end < ZSTD_BEFORE_BYTES_MAX ? end : ZSTD_BEFORE_BYTES_MAX;
	memcpy(next->data, full->data + end - next->before, next->before);
	return 0;
}

int zstd_output_open(int fd, int level, const char *cache, struct zstd_output **out, struct error *err)
{
	struct zstd_output *output = calloc(1, sizeof(*output));
	unsigned char begin[ZSTD_FRAME_BEGIN_BYTES];
	char name[64];

	if (!output)
		arena_out_of_memory();
	output->fd = fd;
	output->level = level;
	/* What the compressed bytes depend on. */
	(void)snprintf(name, sizeof(name), "initrd-zstd-%s-%d", ZSTD_versionString(), level);
	output->cache = block_cache_open(cache, name);
	output->checksum = XXH64_createState();
	if (!output->checksum)
		arena_out_of_memory();
	XXH64_reset(output->checksum, 0);
	pthread_mutex_init(&output->lock, NULL);
	pthread_cond_init(&output->changed, NULL);
	output->count = writer_threads() + 1;
	allocate(&output->pieces[0]);
	zstd_frame_begin(begin);
	if (start_threads(output, err) < 0 || file_write_all(fd, begin, sizeof(begin), "initrd", err) < 0) {
		zstd_output_close(output);
		return -1;
	}
	*out = output;
	return 0;
}

int zstd_output_add(struct zstd_output *output, const void *data, size_t length, struct error *err)
{
	const unsigned char *bytes = data;

	while (length > 0) {
		struct piece *piece = &output->pieces[output->filling];
		size_t room = ZSTD_PIECE_BYTES_MAX - piece->length, n = length < room ? length : room;

		memcpy(piece->data + piece->before + piece->length, bytes, n);
		piece->length += n;
		bytes += n;
		length -= n;
		if (n == room && cut(output, err) < 0)
			return -1;
	}
	return 0;
}

int zstd_output_may_cut(struct zstd_output *output, const char *name, uint64_t follows, struct error *err)
{
	const struct piece *piece = &output->pieces[output->filling];
	bool here = piece->length >= PIECE_BYTES_MIN && XXH64(name, strlen(name), 0) % CUT_ONE_IN == 0;

	return here || (piece->length > 0 && follows >= PIECE_BYTES_MIN) ? cut(output, err) : 0;
}

int zstd_output_end(struct zstd_output *output, struct error *err)
{
	unsigned char end[ZSTD_FRAME_END_BYTES];

	if (output->pieces[output->filling].length > 0 && cut(output, err) < 0)
		return -1;
	while (output->oldest != output->filling)
		if (write_oldest(output, err) < 0)
			return -1;
	zstd_frame_end(XXH64_digest(output->checksum), end);
	return file_write_all(output->fd, end, sizeof(end), "initrd", err);
}

void zstd_output_close(struct zstd_output *output)
{
	if (!output)
		return;
	pthread_mutex_lock(&output->lock);
	output->stop = true;
	pthread_cond_broadcast(&output->changed);
	pthread_mutex_unlock(&output->lock);
	for (unsigned int i = 0; i < output->threads_count; i++)
		pthread_join(output->threads[i], NULL);
	for (unsigned int i = 0; i < output->count; i++) {
		free(output->pieces[i].data);
		free(output->pieces[i].out);
	}
	pthread_cond_destroy(&output->changed);
	pthread_mutex_destroy(&output->lock);
	block_cache_close(output->cache);
	(void)XXH64_freeState(output->checksum);
	free(output);
}
