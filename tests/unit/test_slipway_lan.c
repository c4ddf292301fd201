/* SPDX-License-Identifier: Apache-2.0 */
/* The network of several machines, with sockets in place of machines; and their lines on one output. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/slipway/lan.h"
#include "tools/slipway/lines.h"

#define PORTS 3

static struct lan lan;
static struct error err;

static int open_lan(void **state)
{
	(void)state;
	return lan_open(&lan, PORTS, &err);
}

static int close_lan(void **state)
{
	pid_t process = lan.process;

	(void)state;
	lan_close(&lan);
	lan_close(&lan);
	return waitpid(process, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1;
}

/* An Ethernet frame of `length` bytes, from and to machines by their number; 0xff is all. */
static void send_frame(size_t port, uint8_t to, uint8_t from, size_t length)
{
	uint8_t frame[2000] = { to == 0xff ? 0xff : 0x52, 0, 0, 0, 0, to, 0x52, 0, 0, 0, 0, from, 0x08, 0x00, 'x' };

	assert_int_equal(send(lan.ports[port], frame, length, MSG_NOSIGNAL), length);
}

/* Who sent what arrives next; -1: nothing does. */
static int receive_from(size_t port, int milliseconds)
{
	struct pollfd fd = { .fd = lan.ports[port], .events = POLLIN };
	uint8_t frame[2000];

	if (poll(&fd, 1, milliseconds) <= 0 || recv(fd.fd, frame, sizeof(frame), MSG_DONTWAIT) < 14)
		return -1;
	return frame[11];
}

static void frames_go_where_they_are_addressed_to(void **state)
{
	(void)state;
	/* To all, and to whom nobody has heard of: to all others. */
	send_frame(0, 0xff, 1, 60);
	assert_int_equal(receive_from(1, 5000), 1);
	assert_int_equal(receive_from(2, 5000), 1);
	send_frame(1, 9, 2, 60);
	assert_int_equal(receive_from(0, 5000), 2);
	assert_int_equal(receive_from(2, 5000), 2);
	/* To who has spoken: to nobody else. What comes behind it tells that nothing is on its way any more. */
	send_frame(2, 1, 3, 1514);
	send_frame(2, 0xff, 4, 60);
	assert_int_equal(receive_from(0, 5000), 3);
	assert_int_equal(receive_from(0, 5000), 4);
	assert_int_equal(receive_from(1, 5000), 4);
	/* Back to where it came from goes nothing, and who has moved is found there. */
	send_frame(0, 1, 1, 60);
	send_frame(1, 0xff, 1, 60);
	assert_int_equal(receive_from(0, 5000), 1);
	assert_int_equal(receive_from(2, 5000), 1);
	send_frame(2, 1, 3, 60);
	assert_int_equal(receive_from(1, 5000), 3);
}

static void what_is_no_frame_goes_nowhere(void **state)
{
	(void)state;
	send_frame(0, 0xff, 1, 13);
	send_frame(0, 0xff, 1, 1);
	send_frame(0, 0xff, 2, 14);
	assert_int_equal(receive_from(1, 5000), 2);
	assert_int_equal(receive_from(2, 5000), 2);
	assert_int_equal(receive_from(0, 0), -1);
}

static void a_machine_that_does_not_listen_holds_up_nobody(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		send_frame(0, 0xff, 1, 1514);
		assert_int_equal(receive_from(1, 5000), 1);
	}
	/* One that has ended, neither. */
	(void)close(lan.ports[2]);
	lan.ports[2] = -1;
	for (unsigned int i = 0; i < 100; i++) {
		send_frame(0, 0xff, 1, 60);
		assert_int_equal(receive_from(1, 5000), 1);
	}
}

static void more_addresses_than_are_kept_are_no_harm(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		uint8_t frame[60] = { 0xff, 0, 0, 0, 0, 0, 0x52, 1, 0, (uint8_t)(i >> 8), (uint8_t)i, 7 };

		assert_int_equal(send(lan.ports[0], frame, sizeof(frame), MSG_NOSIGNAL), sizeof(frame));
		assert_int_equal(receive_from(1, 5000), 7);
		assert_int_equal(receive_from(2, 5000), 7);
	}
	send_frame(1, 9, 2, 60);
	assert_int_equal(receive_from(0, 5000), 2);
}

static void a_process_has_its_own_port_alone(void **state)
{
	int port = lan_take(&lan, 1);

	(void)state;
	assert_true(port >= 0);
	for (size_t i = 0; i < PORTS; i++)
		assert_int_equal(lan.ports[i], -1);
	/* That was all there was: the switch ends by itself. */
	(void)close(port);
	assert_int_equal(waitpid(lan.process, NULL, 0), lan.process);
}

static void assert_written(int fd, const char *expected)
{
	char text[16384];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
}

static void lines_have_their_machine_in_front(void **state)
{
	const char *const names[] = { "db", "client" };
	struct arena arena = { 0 };
	struct lines lines = { .prefix = lines_prefix("db", names, 2, &arena), .fd = memfd_create("test", MFD_CLOEXEC) };

	(void)state;
	assert_string_equal(lines.prefix, "db     | ");
	assert_int_equal(lines_write(&lines, "a", 1, &err), 0);
	assert_written(lines.fd, "");
	assert_int_equal(lines_write(&lines, "b\r\n\n\033[2Jc", 9, &err), 0);
	assert_int_equal(lines_end(&lines, &err), 0);
	assert_int_equal(lines_end(&lines, &err), 0);
	assert_written(lines.fd, "db     | ab\r\ndb     | \ndb     | \033[2Jc\n");
	lines.console = true;
	assert_int_equal(lines_write(&lines, "a\tb\r\n\033[2J\n", 10, &err), 0);
	assert_written(lines.fd, "db     | a\tb\ndb     | ?[2J\n");
	(void)close(lines.fd);
	arena_release(&arena);
}

static void long_lines_are_broken(void **state)
{
	struct lines lines = { .prefix = "| ", .fd = memfd_create("test", MFD_CLOEXEC) };
	char text[LINES_LINE_MAX + 2], expected[LINES_LINE_MAX + 16];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(lines_write(&lines, text, sizeof(text), &err), 0);
	assert_int_equal(lines_end(&lines, &err), 0);
	(void)snprintf(expected, sizeof(expected), "| %.*s\n| xx\n", LINES_LINE_MAX, text);
	assert_written(lines.fd, expected);
	(void)close(lines.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_go_where_they_are_addressed_to, open_lan, close_lan),
		cmocka_unit_test_setup_teardown(what_is_no_frame_goes_nowhere, open_lan, close_lan),
		cmocka_unit_test_setup_teardown(a_machine_that_does_not_listen_holds_up_nobody, open_lan, close_lan),
		cmocka_unit_test_setup_teardown(more_addresses_than_are_kept_are_no_harm, open_lan, close_lan),
		cmocka_unit_test_setup_teardown(a_process_has_its_own_port_alone, open_lan, close_lan),
		cmocka_unit_test(lines_have_their_machine_in_front),
		cmocka_unit_test(long_lines_are_broken),
	};

	return cmocka_run_group_tests_name("lan", tests, NULL, NULL);
}
