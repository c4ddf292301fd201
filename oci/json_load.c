/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to jansson's tree. Three things are ours: its memory is the arena of
 * the document, so that a tree costs no malloc and is released with everything
 * else; its hash seed comes from the kernel without a file; and integers
 * between 2^63 and 2^64 are kept, which jansson has no type for and which
 * RLIM_INFINITY needs.
 */
#include "oci/json.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* Where jansson's memory comes from while this thread reads a document. */
static _Thread_local struct {
	struct arena *arena;
	size_t left;			/* bytes */
	bool exhausted;			/* more than that was asked for; jansson does not always say */
} scratch;

static void *scratch_alloc(size_t size)
{
	if (!scratch.arena)
		return malloc(size);
	if (size > scratch.left) {
		scratch.exhausted = true;
		return NULL;
	}
	scratch.left -= size;
	return arena_alloc(scratch.arena, size);
}

static void scratch_free(void *p)
{
	if (!scratch.arena)
		free(p);
}

/* Sixteen random bytes the kernel gives each process; jansson would open /dev/urandom. */
static size_t hash_seed(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM); /* NOLINT(performance-no-int-to-ptr) */
	size_t seed = 0;

	if (random)
		memcpy(&seed, random, sizeof(seed));
	return seed ? seed : 1;
}

static void prepare(void)
{
	json_set_alloc_funcs(scratch_alloc, scratch_free);
	json_object_seed(hash_seed());
}

static size_t count_digits(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && isdigit((unsigned char)p[n]))
		n++;
	return n;
}

/* Whether the `n` digits at `p` are an integer that needs the 64th bit and no more. */
static bool is_wide_integer(const char *p, size_t n, const char *end)
{
	char digits[21] = { 0 };

	if (n < 19 || n > 20 || (p + n < end && strchr(".eE", p[n])))
		return false;
	memcpy(digits, p, n);
	errno = 0;
	return strtoull(digits, NULL, 10) > INT64_MAX && errno == 0;
}

/*
 * The document with each such integer as the string "\0DIGITS", which no other
 * string of a document can become once it is read: see json_read.c. Only
 * called where jansson found a number too big.
 */
static void widen(const char *json, size_t length, struct buffer *out)
{
	const char *end = json + length, *done = json;
	bool in_string = false;

	for (const char *p = json; p < end;) {
		size_t n = in_string ? 0 : count_digits(p, end);
		bool starts = p == json || !strchr("-+.eE", p[-1]);

		if (starts && is_wide_integer(p, n, end)) {
			buffer_add(out, done, (size_t)(p - done));
			buffer_printf(out, "\"\\u0000%.*s\"", (int)n, p);
			done = p + n;
		}
		if (*p == '"')
			in_string = !in_string;
		else if (*p == '\\' && in_string)
			n = 2;
		p += n ? n : 1;
	}
	buffer_add(out, done, (size_t)(end - done));
}

static json_t *load(const char *json, size_t length, json_error_t *error)
{
	/* JSON_ALLOW_NUL: json_read.c refuses NUL itself, where it can say the place. */
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
	autobuffer struct buffer wide = { 0 };
	json_t *tree = json_loadb(json, length, flags, error);

	if (tree || json_error_code(error) != json_error_numeric_overflow)
		return tree;
	widen(json, length, &wide);
	scratch.left = JSON_MEMORY_MAX;
	return json_loadb(buffer_string(&wide), wide.length, flags, error);
}

/* jansson quotes the document as it is; what would upset a terminal is masked. */
static int syntax_error(const json_error_t *error, struct error *err)
{
	char text[JSON_ERROR_TEXT_LENGTH];
	size_t n = 0;

	for (const char *p = error->text; *p && n + 1 < sizeof(text); p++)
		text[n++] = iscntrl((unsigned char)*p) ? '?' : *p;
	text[n] = '\0';
	if (scratch.exhausted)
		return error_set(err, "the document takes more than the %u bytes of memory allowed", JSON_MEMORY_MAX);
	return error_set(err, "line %d, column %d: not JSON: %s", error->line, error->column, text);
}

struct json_t *json_load(const char *json, size_t length, struct arena *arena, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	json_error_t error;
	json_t *tree;

	(void)pthread_once(&once, prepare);
	scratch.arena = arena;
	scratch.left = JSON_MEMORY_MAX;
	scratch.exhausted = false;
	tree = load(json, length, &error);
	scratch.arena = NULL;
	if (!tree)
		(void)syntax_error(&error, err);
	return tree;
}
