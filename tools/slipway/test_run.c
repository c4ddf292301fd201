/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/test_run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "control/frame.h"
#include "control/test.h"
#include "tools/mkimage/source/hash.h"
#include "tools/slipway/lines.h"
#include "tools/slipway/test_artifacts.h"
#include "tools/slipway/vm.h"

#define CONSOLE_MAX 16384		/* bytes of its end that are kept */
#define CONSOLE_LINES 20		/* of them that are shown */
#define MISSING_MAX 20			/* artifacts that are missing and told of */

/* The last bytes of a stream. */
struct tail {
	char *data;			/* borrowed */
	size_t length, max;
};

struct run {
	const struct test_run *options;
	struct test_result *result;
	struct frame_reader reader;
	struct artifacts artifacts;
	bool wants_artifacts;
	struct hash *output;
	struct tail tail, console;
	struct lines lines;		/* with a prefix */
	unsigned int missing;
	bool ended;			/* the service has, with this status: */
	int status;
	struct error err;		/* why the machine was ended; "" where it was not */
};

static void tail_add(struct tail *tail, const char *data, size_t length)
{
	size_t drop;

	if (length > tail->max) {
		data += length - tail->max;
		length = tail->max;
	}
	drop = tail->length + length > tail->max ? tail->length + length - tail->max : 0;
	memmove(tail->data, tail->data + drop, tail->length - drop);
	memcpy(tail->data + tail->length - drop, data, length);
	tail->length += length - drop;
}

/* ------------------------------------------------------------ what the machine says */

static int take_output(struct run *r, const char *data, size_t length)
{
	hash_add(r->output, data, length);
	tail_add(&r->tail, data, length);
	if (r->lines.prefix)
		return lines_write(&r->lines, data, length, &r->err);
	return file_write_all(r->options->output, data, length, "the output", &r->err);
}

static int take_file(struct run *r, const struct frame *frame)
{
	if (frame->length < 1)
		return error_set(&r->err, "the machine sends an artifact without a path");
	if (!r->wants_artifacts)
		return 0;
	return artifacts_file(&r->artifacts, (const char *)frame->payload + 1, frame->length - 1,
			      frame->payload[0] & TEST_FILE_EXECUTABLE, &r->err);
}

static int take_missing(struct run *r, const struct frame *frame)
{
	struct error what;

	/* Through an error, so that it is one line without control characters. */
	error_set(&what, "artifact left out: %.*s", (int)frame->length, (const char *)frame->payload);
	if (r->wants_artifacts && r->missing++ < MISSING_MAX)
		log_warning("%s", what.message);
	return 0;
}

static int take_frame(struct run *r, const struct frame *frame)
{
	if (r->ended)
		return error_set(&r->err, "the machine goes on after the end of its test");
	switch (frame->type) {
	case FRAME_DATA:
		if (frame->channel == TEST_OUTPUT)
			return take_output(r, (const char *)frame->payload, frame->length);
		return r->wants_artifacts ? artifacts_bytes(&r->artifacts, frame->payload, frame->length, &r->err) : 0;
	case FRAME_FILE:
		return take_file(r, frame);
	case FRAME_END:
		return r->wants_artifacts ? artifacts_file_end(&r->artifacts, &r->err) : 0;
	case FRAME_MISSING:
		return take_missing(r, frame);
	case FRAME_EXIT:
		if (frame->length != 1)
			break;
		r->ended = true;
		r->status = frame->payload[0];
		return 0;
	default:
		break;
	}
	return error_set(&r->err, "the machine says what no test has to say");
}

static int take_port(void *context, const char *data, size_t length)
{
	struct run *r = context;

	for (size_t at = 0, taken; at < length; at += taken) {
		struct frame frame;

		if (frame_read(&r->reader, (const uint8_t *)data + at, length - at, &taken, &frame, &r->err) < 0 ||
		    (frame.type != FRAME_NONE && take_frame(r, &frame) < 0))
			return -1;
	}
	return 0;
}

static int take_console(void *context, const char *data, size_t length)
{
	struct run *r = context;

	tail_add(&r->console, data, length);
	return r->options->log < 0 ? 0 : file_write_all(r->options->log, data, length, "the log of the console", &r->err);
}

/* ------------------------------------------------------------ lines to the machine */

