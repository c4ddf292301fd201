/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process `log`: from pipes and /dev/kmsg into memory, from memory to the console. It never waits for one of them alone:
 * a console that stands still holds up the services whose lines must not be lost (`policy: wait`), once their memory is full, and
 * nobody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/dmesg.h"
#include "init/loop.h"
#include "init/logs.h"
#include "init/logstage.h"

#define EVENTS_AT_ONCE 16
#define REST_TIME 200			/* milliseconds that a line without end waits for it */
#define CONSOLE_TURN 4096		/* bytes of one source before the next has its turn */
#define RECORDS_AT_ONCE 16
#define WRITTEN_BITS 16			/* of log_area.written, for the bytes; the rest is the line's number */
#define FACILITY_FORWARDED 16u		/* local0: what we wrote to the kernel's buffer ourselves */
#define FACILITY_DAEMON 3u		/* what PID 1 writes: base/log.c */

/* What an event is about: which pipe, or one of these. */
#define TAG_CONSOLE (1ull << 40)
#define TAG_KMSG (2ull << 40)
#define TAG_PROGRESS (3ull << 40)

struct source {
	bool blocked;			/* a line waits for room, and nothing is read */
	bool ended[LOG_STREAMS];
	int64_t rest_until[LOG_STREAMS];	/* 0: no line waits for its end */
	uint64_t console_offset;	/* where the console's cursor is in the ring */
};

static struct collector {
	const struct machine *machine;
	struct log_memory memory;
	struct source *sources;
	size_t containers, open_pipes;
	int epoll_fd, console, kmsg, kmsg_out, aside[2];
	bool console_waits, changed;
	size_t turn;			/* the source that the console looks at first */
	uint64_t origin;		/* of kernel messages */
	int64_t boot_us;
	/* What the console has not taken yet of one line, and what stands in front of it. */
	size_t out_source, out_prefix, out_length, out_at;
	bool out_partial;
	uint64_t out_sequence;
	char out[LOG_LINE_MAX + 512];
	struct log_line line;
} the;

static struct log_area *area_of(size_t source)
{
	return the.memory.areas[source];
}

