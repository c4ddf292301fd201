/* SPDX-License-Identifier: Apache-2.0 */
#include "init/logring.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define TRIES 1000			/* of a reader whom the writer always overtakes */

const char *const log_stream_names[] = { "stdout", "stderr", "kernel" };

/* A line in a ring; `size` is a multiple of 8, and so is every offset. */
struct entry {
	uint32_t size;			/* with this head; of a filler all up to the ring's end */
	uint16_t length;
	uint8_t stream, flags;
	uint8_t priority, filler, unused[6];
	uint64_t sequence;
	int64_t realtime_us, monotonic_us;
};

_Static_assert(sizeof(struct entry) == 40, "entries are aligned to 8 bytes");

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static size_t area_size(size_t ring)
{
	return round_up(sizeof(struct log_area) + ring, PAGE);
}

size_t log_memory_size(const size_t *rings, size_t count)
{
	size_t size = round_up(sizeof(struct log_header), PAGE);

	for (size_t i = 0; i < count; i++)
		size += area_size(rings[i]);
	return size;
}

int log_memory_map(int fd, struct log_memory *memory, struct error *err)
{
	uint8_t *at;

	memory->size = log_memory_size(memory->rings, memory->count);
	at = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return error_errno(err, "cannot map the memory of the logs");
	memory->header = (struct log_header *)(void *)at;
	at += round_up(sizeof(struct log_header), PAGE);
	for (size_t i = 0; i < memory->count; i++) {
		memory->areas[i] = (struct log_area *)(void *)at;
		at += area_size(memory->rings[i]);
	}
	return 0;
}

/* ------------------------------------------------------------ the one who writes */

const struct log_commit *log_current(const struct log_area *area)
{
	return &area->commits[atomic_load_explicit(&area->generation, memory_order_relaxed) & 1];
}

void log_commit(struct log_area *area, const struct log_commit *next)
{
	uint64_t generation = atomic_load_explicit(&area->generation, memory_order_relaxed) + 1;

	area->commits[generation & 1] = *next;
	atomic_store_explicit(&area->generation, generation, memory_order_release);
}

/* The size of what is at the offset; what is too short for an entry's head goes up to the ring's end. */
static size_t size_at(const struct log_area *area, size_t ring, uint64_t offset, const struct entry **entry)
{
	size_t place = (size_t)(offset % ring), left = ring - place;

	*entry = NULL;
	if (left < sizeof(**entry))
		return left;
	*entry = (const void *)(area->ring + place);
	if ((*entry)->filler) {
		*entry = NULL;
		return left;
	}
	return (*entry)->size;
}

/* With what is filled up at the ring's end where it does not fit there. */
static size_t needed(size_t ring, uint64_t tail, size_t length)
{
	size_t size = round_up(sizeof(struct entry) + length, 8), left = ring - (size_t)(tail % ring);

	return size > left ? left + size : size;
}

static uint64_t least_wanted(const struct log_area *area, unsigned int sinks)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < LOG_SINKS; i++) {
		uint64_t cursor = atomic_load_explicit(&area->cursors[i], memory_order_acquire);

		if ((sinks & 1u << i) && cursor < least)
			least = cursor;
	}
	return least;
}

bool log_has_room(const struct log_area *area, size_t ring, size_t length, unsigned int sinks)
{
	struct log_commit c = *log_current(area);
	uint64_t wanted = least_wanted(area, sinks), end = c.tail + needed(ring, c.tail, length);
	const struct entry *entry;

	while (end - c.head > ring) {
		c.head += size_at(area, ring, c.head, &entry);
		if (entry && c.head_sequence++ >= wanted)
			return false;
	}
	return true;
}

/* Readers are told before anything is overwritten. */
static void make_room(struct log_area *area, size_t ring, size_t size)
{
	struct log_commit c = *log_current(area);
	const struct entry *entry;

	if (c.tail + size - c.head <= ring)
		return;
	while (c.tail + size - c.head > ring) {
		c.head += size_at(area, ring, c.head, &entry);
		c.head_sequence += entry != NULL;
	}
	log_commit(area, &c);
	atomic_thread_fence(memory_order_seq_cst);
}

