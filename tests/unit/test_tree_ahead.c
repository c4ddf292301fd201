/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that are produced ahead of their reader: the same bytes, ends and errors, whether a thread is worth it or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/mkimage/tree/ahead.h"

#define LONG_BYTES (5u << 20)	/* more than is ever ahead */

struct source {
	size_t at, length, piece;
	bool fails;			/* at the end */
	unsigned int after_end;		/* calls that should not have been */
	bool ended;
	unsigned char bytes[1 << 17];
};

static unsigned char expected(size_t at)
{
	return (unsigned char)(at * 2654435761u >> 13);
}

static long produce(void *context, const void **data, struct error *err)
{
	struct source *s = context;
	size_t n = s->length - s->at < s->piece ? s->length - s->at : s->piece;

	s->after_end += s->ended;
	for (size_t i = 0; i < n; i++)
		s->bytes[i] = expected(s->at + i);
	__atomic_add_fetch(&s->at, n, __ATOMIC_SEQ_CST); /* little_is_ahead() looks on */
	s->ended = n == 0;
	*data = s->bytes;
	return n == 0 && s->fails ? error_set(err, "the disk is on fire") : (long)n;
}

static void read_all(struct source *s)
{
	struct ahead *ahead = ahead_open(produce, s);
	struct error err = { 0 };
	const unsigned char *p;
	const void *data;
	size_t at = 0;
	long n;

	while ((n = ahead_next(ahead, &data, &err)) > 0) {
		p = data;
		for (long i = 0; i < n; i++, at++)
			if (p[i] != expected(at))
				fail_msg("byte %zu is another", at);
	}
	assert_int_equal(at, s->length);
	assert_int_equal(n, s->fails ? -1 : 0);
	/* And so it stays. */
	err.message[0] = '\0';
	assert_int_equal(ahead_next(ahead, &data, &err), n);
	if (s->fails)
		assert_string_equal(err.message, "the disk is on fire");
	ahead_close(ahead);
	assert_int_equal(s->after_end, 0);
}

static const size_t lengths[] = { 0, 1, 1000, 256 << 10, (256 << 10) + 1, LONG_BYTES };
static const size_t pieces[] = { 13, 4096, 65536, 1 << 17 };

static void all_bytes_come_in_order(void **state)
{
	static struct source s;

	(void)state;
	for (size_t l = 0; l < sizeof(lengths) / sizeof(*lengths); l++)
		for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++)
			for (int fails = 0; fails < 2; fails++) {
				s = (struct source){ .length = lengths[l], .piece = pieces[p], .fails = fails };
				read_all(&s);
			}
}

static void a_reader_may_leave_at_any_time(void **state)
{
	static struct source s;
	const void *data;

	(void)state;
	for (unsigned int calls = 0; calls < 24; calls++) {
		struct ahead *ahead;

		s = (struct source){ .length = LONG_BYTES, .piece = 50000 };
		ahead = ahead_open(produce, &s);
		for (unsigned int i = 0; i < calls; i++)
			assert_true(ahead_next(ahead, &data, NULL) > 0);
		ahead_close(ahead);
		/* Nobody produces any more. */
		s.at = 0;
	}
	ahead_close(NULL);
}

/* A slow reader keeps the producer waiting: what is ahead is bounded. */
static void little_is_ahead(void **state)
{
	static struct source s;
	struct ahead *ahead;
	const void *data;
	size_t got = 0;

	(void)state;
	s = (struct source){ .length = LONG_BYTES, .piece = 65536 };
	ahead = ahead_open(produce, &s);
	while (got < (1u << 20)) {
		long n = ahead_next(ahead, &data, NULL);

		assert_true(n > 0);
		got += (size_t)n;
	}
	usleep(50000);
	assert_true(__atomic_load_n(&s.at, __ATOMIC_SEQ_CST) <= got + (2u << 20));
	ahead_close(ahead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes_come_in_order),
		cmocka_unit_test(a_reader_may_leave_at_any_time),
		cmocka_unit_test(little_is_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