/* Nothing is left of it when the last process that has it is gone, however that ended. */
static int open_nameless(struct error *err)
{
	const char *directory = getenv("TMPDIR");
	int fd = open(directory && *directory ? directory : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = memfd_create("slipway-test", MFD_CLOEXEC);
	return fd < 0 ? error_errno(err, "cannot make a temporary file") : fd;
}

/* Our end, or -1 with the error; QEMU's is given. */
static int open_line(const struct test_run *options, struct qemu_run *qemu, struct qemu_line *line, struct error *err)
{
	int pair[2];

	if (!options->vm.deterministic) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return error_errno(err, "cannot make a socket for the machine");
		*line = (struct qemu_line){ QEMU_LINE_SOCKET, pair[1] };
	} else {
		pair[0] = open_nameless(err);
		if (pair[0] < 0)
			return -1;
		pair[1] = fcntl(pair[0], F_DUPFD_CLOEXEC, 0);
		*line = (struct qemu_line){ QEMU_LINE_FILE, pair[1] };
	}
	if (pair[1] >= 0) {
		qemu->give[qemu->give_count++] = pair[1];
		return pair[0];
	}
	(void)close(pair[0]);
	return error_errno(err, "cannot make a line to the machine");
}

static uint64_t read_count(int fd)
{
	char text[256];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	uint64_t count;

	text[n > 0 ? n : 0] = '\0';
	return sscanf(text, "instructions %" SCNu64, &count) == 1 ? count : 0;
}

static void add_stream(struct qemu_run *qemu, int fd, int (*take)(void *, const char *, size_t), struct run *r)
{
	qemu->streams[qemu->streams_count++] = (struct qemu_stream){ fd, take, r };
}

static int boot(struct run *r, struct guest_status *guest, int *status, struct error *err)
{
	const struct test_run *o = r->options;
	struct qemu_vm vm = o->vm;
	struct qemu_deterministic deterministic;
	struct qemu_line counts = { QEMU_LINE_NONE, -1 };
	struct qemu_run qemu = {
		.machine = vm.machine, .timeout = o->timeout, .unattended = true, .files = vm.deterministic, .guest = guest,
		.poweroff_signal = o->poweroff_signal,
	};
	autoclose int port = -1, console = -1, state = -1, count = -1;
	struct arena arena = { 0 };
	int result = -1;

	/* A line that cannot be made leaves others open: this process ends with the run. */
	if ((state = open_line(o, &qemu, &vm.status, err)) < 0 ||
	    (!o->aside && (port = open_line(o, &qemu, &vm.test, err)) < 0) || (console = open_line(o, &qemu, &vm.console, err)) < 0 ||
	    (vm.deterministic && (count = open_line(o, &qemu, &counts, err)) < 0))
		return -1;
	if (vm.deterministic) {
		deterministic = *vm.deterministic;
		deterministic.count_fd = counts.fd;
		vm.deterministic = &deterministic;
	}
	qemu.status_fd = state;
	if (vm.lan.mac)
		qemu.give[qemu.give_count++] = vm.lan.fd;
	if (!o->aside)
		add_stream(&qemu, port, take_port, r);
	add_stream(&qemu, console, take_console, r);
	if (vm_prepare(&vm, err) == 0) {
		qemu.argv = qemu_command(&vm, &arena);
		result = qemu_process_run(&qemu, status, err);
	}
	if (count >= 0)
		r->result->instructions = read_count(count);
	arena_release(&arena);
	return result;
}

/* ------------------------------------------------------------ what came of it */

/* For a person at a terminal: lines, and of their characters those that move no cursor. In one piece, for other machines write, too. */
static void show_console(const struct tail *console)
{
	const char *end = console->data + console->length, *start = end;
	autobuffer struct buffer text = { 0 };
	struct error ignored;

	for (unsigned int lines = 0; start > console->data; start--)
		if (start[-1] == '\n' && start != end && ++lines == CONSOLE_LINES)
			break;
	if (start == end)
		return;
	log_info("the end of the console:");
	while (start < end) {
		const char *line_end = memchr(start, '\n', (size_t)(end - start));
		size_t length = (size_t)((line_end ? line_end : end) - start);

		buffer_add_string(&text, "    ");
		for (size_t i = 0; i < length; i++)
			if ((unsigned char)start[i] >= 0x20 && start[i] != 0x7f)
				buffer_add(&text, &start[i], 1);
		buffer_add_string(&text, "\n");
		start += length + 1;
	}
	(void)file_write_all(STDERR_FILENO, text.data, text.length, "standard error", &ignored);
}