void log_append(struct log_area *area, size_t ring, const struct log_line *line, const struct log_commit *change)
{
	struct log_commit c = *change;
	struct entry *entry;
	size_t left;

	/* The first line of all is number 1. */
	if (log_current(area)->next_sequence == 0) {
		struct log_commit first = *log_current(area);

		first.next_sequence = first.head_sequence = 1;
		log_commit(area, &first);
	}
	make_room(area, ring, needed(ring, log_current(area)->tail, line->length));
	c.head = log_current(area)->head;
	c.tail = log_current(area)->tail;
	c.head_sequence = log_current(area)->head_sequence;
	c.next_sequence = log_current(area)->next_sequence;
	left = ring - (size_t)(c.tail % ring);
	if (round_up(sizeof(*entry) + line->length, 8) > left) {
		if (left >= sizeof(*entry))
			*(struct entry *)(void *)(area->ring + c.tail % ring) = (struct entry){ .filler = 1 };
		c.tail += left;
	}
	entry = (void *)(area->ring + c.tail % ring);
	*entry = (struct entry){
		.size = (uint32_t)round_up(sizeof(*entry) + line->length, 8), .length = (uint16_t)line->length,
		.stream = (uint8_t)line->stream, .flags = line->partial ? LOG_PARTIAL : 0,
		.priority = (uint8_t)line->priority, .sequence = c.next_sequence++,
		.realtime_us = line->realtime_us, .monotonic_us = line->monotonic_us,
	};
	memcpy(entry + 1, line->text, line->length);
	c.tail += entry->size;
	log_commit(area, &c);
}

void log_wake(struct log_header *header)
{
	atomic_fetch_add(&header->changes, 1);
	if (atomic_load(&header->waiters) > 0)
		(void)syscall(SYS_futex, &header->changes, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* ------------------------------------------------------------ those who read */

/* What counted at one moment. False where the writer is always faster. */
static bool snapshot(const struct log_area *area, struct log_commit *commit)
{
	for (int i = 0; i < TRIES; i++) {
		uint64_t before = atomic_load_explicit(&area->generation, memory_order_acquire), after;

		*commit = area->commits[before & 1];
		atomic_thread_fence(memory_order_acquire);
		after = atomic_load_explicit(&area->generation, memory_order_relaxed);
		/* One further it is the other that was written. */
		if (before == after)
			return true;
	}
	return false;
}

static bool still_there(const struct log_area *area, uint64_t offset)
{
	struct log_commit c;

	atomic_thread_fence(memory_order_acquire);
	return snapshot(area, &c) && c.head <= offset;
}

/* Takes the entry at the cursor, which may be overwritten meanwhile: false, and nothing in `line` counts. */
static bool take(const struct log_area *area, size_t ring, const struct log_cursor *cursor, struct log_line *line, size_t *size)
{
	const struct entry *at;
	struct entry entry;

	*size = size_at(area, ring, cursor->offset, &at);
	if (!at)
		return still_there(area, cursor->offset);
	entry = *at;
	*size = entry.size;
	if (entry.length > LOG_LINE_MAX || sizeof(entry) + entry.length > ring - (size_t)(cursor->offset % ring))
		return false;
	line->sequence = entry.sequence;
	line->realtime_us = entry.realtime_us;
	line->monotonic_us = entry.monotonic_us;
	line->stream = entry.stream <= LOG_KERNEL ? (enum log_stream)entry.stream : LOG_STDOUT;
	line->priority = entry.priority & 7;
	line->partial = entry.flags & LOG_PARTIAL;
	line->length = entry.length;
	memcpy(line->text, at + 1, entry.length);
	return still_there(area, cursor->offset);
}

int log_read(const struct log_area *area, size_t ring, struct log_cursor *cursor, struct log_line *line, uint64_t *lost)
{
	struct log_commit c;

	*lost = 0;
	while (snapshot(area, &c)) {
		size_t size;

		if (c.next_sequence == 0 || cursor->sequence >= c.next_sequence)
			return 0;
		/* It begins, or was overtaken, or knows only the number: from the oldest on. */
		if (cursor->sequence < c.head_sequence || cursor->offset < c.head || cursor->offset > c.tail) {
			if (cursor->sequence > 0 && cursor->sequence < c.head_sequence)
				*lost += c.head_sequence - cursor->sequence;
			if (cursor->sequence < c.head_sequence)
				cursor->sequence = c.head_sequence;
			cursor->offset = c.head;
		}
		line->sequence = 0;
		if (!take(area, ring, cursor, line, &size))
			continue;
		cursor->offset += size;
		if (line->sequence != cursor->sequence)
			continue;
		cursor->sequence++;
		return 1;
	}
	return 0;
}

uint64_t log_end(const struct log_area *area)
{
	struct log_commit c;

	return snapshot(area, &c) ? c.next_sequence : 0;
}

void log_sleep(struct log_header *header, uint32_t seen, int timeout)
{
	struct timespec t = { .tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1000000L };

	atomic_fetch_add(&header->waiters, 1);
	(void)syscall(SYS_futex, &header->changes, FUTEX_WAIT, seen, timeout < 0 ? NULL : &t, NULL, 0);
	atomic_fetch_sub(&header->waiters, 1);
}
