/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/block_cache.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/source/hash.h"

#define FILE_MODE 0644

/* A record of the index, as it is on disk: for this machine alone. */
struct record {
	struct block_sum sum;
	uint64_t offset;		/* in NAME.data */
	uint64_t length;
	unsigned char check[16];	/* what the sha256 of the compressed form begins with */
};

struct block_cache {
	int index, data;		/* -1: nothing is kept */
	struct record *records;		/* those that were there at the start, sorted by sum */
	size_t count;
	pthread_mutex_t lock;		/* on adding */
};

void block_sum(const void *block, size_t length, struct block_sum *sum)
{
	hash_sum(block, length, sum->bytes);
}

static int by_sum(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct block_sum));
}

/*
 * One that has grown too large starts over; others that read it find nothing there any more. Where the data stays, it is still
 * too large at the next start.
 */
static void start_over_when_full(struct block_cache *cache)
{
	struct stat st;
	int r;

	if (fstat(cache->data, &st) < 0 || (uint64_t)st.st_size <= BLOCK_CACHE_BYTES_MAX || flock(cache->index, LOCK_EX) < 0)
		return;
	r = ftruncate(cache->index, 0);
	if (r == 0)
		r = ftruncate(cache->data, 0);
	(void)flock(cache->index, LOCK_UN);
}

static void load(struct block_cache *cache)
{
	struct stat st;

	if (fstat(cache->index, &st) < 0 || st.st_size <= 0)
		return;
	cache->count = (size_t)st.st_size / sizeof(*cache->records);
	cache->records = reallocarray(NULL, cache->count ? cache->count : 1, sizeof(*cache->records));
	if (!cache->records || file_read_at(cache->index, 0, cache->records, cache->count * sizeof(*cache->records)) < 0)
		cache->count = 0;
	qsort(cache->records, cache->count, sizeof(*cache->records), by_sum);
}

static int open_file(const char *directory, const char *name, const char *suffix)
{
	struct arena arena = { 0 };
	int fd = open(arena_printf(&arena, "%s/%s.%s", directory, name, suffix),
		      O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, FILE_MODE);
	struct stat st;

	arena_release(&arena);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
		cleanup_close(&fd);
	return fd;
}

struct block_cache *block_cache_open(const char *directory, const char *name)
{
	struct block_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		arena_out_of_memory();
	pthread_mutex_init(&cache->lock, NULL);
	cache->index = cache->data = -1;
	if (!directory || file_mkdirs(AT_FDCWD, directory, 0755, NULL) < 0)
		return cache;
	cache->data = open_file(directory, name, "data");
	if (cache->data >= 0)
		cache->index = open_file(directory, name, "index");
	if (cache->index >= 0) {
		start_over_when_full(cache);
		load(cache);
	}
	return cache;
}

void block_cache_close(struct block_cache *cache)
{
	if (!cache)
		return;
	cleanup_close(&cache->index);
	cleanup_close(&cache->data);
	pthread_mutex_destroy(&cache->lock);
	free(cache->records);
	free(cache);
}

/* Of a block that two processes added at once there are two records, as good as each other. */
long block_cache_find(struct block_cache *cache, const struct block_sum *sum, void *data, size_t max)
{
	const struct record *r = cache->count ? bsearch(sum, cache->records, cache->count, sizeof(*r), by_sum) : NULL;
	struct block_sum actual;

	if (!r || r->length > max || file_read_at(cache->data, (off_t)r->offset, data, (size_t)r->length) < 0)
		return -1;
	block_sum(data, (size_t)r->length, &actual);
	return memcmp(actual.bytes, r->check, sizeof(r->check)) == 0 ? (long)r->length : -1;
}

/* Behind what is there. A record that was cut off goes: those behind it would be out of step. */
static void append(struct block_cache *cache, struct record *record, const void *data)
{
	off_t end = lseek(cache->data, 0, SEEK_END), records = lseek(cache->index, 0, SEEK_END);

	if (end < 0 || records < 0)
		return;
	records -= records % (off_t)sizeof(*record);
	record->offset = (uint64_t)end;
	if (file_write_all(cache->data, data, (size_t)record->length, "data", NULL) == 0 &&
	    lseek(cache->index, records, SEEK_SET) == records)
		(void)file_write_all(cache->index, record, sizeof(*record), "index", NULL);
}

void block_cache_add(struct block_cache *cache, const struct block_sum *sum, const void *data, size_t length)
{
	struct record record = { .sum = *sum, .length = length };
	struct block_sum check;

	if (cache->index < 0)
		return;
	block_sum(data, length, &check);
	memcpy(record.check, check.bytes, sizeof(record.check));
	pthread_mutex_lock(&cache->lock);
	if (flock(cache->index, LOCK_EX) == 0) {
		append(cache, &record, data);
		(void)flock(cache->index, LOCK_UN);
	}
	pthread_mutex_unlock(&cache->lock);
}