static int64_t realtime_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t monotonic_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void watch(int fd, uint32_t events, uint64_t tag)
{
	struct epoll_event event = { .events = events, .data.u64 = tag };

	if (fd >= 0)
		(void)epoll_ctl(the.epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void unwatch(int fd)
{
	if (fd >= 0)
		(void)epoll_ctl(the.epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* ------------------------------------------------------------ from stage to ring */

static int pipe_of(size_t source, unsigned int stream)
{
	return the.machine->pipes[source].read_end[stream];
}

/* Who must have seen a line before it may be overwritten. */
static unsigned int keepers(size_t source)
{
	const struct plan_log *log = logs_plan(the.machine, source);

	if (log->policy != PLAN_LOG_WAIT)
		return 0;
	return (log->console ? 1u << LOG_SINK_CONSOLE : 0) | (logs_has_file(the.machine, source) ? 1u << LOG_SINK_FILE : 0);
}

static void set_blocked(size_t source, bool blocked)
{
	struct source *s = &the.sources[source];

	if (s->blocked == blocked)
		return;
	s->blocked = blocked;
	for (unsigned int stream = 0; stream < LOG_STREAMS; stream++) {
		if (s->ended[stream])
			continue;
		if (blocked)
			unwatch(pipe_of(source, stream));
		else
			watch(pipe_of(source, stream), EPOLLIN, source * LOG_STREAMS + stream);
	}
	if (blocked)
		atomic_store(&the.memory.header->held, 1);
}

/* Into the kernel's buffer too, which never makes anybody wait. */
static void forward(size_t source, const struct log_line *line)
{
	char text[LOG_LINE_MAX + 128];
	int n;

	if (!logs_plan(the.machine, source)->kmsg || the.kmsg_out < 0)
		return;
	/* The kernel takes lines of about 1000 bytes. */
	n = snprintf(text, sizeof(text), "<%u>%s: %.*s\n", FACILITY_FORWARDED * 8 + line->priority,
		     logs_name(the.machine, source), (int)(line->length < 900 ? line->length : 900), line->text);
	if (write(the.kmsg_out, text, (size_t)n) < 0)
		return;
}

static void take_lines(size_t source, unsigned int stream, bool flush)
{
	struct log_area *area = area_of(source);
	size_t ring = the.memory.rings[source];
	unsigned int sinks = keepers(source);
	struct log_commit change;

	while (logstage_line(area, stream, flush, &the.line, &change)) {
		if (sinks && !log_has_room(area, ring, the.line.length, sinks)) {
			set_blocked(source, true);
			return;
		}
		the.line.realtime_us = realtime_us();
		the.line.monotonic_us = monotonic_us();
		log_append(area, ring, &the.line, &change);
		forward(source, &the.line);
		the.changed = true;
	}
	the.sources[source].rest_until[stream] = logstage_has_rest(area, stream) ? loop_now() + REST_TIME : 0;
}

static void end_pipe(size_t source, unsigned int stream)
{
	if (the.sources[source].ended[stream])
		return;
	the.sources[source].ended[stream] = true;
	unwatch(pipe_of(source, stream));
	the.open_pipes--;
	take_lines(source, stream, true);
}

static void read_pipe(size_t source, unsigned int stream, bool hung_up)
{
	switch (logstage_read(area_of(source), stream, pipe_of(source, stream), the.aside)) {
	case LOGSTAGE_READ:
	case LOGSTAGE_FULL:
		take_lines(source, stream, false);
		return;
	case LOGSTAGE_EMPTY:
		if (hung_up)
			end_pipe(source, stream);
		return;
	case LOGSTAGE_FAILED:
		return;
	}
}

/* A sink has come on: those who wait for it may. */
static void try_blocked(void)
{
	bool any = false;

	for (size_t i = 0; i < the.containers; i++) {
		struct source *s = &the.sources[i];

		if (!s->blocked)
			continue;
		set_blocked(i, false);
		for (unsigned int stream = 0; stream < LOG_STREAMS; stream++)
			take_lines(i, stream, s->ended[stream]);
		any = any || s->blocked;
	}
	if (!any)
		atomic_store(&the.memory.header->held, 0);
}

/* Lines whose end does not come go as they are. The time until the next such moment, -1 for none. */
static int flush_rests(void)
{
	int64_t now = loop_now(), nearest = 0;

	for (size_t i = 0; i < the.containers; i++)
		for (unsigned int stream = 0; stream < LOG_STREAMS; stream++) {
			int64_t *until = &the.sources[i].rest_until[stream];

			if (*until == 0 || the.sources[i].blocked)
				continue;
			if (*until <= now)
				take_lines(i, stream, true);
			if (*until != 0 && (nearest == 0 || *until < nearest))
				nearest = *until;
		}
	return nearest == 0 ? -1 : nearest > now ? (int)(nearest - now) : 0;
}

/* ------------------------------------------------------------ from the kernel */

static size_t source_of_record(const struct dmesg_record *r)
{
	static const char own[] = "init: ";

	return the.containers + (r->facility == FACILITY_DAEMON && strncmp(r->text, own, strlen(own)) == 0);
}

static void take_record(const struct dmesg_record *r)
{
	size_t source = source_of_record(r);
	const char *text = source > the.containers ? r->text + strlen("init: ") : r->text;
	struct log_commit change = *log_current(area_of(source));

	if (r->sequence < the.origin)
		return;
	change.origin = the.origin = r->sequence + 1;
	if (r->facility == FACILITY_FORWARDED) {
		log_commit(area_of(source), &change);
		return;
	}
	the.line.length = strlen(text) < LOG_LINE_MAX ? strlen(text) : LOG_LINE_MAX;
	memcpy(the.line.text, text, the.line.length);
	the.line.stream = LOG_KERNEL;
	the.line.priority = r->priority;
	the.line.partial = false;
	the.line.monotonic_us = r->monotonic_us;
	the.line.realtime_us = the.boot_us + r->monotonic_us;
	log_append(area_of(source), the.memory.rings[source], &the.line, &change);
	the.changed = true;
}

static void read_kernel(void)
{
	static char text[DMESG_BYTES_MAX + 1];
	struct dmesg_record r;

	the.boot_us = dmesg_boot_time();
	for (int i = 0; i < RECORDS_AT_ONCE && the.kmsg >= 0; i++) {
		ssize_t n = read(the.kmsg, text, DMESG_BYTES_MAX);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n > 0 && dmesg_parse(text, (size_t)n, &r))
			take_record(&r);
	}
}

/* ------------------------------------------------------------ to the console */

/* What is left over of a line goes first. False where the console takes no more now. */
static bool write_out(void)
{
	struct log_area *area = area_of(the.out_source);

	while (the.out_at < the.out_length) {
		ssize_t n = write(the.console, the.out + the.out_at, the.out_length - the.out_at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		/* A console that is gone takes everything. */
		the.out_at = n < 0 ? the.out_length : the.out_at + (size_t)n;
		if (the.out_at > the.out_prefix)
			atomic_store(&area->written, the.out_sequence << WRITTEN_BITS | (the.out_at - the.out_prefix));
	}
	return true;
}

static void finish_out(void)
{
	struct log_area *area = area_of(the.out_source);

	if (the.out_length == 0)
		return;
	atomic_store(&area->cursors[LOG_SINK_CONSOLE], the.out_sequence + 1);
	atomic_store(&the.memory.header->open_source, the.out_partial ? (uint32_t)the.out_source + 1 : 0);
	the.out_length = the.out_at = 0;
}

static void put(const char *text, size_t length)
{
	if (length > sizeof(the.out) - the.out_length)
		length = sizeof(the.out) - the.out_length;
	memcpy(the.out + the.out_length, text, length);
	the.out_length += length;
}

/* The next line of a source, made ready. False where there is none. */
static bool next_out(size_t source)
{
	struct log_area *area = area_of(source);
	struct log_cursor cursor = { atomic_load(&area->cursors[LOG_SINK_CONSOLE]), the.sources[source].console_offset };
	uint32_t open = atomic_load(&the.memory.header->open_source);
	uint64_t lost, written = atomic_load(&area->written);
	size_t done;
	char notice[160];

	if (log_read(area, the.memory.rings[source], &cursor, &the.line, &lost) == 0)
		return false;
	the.sources[source].console_offset = cursor.offset;
	the.out_source = source;
	the.out_sequence = the.line.sequence;
	the.out_partial = the.line.partial;
	if (open != 0 && open != source + 1)
		put("\n", 1);
	if (lost > 0) {
		int n = snprintf(notice, sizeof(notice), "'%.80s': %llu lines dropped\n", logs_name(the.machine, source),
				 (unsigned long long)lost);

		atomic_fetch_add(&area->lost[LOG_SINK_CONSOLE], lost);
		put(notice, (size_t)n);
	}
	the.out_prefix = the.out_length;
	put(the.line.text, the.line.length);
	if (!the.line.partial)
		put("\n", 1);
	/* What the one before us had written of it already. */
	done = written >> WRITTEN_BITS == the.line.sequence ? written & ((1u << WRITTEN_BITS) - 1) : 0;
	if (done > 0 && done <= the.out_length - the.out_prefix)
		the.out_at = the.out_prefix + done;
	return true;
}

/* A little of each source in turn. */
static void write_console(void)
{
	size_t idle = 0, bytes = 0;

	while (idle < the.containers) {
		size_t source = the.turn % the.containers;

		if (!write_out()) {
			the.console_waits = true;
			watch(the.console, EPOLLOUT | EPOLLONESHOT, TAG_CONSOLE);
			return;
		}
		finish_out();
		if (!logs_plan(the.machine, source)->console || bytes >= CONSOLE_TURN || !next_out(source)) {
			idle = bytes >= CONSOLE_TURN ? 0 : idle + 1;
			bytes = 0;
			the.turn++;
			continue;
		}
		bytes += the.out_length;
		idle = 0;
	}
	finish_out();
}

static void console_ready(void)
{
	the.console_waits = false;
	unwatch(the.console);
}

/* ------------------------------------------------------------ the process */

static void take_event(const struct epoll_event *event)
{
	uint64_t tag = event->data.u64, count;

	if (tag == TAG_CONSOLE)
		console_ready();
	else if (tag == TAG_KMSG)
		read_kernel();
	else if (tag == TAG_PROGRESS)
		(void)!read(the.machine->log_progress_fd, &count, sizeof(count));
	else
		read_pipe((size_t)(tag / LOG_STREAMS), (unsigned int)(tag % LOG_STREAMS), event->events & EPOLLHUP);
}

static void open_pipes(void)
{
	for (size_t i = 0; i < the.containers; i++) {
		logstage_recover(area_of(i));
		for (unsigned int stream = 0; stream < LOG_STREAMS; stream++) {
			/* Not ours to hold: else we would never see the end. */
			(void)close(the.machine->pipes[i].write_end[stream]);
			watch(pipe_of(i, stream), EPOLLIN, i * LOG_STREAMS + stream);
			the.open_pipes++;
			take_lines(i, stream, false);
		}
	}
}

/* Only what really is the kernel's buffer: to read anything else would take it away. */
static int open_kernel(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode)))
		fd_replace(&fd, -1);
	return fd;
}

/* Our own description of it, which does not wait whatever others do with theirs. */
static void open_console(void)
{
	the.console = open("/dev/console", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (the.console < 0)
		the.console = the.machine->console_fd;
}

static int open_all(const struct machine *machine, struct error *err)
{
	the.machine = machine;
	the.containers = machine->plan.containers_count;
	if (logs_map(machine, &the.memory, err) < 0)
		return -1;
	the.sources = calloc(logs_count(machine), sizeof(*the.sources));
	the.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!the.sources || the.epoll_fd < 0 || pipe2(the.aside, O_CLOEXEC) < 0)
		return error_errno(err, "cannot set up");
	for (size_t i = the.containers; i < logs_count(machine); i++)
		if (log_current(area_of(i))->origin > the.origin)
			the.origin = log_current(area_of(i))->origin;
	open_console();
	the.kmsg = open_kernel();
	the.kmsg_out = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	watch(the.kmsg, EPOLLIN, TAG_KMSG);
	watch(machine->log_progress_fd, EPOLLIN, TAG_PROGRESS);
	open_pipes();
	return 0;
}

static bool is_any_blocked(void)
{
	for (size_t i = 0; i < the.containers; i++)
		if (the.sources[i].blocked)
			return true;
	return false;
}

static void end(void)
{
	/* What PID 1 said last. */
	read_kernel();
	atomic_store(&the.memory.header->ended, 1);
	log_wake(the.memory.header);
	_exit(0);
}

void log_process(const struct machine *machine)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	struct error err = { 0 };
	int timeout = 0;

	if (open_all(machine, &err) < 0)
		_exit(1);
	for (;;) {
		int n = epoll_wait(the.epoll_fd, events, EVENTS_AT_ONCE, timeout);

		for (int i = 0; i < n; i++)
			take_event(&events[i]);
		timeout = flush_rests();
		if (!the.console_waits)
			write_console();
		try_blocked();
		if (the.changed)
			log_wake(the.memory.header);
		/* What has come since is for the console, too. */
		if (the.changed && !the.console_waits)
			timeout = 0;
		else if (the.open_pipes == 0 && the.containers > 0 && !the.console_waits && !is_any_blocked())
			end();
		the.changed = false;
	}
}
