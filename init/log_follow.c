/* SPDX-License-Identifier: Apache-2.0 */
/* `ctl logs`: lines of many sources in the order of their time, and what comes after them. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/logs.h"
#include "init/session.h"

struct reader {
	struct log_cursor cursor;
	bool wanted, full;		/* `line` is the next one */
	uint64_t first, end;		/* of the lines there were when it was asked: sequences, the end excluded */
	uint64_t lost;
	struct log_line line;
};

struct follower {
	const struct machine *machine;
	int client;
	struct log_memory memory;
	struct reader *readers;
	int64_t since_us;
	struct buffer out;
};

static void fill(struct follower *f, size_t source)
{
	struct reader *r = &f->readers[source];
	uint64_t lost;

	while (r->wanted && !r->full) {
		if (log_read(f->memory.areas[source], f->memory.rings[source], &r->cursor, &r->line, &lost) == 0)
			return;
		r->lost += lost;
		r->full = r->line.realtime_us >= f->since_us;
	}
}

/* It has a line, and that comes before the other's, of whom there may be none. */
static bool comes_before(const struct reader *r, const struct reader *other)
{
	return r->full && r->line.sequence < r->end && (!other || r->line.monotonic_us < other->line.monotonic_us);
}

/* The source whose next line is the oldest of all; the count where there is none. */
static size_t oldest(struct follower *f)
{
	size_t found = f->memory.count;

	for (size_t i = 0; i < f->memory.count; i++) {
		fill(f, i);
		if (comes_before(&f->readers[i], found < f->memory.count ? &f->readers[found] : NULL))
			found = i;
	}
	return found;
}

static void add_line(struct follower *f, size_t source)
{
	struct reader *r = &f->readers[source];
	const char *name = logs_name(f->machine, source);

	if (r->lost > 0) {
		record_begin(&f->out, "dropped");
		record_add(&f->out, "name", name);
		record_add_number(&f->out, "realtime_us", r->line.realtime_us);
		record_add_number(&f->out, "lines", (int64_t)r->lost);
		record_end(&f->out);
	}
	r->lost = 0;
	record_begin(&f->out, "line");
	record_add(&f->out, "name", name);
	record_add_number(&f->out, "realtime_us", r->line.realtime_us);
	record_add_number(&f->out, "monotonic_us", r->line.monotonic_us);
	record_add(&f->out, "stream", log_stream_names[r->line.stream]);
	record_add_number(&f->out, "priority", r->line.priority);
	record_add_number(&f->out, "sequence", (int64_t)r->line.sequence);
	if (r->line.partial)
		record_add(&f->out, "partial", "1");
	record_add_bytes(&f->out, "text", r->line.text, r->line.length);
	record_end(&f->out);
}

/* All up to the ends but for the first `skip` lines; without `send` it only counts them. */
static uint64_t pass(struct follower *f, uint64_t skip, bool send)
{
	uint64_t count = 0;
	size_t source;

	while ((source = oldest(f)) < f->memory.count) {
		struct reader *r = &f->readers[source];
		uint64_t before = count < skip ? skip - count : 0, unseen = r->lost < before ? r->lost : before;

		count += unseen;
		r->lost -= unseen;
		if (send && count >= skip)
			add_line(f, source);
		if (r->first == 0)
			r->first = r->line.sequence;
		r->full = false;
		count++;
		if (f->out.length > 16384)
			session_send(f->client, &f->out);
	}
	if (f->out.length > 0)
		session_send(f->client, &f->out);
	return count;
}

/* Back to the first that was counted: what has been overwritten since is known as lost. */
static void rewind_all(struct follower *f)
{
	for (size_t i = 0; i < f->memory.count; i++) {
		f->readers[i].cursor = (struct log_cursor){ .sequence = f->readers[i].first };
		f->readers[i].full = false;
		f->readers[i].lost = 0;
	}
}

static void __attribute__((noreturn)) follow(struct follower *f)
{
	for (size_t i = 0; i < f->memory.count; i++)
		f->readers[i].end = UINT64_MAX;
	for (;;) {
		uint32_t seen = atomic_load(&f->memory.header->changes);

		if (pass(f, 0, true) == 0)
			log_sleep(f->memory.header, seen, -1);
	}
}

/* Who sleeps until there is a line does not see that its client has gone: another process does. */
static void follow_while_there(struct follower *f)
{
	pid_t parent = getpid(), pid = fork();
	struct pollfd fds[] = { { .fd = f->client, .events = POLLRDHUP }, { .fd = -1, .events = POLLIN } };

	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
			follow(f);
		_exit(1);
	}
	fds[1].fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	if (fds[1].fd >= 0)
		while (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno == EINTR)
			;
	if (pid > 0)
		(void)kill(pid, SIGKILL);
}

static int choose(struct follower *f, const struct record *request, struct error *err)
{
	for (size_t i = 0; i < request->count; i++) {
		bool found = false;

		if (strcmp(request->fields[i].key, "name") != 0)
			continue;
		for (size_t k = 0; k < f->memory.count && !found; k++)
			found = strcmp(logs_name(f->machine, k), request->fields[i].value) == 0;
		if (!found)
			return error_set(err, "no service is named '%.80s'", request->fields[i].value);
	}
	for (size_t k = 0; k < f->memory.count; k++)
		f->readers[k].wanted = session_is_asked(request, logs_name(f->machine, k));
	return 0;
}

static int64_t since(const struct record *request)
{
	struct timespec t;
	int64_t n;

	if (record_number(request, "since_us", &n))
		return n;
	if (!record_number(request, "ago_us", &n))
		return INT64_MIN;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 - n;
}

int session_logs(const struct machine *machine, int client, const struct record *request, struct error *err)
{
	struct follower f = { .machine = machine, .client = client, .since_us = since(request) };
	uint64_t count = 0;
	int64_t lines;

	if (machine->log_fd < 0)
		return error_set(err, "there are no logs");
	if (logs_map(machine, &f.memory, err) < 0)
		return -1;
	f.readers = calloc(f.memory.count, sizeof(*f.readers));
	if (!f.readers)
		return error_set(err, "out of memory");
	if (choose(&f, request, err) < 0)
		return -1;
	session_begin(client);
	/* Who writes faster than the client reads would keep it here for ever, and the last n be more than n. */
	for (size_t k = 0; k < f.memory.count; k++)
		f.readers[k].end = log_end(f.memory.areas[k]);
	if (record_number(request, "lines", &lines) && lines >= 0) {
		count = pass(&f, 0, false);
		count = count > (uint64_t)lines ? count - (uint64_t)lines : 0;
		rewind_all(&f);
	}
	(void)pass(&f, count, true);
	if (record_get(request, "follow"))
		follow_while_there(&f);
	buffer_add_string(&f.out, "end\n");
	session_send(client, &f.out);
	return 0;
}