/* What a kernel says last but for the registers: kernel/panic.c. */
static bool find_panic(const struct tail *console, char *text, size_t size)
{
	static const char words[] = "Kernel panic - not syncing: ";
	const char *found = memmem(console->data, console->length, words, strlen(words)), *end;
	size_t length;

	if (!found)
		return false;
	found += strlen(words);
	length = (size_t)(console->data + console->length - found);
	end = memchr(found, '\n', length);
	length = end ? (size_t)(end - found) : length;
	length -= length > 0 && found[length - 1] == '\r';
	(void)snprintf(text, size, "%.*s", (int)(length < size ? length : size - 1), found);
	return true;
}

static void set_result(struct test_result *result, enum test_outcome outcome, int status, const char *message)
{
	result->outcome = outcome;
	result->status = status;
	(void)snprintf(result->message, sizeof(result->message), "%s", message);
}

void test_result_broken(struct test_result *result, const char *why)
{
	set_result(result, TEST_BROKEN, EXIT_NO_STATUS, why);
}

void test_result_lost(struct test_result *result, int wait_status)
{
	bool killed = WIFSIGNALED(wait_status);
	struct error why;

	error_set(&why, "the process of the run has ended with %s %d", killed ? "signal" : "status",
		  killed ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
	test_result_broken(result, why.message);
}

/* Why there is no result, where nothing else has said it. */
static void explain(const struct run *r, const struct guest_status *guest, struct error *why)
{
	char panic[128];

	if (guest->failed)
		error_set(why, "%s%s", r->options->aside ? "" : "the test could not be run: ", guest->failure);
	else if (find_panic(&r->console, panic, sizeof(panic)))
		error_set(why, "the kernel of the machine panicked: %s", panic);
	else
		error_set(why, "the machine ended %s", r->options->aside ? "without a word" : "before its test did");
}

/* What it has come to an end with; one that stands aside may do so at any time. */
static bool has_result(const struct run *r, const struct guest_status *guest, int status)
{
	if (r->err.message[0] || !guest->reported || status != guest->status)
		return false;
	return r->options->aside ? !guest->failed : r->ended && status == r->status;
}

static void judge(struct run *r, const struct guest_status *guest, int status)
{
	struct test_result *result = r->result;
	struct error why = r->err;

	if (status == EXIT_INTERRUPTED && !r->ended) {
		set_result(result, TEST_INTERRUPTED, status, "interrupted");
		return;
	}
	if (has_result(r, guest, status)) {
		if (status != 0)
			error_set(&why, "exit status %d", status);
		set_result(result, status == 0 ? TEST_PASSED : TEST_FAILED, status, why.message);
		return;
	}
	if (why.message[0]) {
		test_result_broken(result, why.message);
		return;
	}
	if (status == EXIT_TIMEOUT) {
		error_set(&why, "no %s within %u seconds", r->ended ? "end of the machine" : "result", r->options->timeout);
		set_result(result, TEST_TIMEOUT, status, why.message);
		return;
	}
	explain(r, guest, &why);
	test_result_broken(result, why.message);
}

/* Artifacts of a test that came to no end are not whole, and are dropped. */
static void commit(struct run *r)
{
	struct error err;

	if (!r->wants_artifacts || (r->result->outcome != TEST_PASSED && r->result->outcome != TEST_FAILED))
		return;
	if (r->missing > MISSING_MAX)
		log_warning("%u more artifacts were left out", r->missing - MISSING_MAX);
	if (artifacts_commit(&r->artifacts, &err) < 0)
		test_result_broken(r->result, err.message);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void test_run(const struct test_run *options, struct test_result *result)
{
	static char console[CONSOLE_MAX];
	struct run r = {
		.options = options, .result = result, .output = hash_new("sha256"), .wants_artifacts = options->artifacts,
		.tail = { result->tail, 0, sizeof(result->tail) }, .console = { console, 0, sizeof(console) },
		.lines = { .prefix = options->prefix, .fd = options->output },
	};
	struct guest_status guest = { 0 };
	double start = now();
	int status = EXIT_NO_STATUS;

	if ((r.wants_artifacts && artifacts_open(&r.artifacts, options->artifacts, options->artifacts_max, &r.err) < 0) ||
	    boot(&r, &guest, &status, &r.err) < 0)
		test_result_broken(result, r.err.message);
	else
		judge(&r, &guest, status);
	if (lines_end(&r.lines, &r.err) < 0)
		test_result_broken(result, r.err.message);
	commit(&r);
	artifacts_close(&r.artifacts);
	hash_finish(r.output, &result->output);
	result->tail_length = r.tail.length;
	result->seconds = now() - start;
	if (result->outcome == TEST_TIMEOUT || result->outcome == TEST_BROKEN)
		show_console(&r.console);
}
