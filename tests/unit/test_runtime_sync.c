/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation of runtime and set-up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/container/sync.h"

static void messages_arrive_in_order_until_the_end(void **state)
{
	struct error err;
	int s[2];

	(void)state;
	assert_int_equal(sync_open(s, &err), 0);
	assert_int_equal(sync_send(s[1], SYNC_PREPARED, &err), 0);
	assert_int_equal(sync_send(s[1], SYNC_CREATED, &err), 0);
	assert_int_equal(sync_expect(s[0], SYNC_PREPARED, &err), 0);
	assert_int_equal(sync_expect(s[0], SYNC_CREATED, &err), 0);
	(void)close(s[1]);
	assert_int_equal(sync_expect(s[0], SYNC_END, &err), 0);
	assert_int_equal(sync_expect(s[0], SYNC_CREATED, &err), -1);
	(void)close(s[0]);
}

static void an_error_comes_with_its_words_and_number(void **state)
{
	struct error sent = { .number = ENOSPC }, got;
	int s[2];

	(void)state;
	assert_int_equal(sync_open(s, &got), 0);
	memset(sent.message, 'x', sizeof(sent.message) - 1);
	sync_send_error(s[1], &sent);
	assert_int_equal(sync_expect(s[0], SYNC_END, &got), -1);
	assert_int_equal(got.number, ENOSPC);
	assert_string_equal(got.message, sent.message);
	(void)close(s[0]);
	sync_send_error(s[1], &sent);		/* to nobody: no signal, no harm */
	(void)close(s[1]);
}

/* The other side fails while we have something to say: what counts is why. */
static void who_has_ended_is_heard_before_the_failure_to_speak(void **state)
{
	const struct error sent = { .number = ENOSPC, .message = "no room" };
	struct error got;
	int s[2];

	(void)state;
	for (int unread = 0; unread < 2; unread++) {
		assert_int_equal(sync_open(s, &got), 0);
		if (unread)
			assert_int_equal(sync_send(s[0], SYNC_GO, &got), 0);
		assert_int_equal(sync_send(s[1], SYNC_PREPARED, &got), 0);
		sync_send_error(s[1], &sent);
		(void)close(s[1]);
		if (unread) {
			assert_int_equal(sync_expect(s[0], SYNC_PREPARED, &got), 0);
			assert_int_equal(sync_expect(s[0], SYNC_CREATED, &got), -1);
		} else {
			assert_int_equal(sync_send_descriptor(s[0], SYNC_NETWORK, s[0], &got), -1);
		}
		assert_string_equal(got.message, "no room");
		assert_int_equal(got.number, ENOSPC);
		assert_int_equal(sync_send(s[0], SYNC_GO, &got), -1);
		assert_non_null(strstr(got.message, "cannot talk"));
		(void)close(s[0]);
	}
}

static void a_descriptor_arrives_or_is_missed(void **state)
{
	struct error err;
	int s[2], fd;

	(void)state;
	assert_int_equal(sync_open(s, &err), 0);
	assert_int_equal(sync_send_descriptor(s[0], SYNC_NETWORK, s[0], &err), 0);
	fd = sync_expect_descriptor(s[1], SYNC_NETWORK, &err);
	assert_true(fd >= 0);
	assert_int_equal(sync_send(fd, SYNC_NETWORK, &err), 0);
	assert_int_equal(sync_expect_descriptor(s[1], SYNC_NETWORK, &err), -1);
	assert_non_null(strstr(err.message, "no descriptor"));
	assert_int_equal(sync_send_descriptor(s[0], SYNC_GO, s[0], &err), 0);
	assert_int_equal(sync_expect_descriptor(s[1], SYNC_NETWORK, &err), -1);
	(void)close(fd);
	(void)close(s[0]);
	(void)close(s[1]);
}

static void nonsense_is_refused(void **state)
{
	static const char bytes[2000] = { 7 };
	struct error err;
	int s[2];

	(void)state;
	assert_int_equal(sync_open(s, &err), 0);
	assert_int_equal(send(s[1], bytes, 1, 0), 1);
	assert_int_equal(sync_expect(s[0], SYNC_GO, &err), -1);
	assert_int_equal(send(s[1], bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(sync_expect(s[0], SYNC_GO, &err), -1);
	assert_int_equal(sync_send(s[1], SYNC_CREATED, &err), 0);
	assert_int_equal(sync_expect(s[0], SYNC_GO, &err), -1);
	(void)close(s[0]);
	(void)close(s[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_arrive_in_order_until_the_end),
		cmocka_unit_test(an_error_comes_with_its_words_and_number),
		cmocka_unit_test(who_has_ended_is_heard_before_the_failure_to_speak),
		cmocka_unit_test(a_descriptor_arrives_or_is_missed),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
