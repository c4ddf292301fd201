/* SPDX-License-Identifier: Apache-2.0 */
/* Lines in memory: written by one who may be killed at any moment, read by others at the same time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/log_unacked.h"
#include "init/logring.h"
#include "init/logstage.h"
#include "init/rotation.h"
#include "init/syslog.h"

#define RING 16384u
#define LINES 100000u
#define BIG_RING (8u << 20)

static struct log_area *areas[2];
static size_t rings[2];
static struct log_memory memory;
static struct log_line line, got;

static int open_memory(size_t ring)
{
	struct error err;
	autoclose int fd = memfd_create("logs", MFD_CLOEXEC);

	rings[0] = rings[1] = ring;
	memory = (struct log_memory){ .count = 2, .areas = areas, .rings = rings };
	assert_int_equal(ftruncate(fd, (off_t)log_memory_size(rings, 2)), 0);
	return log_memory_map(fd, &memory, &err);
}

static int setup(void **state)
{
	(void)state;
	return open_memory(RING);
}

static int teardown(void **state)
{
	(void)state;
	return munmap(memory.header, memory.size);
}

static void append(const char *text)
{
	line.length = strlen(text);
	memcpy(line.text, text, line.length);
	log_append(areas[0], rings[0], &line, log_current(areas[0]));
}

static void lines_come_out_as_they_went_in(void **state)
{
	struct log_cursor cursor = { 0 };
	uint64_t lost;

	(void)state;
	assert_int_equal(log_read(areas[0], RING, &cursor, &got, &lost), 0);
	line.realtime_us = 5;
	line.stream = LOG_STDERR;
	append("one");
	append("");
	assert_int_equal(log_read(areas[0], RING, &cursor, &got, &lost), 1);
	assert_int_equal(got.length, 3);
	assert_memory_equal(got.text, "one", 3);
	assert_int_equal(got.realtime_us, 5);
	assert_int_equal(got.stream, LOG_STDERR);
	assert_int_equal(got.sequence, 1);
	assert_int_equal(log_read(areas[0], RING, &cursor, &got, &lost), 1);
	assert_int_equal(got.length, 0);
	assert_int_equal(log_read(areas[0], RING, &cursor, &got, &lost), 0);
	/* The other source has none of it. */
	cursor = (struct log_cursor){ 0 };
	assert_int_equal(log_read(areas[1], RING, &cursor, &got, &lost), 0);
}

/* Lines of all lengths, many times around: what is there is the last of them, without a gap. */
static void the_oldest_go_and_are_counted(void **state)
{
	struct log_cursor cursor = { 0 }, from = { .sequence = 10 };
	uint64_t lost, total = 0, expected = 0;
	char text[LOG_LINE_MAX + 1];

	(void)state;
	for (unsigned int i = 1; i <= 3000; i++) {
		unsigned int length = i * 37 % LOG_LINE_MAX;

		memset(text, 'a' + (int)(i % 26), length);
		text[length] = '\0';
		append(text);
	}
	assert_int_equal(log_read(areas[0], RING, &from, &got, &lost), 1);
	assert_int_equal(lost, got.sequence - 10);
	while (log_read(areas[0], RING, &cursor, &got, &lost) == 1) {
		total++;
		if (expected > 0)
			assert_int_equal(got.sequence, expected);
		expected = got.sequence + 1;
		assert_int_equal(got.length, got.sequence * 37 % LOG_LINE_MAX);
		for (size_t i = 0; i < got.length; i++)
			assert_int_equal(got.text[i], 'a' + (int)(got.sequence % 26));
	}
	assert_int_equal(expected, 3001);
	assert_true(total > 2);
	/* Who comes back knows only the number. */
	cursor = (struct log_cursor){ .sequence = 3000 };
	assert_int_equal(log_read(areas[0], RING, &cursor, &got, &lost), 1);
	assert_int_equal(got.sequence, 3000);
	assert_int_equal(lost, 0);
}

static void room_is_what_no_sink_wants_any_more(void **state)
{
	unsigned int count = 0;

	(void)state;
	append("first");
	while (log_has_room(areas[0], RING, 1000, 1u << LOG_SINK_FILE)) {
		line.length = 1000;
		log_append(areas[0], RING, &line, log_current(areas[0]));
		assert_true(++count < 100);
	}
	assert_true(count >= 14);
	/* Another sink does not care, and this one has come on. */
	assert_true(log_has_room(areas[0], RING, 1000, 0));
	atomic_store(&areas[0]->cursors[LOG_SINK_FILE], 2);
	assert_false(log_has_room(areas[0], RING, 1000, 1u << LOG_SINK_FILE));
	atomic_store(&areas[0]->cursors[LOG_SINK_FILE], 4);
	assert_true(log_has_room(areas[0], RING, 1000, 1u << LOG_SINK_FILE));
}

