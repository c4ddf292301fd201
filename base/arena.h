/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory with one owner: everything read from one document lives in one arena
 * and is released at once. An all-zero arena is the empty one.
 *
 * Allocation never fails to its caller: when memory is out the process ends
 * through `arena_out_of_memory`, which host tools leave as it is (a message and
 * exit status 1). PID 1 only uses an arena while it reads the plan, and sets
 * its own handler.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdalign.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;	/* the newest first */
	size_t used;			/* bytes used of the newest block */
};

extern void (*arena_out_of_memory)(void) __attribute__((noreturn));

/* For an arena that is empty: its first block is `memory`, aligned for any type, which is the caller's and outlives it. */
void arena_lend(struct arena *arena, void *memory, size_t size);

/*
 * A function's own arena, which most times asks for no memory at all:
 *
 *	struct arena_room room;
 *	struct arena arena = arena_in(&room);
 */
struct arena_room {
	alignas(max_align_t) unsigned char bytes[2048];
};

static inline struct arena arena_in(struct arena_room *room)
{
	struct arena arena;

	arena_lend(&arena, room->bytes, sizeof(room->bytes));
	return arena;
}

/* `size` zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));

/* An array of `count` zeroed elements; the product is checked. */
void *arena_array(struct arena *arena, size_t count, size_t size) __attribute__((malloc, returns_nonnull));

char *arena_strdup(struct arena *arena, const char *s) __attribute__((malloc, returns_nonnull));
char *arena_strndup(struct arena *arena, const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));

/*
 * Makes room for one more element in an array that grows: `*items` holds
 * `*count` elements of `size` bytes and has power-of-two capacity. Returns the
 * new, zeroed element and counts it. The old array stays in the arena.
 */
void *arena_push(struct arena *arena, void *items_pointer, size_t *count, size_t size)
	__attribute__((returns_nonnull));

/* Frees all of it; the arena is empty again and may be used again. */
void arena_release(struct arena *arena);

#endif
