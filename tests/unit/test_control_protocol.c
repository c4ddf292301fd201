/* SPDX-License-Identifier: Apache-2.0 */
/* Records, frames and what is made of them for people and programs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "control/frame.h"
#include "control/record.h"
#include "control/relay.h"
#include "control/render.h"

static struct error err;
static char text[RECORD_LINE_MAX];

static int parse(const char *line, struct record *record)
{
	(void)strcpy(text, line);
	return record_parse(text, record, &err);
}

static void records_are_read_as_they_were_written(void **state)
{
	autobuffer struct buffer out = { 0 };
	struct record record;
	int64_t n;

	(void)state;
	record_begin(&out, "line");
	record_add(&out, "text", "a b%\n\xc3\xa9=x");
	record_add_number(&out, "pid", -12);
	record_add_bytes(&out, "bytes", "a\0b", 3);
	record_end(&out);
	assert_string_equal(buffer_string(&out), "line text=a%20b%25%0A\xc3\xa9=x pid=-12 bytes=a\xef\xbf\xbd" "b\n");
	out.data[out.length - 1] = '\0';
	assert_int_equal(parse(buffer_string(&out), &record), 0);
	assert_string_equal(record.kind, "line");
	assert_string_equal(record_get(&record, "text"), "a b%\n\xc3\xa9=x");
	assert_true(record_number(&record, "pid", &n));
	assert_int_equal(n, -12);
	assert_false(record_number(&record, "text", &n));
	assert_null(record_get(&record, "none"));
}

static void what_is_no_record_is_refused(void **state)
{
	static const char *const lines[] = {
		"", " a=b", "status a", "status =b", "status a=%", "status a=%4", "status a=%4x", "status a=%00", "status  a=b",
	};
	struct record record;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (parse(lines[i], &record) == 0)
			fail_msg("'%s' was taken", lines[i]);
	(void)strcpy(text, "x");
	for (int i = 0; i <= RECORD_FIELDS_MAX; i++)
		(void)strcat(text, " a=b");
	assert_int_equal(record_parse(text, &record, &err), -1);
}

static void numbers_have_bounds(void **state)
{
	struct record record;
	int64_t n;

	(void)state;
	assert_int_equal(parse("x a=999999999999999999 b=1000000000000000000 c= d=- e=1x f=+1", &record), 0);
	assert_true(record_number(&record, "a", &n));
	for (const char *key = "bcdef"; *key; key++)
		assert_false(record_number(&record, (char[]){ *key, '\0' }, &n));
}

/* ------------------------------------------------------------ frames */

static void frames_come_however_they_are_cut(void **state)
{
	static const uint8_t bytes[] = { 0, 0, 'D', 1, 0, 3, 'a', 0, 'c', 0, 'C', 2, 0, 0 };

	(void)state;
	for (size_t piece = 1; piece <= sizeof(bytes); piece++) {
		struct frame_reader reader = { 0 };
		struct frame frame;
		size_t count = 0;

		for (size_t at = 0, taken; at < sizeof(bytes); at += taken) {
			size_t n = piece < sizeof(bytes) - at ? piece : sizeof(bytes) - at;

			assert_int_equal(frame_read(&reader, bytes + at, n, &taken, &frame, &err), 0);
			if (frame.type == FRAME_NONE)
				continue;
			count++;
			assert_int_equal(frame.type, count == 1 ? FRAME_DATA : FRAME_CLOSE);
			assert_int_equal(frame.channel, count);
			assert_int_equal(frame.length, count == 1 ? 3 : 0);
			if (count == 1)
				assert_memory_equal(frame.payload, "a\0c", 3);
		}
		assert_int_equal(count, 2);
	}
}

static void a_frame_has_a_bound(void **state)
{
	static const uint8_t bytes[] = { 'D', 0, 0x10, 1 };
	struct frame_reader reader = { 0 };
	struct frame frame;
	size_t taken;

	(void)state;
	assert_int_equal(frame_read(&reader, bytes, sizeof(bytes), &taken, &frame, &err), -1);
}

/* ------------------------------------------------------------ both ends of a line */

static int server;