/* ------------------------------------------------------------ stages */

static void feed(int fds[2], const char *text)
{
	assert_int_equal(write(fds[1], text, strlen(text)), (ssize_t)strlen(text));
}

static void lines_are_cut_at_their_ends(void **state)
{
	struct log_commit change;
	int fds[2], aside[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_int_equal(pipe(aside), 0);
	assert_int_equal(logstage_read(areas[0], 0, fds[0], aside), LOGSTAGE_EMPTY);
	feed(fds, "one\n\ntwo and");
	assert_int_equal(logstage_read(areas[0], 0, fds[0], aside), LOGSTAGE_READ);
	for (int i = 0; i < 2; i++) {
		assert_true(logstage_line(areas[0], 0, false, &line, &change));
		assert_int_equal(line.length, i == 0 ? 3 : 0);
		assert_false(line.partial);
		log_append(areas[0], RING, &line, &change);
	}
	assert_false(logstage_line(areas[0], 0, false, &line, &change));
	assert_true(logstage_has_rest(areas[0], 0));
	assert_false(logstage_has_rest(areas[0], 1));
	assert_true(logstage_line(areas[0], 0, true, &line, &change));
	assert_true(line.partial);
	assert_int_equal(line.length, 7);
	close(fds[0]);
	close(fds[1]);
	close(aside[0]);
	close(aside[1]);
}

static void long_lines_come_in_pieces(void **state)
{
	static char text[2 * LOG_LINE_MAX + 2];
	static const size_t lengths[] = { LOG_LINE_MAX, LOG_LINE_MAX };
	struct log_commit change;
	int fds[2], aside[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_int_equal(pipe(aside), 0);
	memset(text, 'x', 2 * LOG_LINE_MAX);
	text[2 * LOG_LINE_MAX] = '\n';
	feed(fds, text);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		while (!logstage_line(areas[0], 1, false, &line, &change))
			assert_int_equal(logstage_read(areas[0], 1, fds[0], aside), LOGSTAGE_READ);
		assert_int_equal(line.length, lengths[i]);
		log_append(areas[0], RING, &line, &change);
	}
	close(fds[0]);
	close(fds[1]);
	close(aside[0]);
	close(aside[1]);
}

/* Takes lines from the pipe until it is killed, or has seen the end. */
static void __attribute__((noreturn)) collect(int fd)
{
	struct log_commit change;
	int aside[2];

	if (pipe(aside) < 0)
		_exit(1);
	logstage_recover(areas[0]);
	for (;;) {
		enum logstage_result r;

		while (logstage_line(areas[0], 0, false, &line, &change))
			log_append(areas[0], rings[0], &line, &change);
		r = logstage_read(areas[0], 0, fd, aside);
		if (r == LOGSTAGE_EMPTY && log_current(areas[0])->next_sequence > LINES)
			_exit(0);
	}
}

static void __attribute__((noreturn)) write_numbers(int fd)
{
	for (unsigned int i = 1; i <= LINES; i++)
		if (dprintf(fd, "line %u\n", i) < 0)
			_exit(1);
	_exit(0);
}

static void every_byte_once_though_the_reader_is_killed(void **state)
{
	struct log_cursor cursor = { 0 };
	unsigned int kills = 0;
	pid_t writer, reader;
	int fds[2], status;
	uint64_t lost;
	char expected[32];

	(void)state;
	(void)munmap(memory.header, memory.size);
	assert_int_equal(open_memory(BIG_RING), 0);
	assert_int_equal(pipe(fds), 0);
	writer = fork();
	if (writer == 0)
		write_numbers(fds[1]);
	for (;;) {
		reader = fork();
		if (reader == 0)
			collect(fds[0]);
		(void)usleep((useconds_t)(rand() % 1500));
		if (waitpid(reader, &status, WNOHANG) == reader)
			break;
		(void)kill(reader, SIGKILL);
		(void)waitpid(reader, &status, 0);
		if (WIFEXITED(status))
			break;
		kills++;
	}
	(void)waitpid(writer, NULL, 0);
	print_message("killed %u times\n", kills);
	for (unsigned int i = 1; i <= LINES; i++) {
		(void)snprintf(expected, sizeof(expected), "line %u", i);
		assert_int_equal(log_read(areas[0], rings[0], &cursor, &got, &lost), 1);
		assert_int_equal(got.length, strlen(expected));
		assert_memory_equal(got.text, expected, got.length);
		assert_int_equal(got.sequence, i);
	}
	assert_int_equal(log_read(areas[0], rings[0], &cursor, &got, &lost), 0);
	close(fds[0]);
	close(fds[1]);
}

/* The very moment: the kernel has moved the bytes, and nobody has noted it down; or it has not yet. */
static void what_the_kernel_did_is_found_out(void **state)
{
	struct log_pipe *pipe_ = &areas[0]->pipes[0];

	(void)state;
	*pipe_ = (struct log_pipe){ .at = 0, .length = 4, .mark = (uint8_t)~'a' };
	memcpy(areas[0]->stages[0], "abc\n", 4);
	logstage_recover(areas[0]);
	assert_int_equal(log_current(areas[0])->staged[0], 4);
	assert_int_equal(pipe_->length, 0);
	*pipe_ = (struct log_pipe){ .at = 4, .length = 4, .mark = (uint8_t)~'d' };
	areas[0]->stages[0][4] = (uint8_t)~'d';
	logstage_recover(areas[0]);
	assert_int_equal(log_current(areas[0])->staged[0], 4);
	/* Noted down already. */
	*pipe_ = (struct log_pipe){ .at = 0, .length = 4, .mark = 'x' };
	logstage_recover(areas[0]);
	assert_int_equal(log_current(areas[0])->staged[0], 4);
}

/* A writer that never stops and a reader: lines are whole, and what is missing is told. */
static void readers_never_see_half_a_line(void **state)
{
	struct log_cursor cursor = { .sequence = 1 };
	uint64_t lost, seen = 0, gone = 0;
	pid_t writer = fork();
	char text[200];

	(void)state;
	if (writer == 0)
		for (unsigned int i = 0;; i++) {
			memset(text, 'a' + (int)(i % 26), i % 199);
			text[i % 199] = '\0';
			append(text);
		}
	while (seen < 20000) {
		if (log_read(areas[0], RING, &cursor, &got, &lost) == 0)
			continue;
		seen++;
		gone += lost;
		assert_int_equal(got.sequence, seen + gone);
		assert_int_equal(got.length, (got.sequence - 1) % 199);
		for (size_t i = 0; i < got.length; i++)
			assert_int_equal(got.text[i], 'a' + (int)((got.sequence - 1) % 26));
	}
	(void)kill(writer, SIGKILL);
	(void)waitpid(writer, NULL, 0);
}

/* ------------------------------------------------------------ files */

static char directory[] = "/tmp/slipway-rotation-XXXXXX";

static size_t size_of(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, 0) < 0 ? 0 : (size_t)st.st_size;
}

