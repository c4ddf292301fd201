/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arena_block {
	struct arena_block *next;
	size_t size;
	bool lent;			/* by the caller, who has it back */
	alignas(max_align_t) unsigned char data[];
};

/* The first block is for arenas of a few strings; what follows grows to the size that is worth a mapping of its own. */
#define BLOCK_FIRST (1024 - sizeof(struct arena_block))
#define BLOCK_SIZE (16 * 1024 - sizeof(struct arena_block))

static void __attribute__((noreturn)) out_of_memory(void)
{
	static const char message[] = "out of memory\n";

	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(1);
	_exit(1);
}

void (*arena_out_of_memory)(void) __attribute__((noreturn)) = out_of_memory;

static struct arena_block *block_new(size_t size)
{
	struct arena_block *block;

	if (size > SIZE_MAX - sizeof(*block))
		arena_out_of_memory();
	/* Not calloc: pages that nobody asks for stay untouched. */
	block = malloc(sizeof(*block) + size);
	if (!block)
		arena_out_of_memory();
	block->size = size;
	block->lent = false;
	return block;
}

void arena_lend(struct arena *arena, void *memory, size_t size)
{
	struct arena_block *block = memory;

	*block = (struct arena_block){ .size = size - sizeof(*block), .lent = true };
	*arena = (struct arena){ .blocks = block };
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	void *p;

	if (size > SIZE_MAX - align)
		arena_out_of_memory();
	size = (size + align - 1) / align * align;
	if (size > BLOCK_SIZE / 4 && block) {
		/* Large: a block of its own behind the newest, which keeps its free space. */
		struct arena_block *large = block_new(size);

		large->next = block->next;
		block->next = large;
		return memset(large->data, 0, size);
	}
	if (!block || size > block->size - arena->used) {
		size_t usual = !block ? BLOCK_FIRST : block->size >= BLOCK_SIZE / 4 ? BLOCK_SIZE : block->size * 4;

		block = block_new(size > usual ? size : usual);
		block->next = arena->blocks;
		arena->blocks = block;
		arena->used = 0;
	}
	p = block->data + arena->used;
	arena->used += size;
	return memset(p, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		arena_out_of_memory();
	return arena_alloc(arena, bytes);
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
	size_t length = strnlen(s, n);
	char *copy = arena_alloc(arena, length + 1);

	memcpy(copy, s, length);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
	return arena_strndup(arena, s, strlen(s));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		arena_out_of_memory();
	s = arena_alloc(arena, (size_t)n + 1);
	va_start(ap, format);
	(void)vsnprintf(s, (size_t)n + 1, format, ap);
	va_end(ap);
	return s;
}

void *arena_push(struct arena *arena, void *items_pointer, size_t *count, size_t size)
{
	void **items = items_pointer;
	size_t n = *count;

	/* The capacity is the power of two that is not below the count: full at 0, 1, 2, 4, 8 ... */
	if ((n & (n - 1)) == 0) {
		void *bigger = arena_array(arena, n ? n * 2 : 1, size);

		if (n)
			memcpy(bigger, *items, n * size);
		*items = bigger;
	}
	(*count)++;
	return (char *)*items + n * size;
}

void arena_release(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		if (!block->lent)
			free(block);
	}
	arena->used = 0;
}