static int dial(void)
{
	int pair[2];

	/* An echo for each channel. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	if (fork() == 0) {
		char data[1000];
		ssize_t n;

		(void)close(pair[0]);
		while ((n = read(pair[1], data, sizeof(data))) > 0)
			for (ssize_t at = 0, m; at < n; at += m) {
				m = write(pair[1], data + at, (size_t)(n - at));
				if (m <= 0)
					_exit(1);
			}
		_exit(0);
	}
	(void)close(pair[1]);
	return pair[0];
}

static int dial_server(void)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (getsockname(server, (struct sockaddr *)&address, &length) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, length) < 0)
		return -1;
	return fd;
}

static void echo(int fd, size_t bytes)
{
	size_t sent = 0, got = 0;
	uint8_t data[5000];

	while (got < bytes) {
		if (sent < bytes && sent < got + 10000) {
			size_t n = bytes - sent < sizeof(data) ? bytes - sent : sizeof(data);

			for (size_t i = 0; i < n; i++)
				data[i] = (uint8_t)((sent + i) * 7);
			assert_int_equal(write(fd, data, n), (ssize_t)n);
			sent += n;
		} else {
			ssize_t n = read(fd, data, sizeof(data));

			assert_true(n > 0);
			for (ssize_t i = 0; i < n; i++)
				assert_int_equal(data[i], (uint8_t)((got + (size_t)i) * 7));
			got += (size_t)n;
		}
	}
}

static void many_streams_share_a_line(void **state)
{
	int line[2], fds[RELAY_CHANNELS], deaf;
	pid_t host, guest;

	(void)state;
	/* The kernel chooses a name. */
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(server, &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(server, 32), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, line), 0);
	host = fork();
	if (host == 0) {
		(void)close(line[1]);
		_exit(relay_host(line[0], server, &err) < 0);
	}
	for (int round = 0; round < 3; round++) {
		guest = fork();
		if (guest == 0) {
			(void)close(line[0]);
			(void)relay_guest(line[1], dial, &err);
			_exit(1);
		}
		/* One that never reads what comes back holds up nobody. */
		deaf = dial_server();
		for (size_t i = 0; i < 12; i++)
			assert_true(write(deaf, text, 1000) > 0);
		/* More than there are channels, one after the other, so that each comes again. */
		for (size_t i = 0; i < 3 * RELAY_CHANNELS; i++) {
			int fd = dial_server();

			echo(fd, 40000);
			(void)close(fd);
		}
		for (size_t i = 0; i < RELAY_CHANNELS - 1; i++)
			fds[i] = dial_server();
		for (size_t i = 0; i < RELAY_CHANNELS - 1; i++)
			echo(fds[i], 100000);
		/* In the middle of everything; the next one begins anew, and the channels of the first are closed. */
		assert_int_equal(write(fds[0], "x", 1), 1);
		(void)kill(guest, SIGKILL);
		(void)waitpid(guest, NULL, 0);
		for (size_t i = 1; i < RELAY_CHANNELS - 1; i++)
			(void)close(fds[i]);
		(void)close(fds[0]);
		(void)close(deaf);
	}
	(void)close(line[0]);
	(void)close(line[1]);
	(void)waitpid(host, NULL, 0);
	(void)close(server);
}

/* ------------------------------------------------------------ for people and programs */

static void times_and_control_characters(void **state)
{
	autobuffer struct buffer out = { 0 };
	char at[RENDER_TIME_MAX];

	(void)state;
	render_time(1795647000123456, at);
	assert_string_equal(at, "2026-11-25T22:50:00.123456Z");
	render_time(-1, at);
	assert_string_equal(at, "-");
	render_clean(&out, "a\tb\033[31mred\033[0m\033[2J\r\n\x7f");
	assert_string_equal(buffer_string(&out), "a\tb\033[31mred\033[0m?[2J???");
}

static void json_has_numbers_where_they_belong(void **state)
{
	autobuffer struct buffer out = { 0 };
	struct record record;

	(void)state;
	assert_int_equal(parse("service name=12 pid=12 ready=1 restarts=007 exit=x value=1.50", &record), 0);
	render_json(&out, &record);
	assert_string_equal(buffer_string(&out), "{\"name\":\"12\",\"pid\":12,\"ready\":true,\"restarts\":\"007\",\"exit\":\"x\",\"value\":1.50}");
}

static void metrics_are_clean(void **state)
{
	autobuffer struct buffer out = { 0 };
	struct record record;

	(void)state;
	assert_int_equal(parse("metric metric=up_seconds type=gauge help=how%20long service=a\"b%0A value=5", &record), 0);
	render_metric(&out, &record, "");
	render_metric(&out, &record, "up_seconds");
	assert_string_equal(buffer_string(&out), "# HELP up_seconds how long\n# TYPE up_seconds gauge\n"
						 "up_seconds{service=\"a\\\"b\\n\"} 5\nup_seconds{service=\"a\\\"b\\n\"} 5\n");
	out.length = 0;
	assert_int_equal(parse("metric metric=up{ value=5", &record), 0);
	render_metric(&out, &record, "");
	assert_int_equal(parse("metric metric=up value=5%0Aup", &record), 0);
	render_metric(&out, &record, "");
	assert_int_equal(out.length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_read_as_they_were_written),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(frames_come_however_they_are_cut),
		cmocka_unit_test(a_frame_has_a_bound),
		cmocka_unit_test(many_streams_share_a_line),
		cmocka_unit_test(times_and_control_characters),
		cmocka_unit_test(json_has_numbers_where_they_belong),
		cmocka_unit_test(metrics_are_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