static void files_are_rotated_by_size_and_count(void **state)
{
	struct error err;
	autoclose int fd = -1;
	struct rotation r = { .name = "web.log", .size = 100, .count = 3, .fd = -1 };

	(void)state;
	assert_non_null(mkdtemp(directory));
	fd = r.directory = open(directory, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 25; i++)
		assert_int_equal(rotation_write(&r, "0123456789012345678\n", 20, &err), 0);
	assert_int_equal(rotation_sync(&r, &err), 0);
	assert_int_equal(size_of(fd, "web.log"), 100);
	assert_int_equal(size_of(fd, "web.log.1"), 100);
	assert_int_equal(size_of(fd, "web.log.2"), 100);
	assert_int_equal(size_of(fd, "web.log.3"), 0);
	/* Another process goes on where it was; a line that was cut short gets its end. */
	assert_int_equal(rotation_write(&r, "half", 4, &err), 0);
	fd_replace(&r.fd, -1);
	assert_int_equal(rotation_write(&r, "whole\n", 6, &err), 0);
	assert_int_equal(size_of(fd, "web.log"), 11);
	/* A line that is larger than a file is in a file of its own. */
	r.count = 1;
	assert_int_equal(rotation_write(&r, "01234567890123456789012345678901234567890123456789012345678901234567890123456789"
					"0123456789012345678901234567890123456789\n", 121, &err), 0);
	assert_int_equal(size_of(fd, "web.log"), 121);
	fd_replace(&r.fd, -1);
	for (size_t i = 0; i < 4; i++)
		(void)unlinkat(fd, (const char *const[]){ "web.log", "web.log.1", "web.log.2", "web.log.3" }[i], 0);
	/* It is a directory that is not there any more. */
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(rotation_write(&r, "x\n", 2, &err), -1);
	assert_string_equal(err.message, "cannot open 'web.log': No such file or directory");
}

/* ------------------------------------------------------------ for others */

