/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/tree/ahead.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define SLOTS      4u
#define SLOT_BYTES (256u << 10)

/* A stream is worth a thread once so much of it has come. */
#define SHORT_BYTES SLOT_BYTES

struct slot {
	size_t length;
	unsigned char bytes[SLOT_BYTES];
};

/* `ring` has `filled` slots from `first` on; the reader holds the one before where `held`. */
struct ahead {
	ahead_produce *produce;
	void *context;
	size_t so_far;			/* read without a thread */
	bool alone, threaded;		/* there can be no thread; there is one */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int first, filled;
	bool held, stop, ended;
	long result;			/* of the producer's last call; once it has ended 0, or -1 with `error` */
	struct error error;
	struct slot *ring;
};

struct ahead *ahead_open(ahead_produce *produce, void *context)
{
	struct ahead *a = calloc(1, sizeof(*a));

	if (!a)
		arena_out_of_memory();
	a->produce = produce;
	a->context = context;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	return a;
}

/* --- the producer ------------------------------------------------------------------------------ */

/* The slot to fill next, or NULL when the reader wants no more. The one that the reader holds is not free. */
static struct slot *wait_for_room(struct ahead *a)
{
	struct slot *slot;

	pthread_mutex_lock(&a->lock);
	while (!a->stop && a->filled + a->held == SLOTS)
		pthread_cond_wait(&a->changed, &a->lock);
	slot = a->stop ? NULL : &a->ring[(a->first + a->filled) % SLOTS];
	pthread_mutex_unlock(&a->lock);
	return slot;
}

static void give(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->filled++;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

/* Copies a piece into the ring; `slot` is the one that is being filled, NULL when there is none. False: stop. */
static bool put(struct ahead *a, struct slot **slot, const unsigned char *data, size_t length)
{
	while (length > 0) {
		size_t n;

		if (!*slot && !(*slot = wait_for_room(a)))
			return false;
		n = SLOT_BYTES - (*slot)->length < length ? SLOT_BYTES - (*slot)->length : length;
		memcpy((*slot)->bytes + (*slot)->length, data, n);
		(*slot)->length += n;
		data += n;
		length -= n;
		if ((*slot)->length == SLOT_BYTES) {
			give(a);
			*slot = NULL;
		}
	}
	return true;
}

static void *run(void *context)
{
	struct ahead *a = context;
	struct slot *slot = NULL;
	const void *data;
	long n;

	while ((n = a->produce(a->context, &data, &a->error)) > 0)
		if (!put(a, &slot, data, (size_t)n))
			return NULL;
	if (slot)
		give(a);
	pthread_mutex_lock(&a->lock);
	a->result = n;
	a->ended = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* --- the reader -------------------------------------------------------------------------------- */

static void start(struct ahead *a)
{
	a->ring = calloc(SLOTS, sizeof(*a->ring));
	a->threaded = a->ring && pthread_create(&a->thread, NULL, run, a) == 0;
	a->alone = !a->threaded;
}

static long next_filled(struct ahead *a, const void **data, struct error *err)
{
	long n;

	pthread_mutex_lock(&a->lock);
	if (a->held) {
		a->held = false;
		a->ring[(a->first + SLOTS - 1) % SLOTS].length = 0;
		pthread_cond_signal(&a->changed);
	}
	while (a->filled == 0 && !a->ended)
		pthread_cond_wait(&a->changed, &a->lock);
	if (a->filled > 0) {
		*data = a->ring[a->first].bytes;
		n = (long)a->ring[a->first].length;
		a->first = (a->first + 1) % SLOTS;
		a->filled--;
		a->held = true;
	} else {
		n = a->result;
		if (n < 0 && err)
			*err = a->error;
	}
	pthread_mutex_unlock(&a->lock);
	return n;
}

long ahead_next(struct ahead *a, const void **data, struct error *err)
{
	if (!a->threaded && !a->alone && a->so_far >= SHORT_BYTES)
		start(a);
	if (a->threaded)
		return next_filled(a, data, err);
	if (!a->ended) {
		a->result = a->produce(a->context, data, &a->error);
		a->ended = a->result <= 0;
	}
	if (a->result > 0)
		a->so_far += (size_t)a->result;
	else if (a->result < 0 && err)
		*err = a->error;
	return a->result;
}

void ahead_close(struct ahead *a)
{
	if (!a)
		return;
	if (a->threaded) {
		pthread_mutex_lock(&a->lock);
		a->stop = true;
		pthread_cond_signal(&a->changed);
		pthread_mutex_unlock(&a->lock);
		pthread_join(a->thread, NULL);
	}
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a->ring);
	free(a);
}