static void messages_are_those_of_rfc_5424(void **state)
{
	struct syslog_origin origin = { "box", "web server" };
	autobuffer struct buffer out = { 0 }, counted = { 0 };

	(void)state;
	line = (struct log_line){ .realtime_us = 1065910455003000, .stream = LOG_STDERR, .priority = 4, .length = 5, .text = "hello" };
	syslog_rfc5424(&out, &origin, &line);
	assert_string_equal(buffer_string(&out), "<28>1 2003-10-11T22:14:15.003000Z box web?server - stderr - hello");
	syslog_count_octets(&counted, &out);
	assert_memory_equal(counted.data, "65 <28>1 2003", 13);
	out.length = 0;
	origin = (struct syslog_origin){ "", "kernel" };
	line.stream = LOG_KERNEL;
	syslog_rfc5424(&out, &origin, &line);
	assert_string_equal(buffer_string(&out), "<4>1 2003-10-11T22:14:15.003000Z - kernel - kernel - hello");
}

static void json_is_one_line_of_valid_text(void **state)
{
	struct syslog_origin origin = { "box", "web" };
	autobuffer struct buffer out = { 0 };

	(void)state;
	line = (struct log_line){ .priority = 6, .sequence = 7, .length = 14, .text = "a\"\\\n\x1b\xff\xc3\xa9\xe2\x82 \xf0\x9f\x98" };
	syslog_json(&out, &origin, &line);
	assert_string_equal(buffer_string(&out),
			    "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"host\":\"box\",\"service\":\"web\",\"stream\":\"stdout\","
			    "\"priority\":6,\"sequence\":7,\"text\":\"a\\\"\\\\\\u000a\\u001b\\ufffd\xc3\xa9\\ufffd\\ufffd \\ufffd\\ufffd\\ufffd\"}");
}

/* ------------------------------------------------------------ what a stream has not brought over */

static struct log_unacked unacked;
static struct log_unacked_line taken;

/* Lines 1 and so on of source 7, each of ten bytes. */
static void given(unsigned int lines)
{
	memset(&unacked, 0, sizeof(unacked));
	for (unsigned int i = 1; i <= lines; i++)
		log_unacked_add(&unacked, (struct log_unacked_line){ .source = 7, .sequence = i }, 10);
}

static void lines_are_settled_when_all_their_bytes_are(void **state)
{
	(void)state;
	given(3);
	assert_false(log_unacked_oldest(&unacked, 30, &taken));
	assert_false(log_unacked_oldest(&unacked, 21, &taken));
	assert_true(log_unacked_oldest(&unacked, 20, &taken));
	assert_int_equal(taken.source, 7);
	assert_int_equal(taken.sequence, 1);
	assert_false(log_unacked_oldest(&unacked, 20, &taken));
	assert_true(log_unacked_oldest(&unacked, 0, &taken));
	assert_true(log_unacked_oldest(&unacked, 0, &taken));
	assert_int_equal(taken.sequence, 3);
	assert_false(log_unacked_oldest(&unacked, 0, &taken));
}

static void what_is_not_settled_comes_back_from_the_end(void **state)
{
	(void)state;
	given(5);
	assert_true(log_unacked_oldest(&unacked, 30, &taken));
	assert_true(log_unacked_oldest(&unacked, 30, &taken));
	for (unsigned int i = 5; i > 2; i--) {
		assert_true(log_unacked_newest(&unacked, &taken));
		assert_int_equal(taken.sequence, i);
	}
	assert_false(log_unacked_newest(&unacked, &taken));
}

static void more_than_there_is_room_for_goes_through(void **state)
{
	(void)state;
	given(LOG_UNACKED_MAX);
	for (unsigned int i = 1; i <= 3 * LOG_UNACKED_MAX; i++) {
		assert_true(log_unacked_oldest(&unacked, 10 * (LOG_UNACKED_MAX - 1), &taken));
		assert_int_equal(taken.sequence, i);
		log_unacked_add(&unacked, (struct log_unacked_line){ .sequence = i + LOG_UNACKED_MAX }, 10);
		assert_int_equal(unacked.count, LOG_UNACKED_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_come_out_as_they_went_in, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_go_and_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(room_is_what_no_sink_wants_any_more, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_are_cut_at_their_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(long_lines_come_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(every_byte_once_though_the_reader_is_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_kernel_did_is_found_out, setup, teardown),
		cmocka_unit_test_setup_teardown(readers_never_see_half_a_line, setup, teardown),
		cmocka_unit_test(files_are_rotated_by_size_and_count),
		cmocka_unit_test(messages_are_those_of_rfc_5424),
		cmocka_unit_test(json_is_one_line_of_valid_text),
		cmocka_unit_test(lines_are_settled_when_all_their_bytes_are),
		cmocka_unit_test(what_is_not_settled_comes_back_from_the_end),
		cmocka_unit_test(more_than_there_is_room_for_goes_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
