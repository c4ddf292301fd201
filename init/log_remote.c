/* SPDX-License-Identifier: Apache-2.0 */
#include "init/log_remote.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/logs.h"
#include "init/process.h"
#include "init/syslog.h"

#define PAUSE_FIRST 500			/* milliseconds between two attempts to connect; doubles */
#define PAUSE_CAP 30000
#define CONNECT_TIME 10			/* seconds; and for what is sent to be taken */
#define DATAGRAM_MAX 2048u		/* RFC 5426, 3.2: what receivers should take; longer lines are cut */
#define LINES_AT_ONCE 64

_Static_assert(LOG_SINK_REMOTE + PLAN_REMOTES_MAX <= LOG_SINKS, "each remote has a cursor");

struct outlet {
	const struct machine *machine;
	const struct plan_remote *plan;
	unsigned int sink;
	struct log_memory memory;
	struct log_cursor *cursors;
	uint64_t *lost;
	struct log_line line;
	int fd;
	bool told;			/* that it cannot be reached */
};

/* ------------------------------------------------------------ the connection */

static int try_address(const struct outlet *o, const struct addrinfo *a)
{
	const struct timeval time = { .tv_sec = CONNECT_TIME };
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol), one = 1;

	(void)o;
	if (fd < 0)
		return -1;
	/* Also bounds connect(2). */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	fd_replace(&fd, -1);
	return -1;
}

static int open_connection(struct outlet *o)
{
	const struct addrinfo hints = {
		.ai_socktype = o->plan->protocol == PLAN_REMOTE_TCP ? SOCK_STREAM : SOCK_DGRAM, .ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *list = NULL;
	char port[16];

	(void)snprintf(port, sizeof(port), "%u", o->plan->port);
	if (getaddrinfo(o->plan->host, port, &hints, &list) != 0)
		return -1;
	for (const struct addrinfo *a = list; a && o->fd < 0; a = a->ai_next)
		o->fd = try_address(o, a);
	freeaddrinfo(list);
	return o->fd < 0 ? -1 : 0;
}

static void pause_ms(int ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	(void)nanosleep(&t, NULL);
}

static void reconnect(struct outlet *o)
{
	int pause = PAUSE_FIRST;

	fd_replace(&o->fd, -1);
	while (open_connection(o) < 0) {
		if (atomic_load(&o->memory.header->ended))
			_exit(1);
		if (!o->told)
			log_warning("logs: cannot reach '%s', port %u; lines wait", o->plan->host, o->plan->port);
		o->told = true;
		pause_ms(pause);
		pause = pause > PAUSE_CAP / 2 ? PAUSE_CAP : pause * 2;
	}
	if (o->told)
		log_info("logs: '%s' is reached again", o->plan->host);
	o->told = false;
}

/* A receiver that has closed takes what is sent, and it is gone: so look first. */
static bool is_closed(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0 && p.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

static bool send_stream(struct outlet *o, const char *data, size_t length)
{
	if (is_closed(o->fd))
		return false;
	while (length > 0) {
		ssize_t n = send(o->fd, data, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		length -= (size_t)n;
	}
	return true;
}

/* An error may be about the one before, which a port without a listener has sent back: once more, then it counts as sent. */
static bool send_datagram(struct outlet *o, const char *data, size_t length)
{
	for (int i = 0; i < 2; i++)
		if (send(o->fd, data, length < DATAGRAM_MAX ? length : DATAGRAM_MAX, MSG_NOSIGNAL) >= 0)
			return true;
	return errno == ECONNREFUSED || errno == EMSGSIZE;
}

/* ------------------------------------------------------------ lines */

static void compose(const struct outlet *o, size_t source, struct buffer *out)
{
	const struct syslog_origin origin = { o->machine->plan.machine.hostname, logs_name(o->machine, source) };
	autobuffer struct buffer message = { 0 };

	if (o->plan->format == PLAN_REMOTE_JSON) {
		syslog_json(out, &origin, &o->line);
		if (o->plan->protocol == PLAN_REMOTE_TCP)
			buffer_add_string(out, "\n");
	} else if (o->plan->protocol == PLAN_REMOTE_TCP) {
		syslog_rfc5424(&message, &origin, &o->line);
		syslog_count_octets(out, &message);
	} else {
		syslog_rfc5424(out, &origin, &o->line);
	}
}

/* Until it has gone out. A stream that breaks in the middle of a message sends it once more on the next connection. */
static void send_line(struct outlet *o, size_t source)
{
	autobuffer struct buffer out = { 0 };

	compose(o, source, &out);
	while (o->fd < 0 || !(o->plan->protocol == PLAN_REMOTE_TCP ? send_stream : send_datagram)(o, out.data, out.length))
		reconnect(o);
}

/* In place of the lines that are gone, and before the next one. */
static void send_loss(struct outlet *o, size_t source)
{
	struct log_line next = o->line;

	o->line.priority = 4;
	o->line.partial = false;
	o->line.length = (size_t)snprintf(o->line.text, sizeof(o->line.text), "%llu lines dropped",
					  (unsigned long long)o->lost[source]);
	o->lost[source] = 0;
	send_line(o, source);
	o->line = next;
}

static bool take_lines(struct outlet *o, size_t source)
{
	struct log_area *area = o->memory.areas[source];
	unsigned int count = 0;
	uint64_t lost;

	while (count < LINES_AT_ONCE && log_read(area, o->memory.rings[source], &o->cursors[source], &o->line, &lost) == 1) {
		o->lost[source] += lost;
		atomic_fetch_add(&area->lost[o->sink], lost);
		if (o->lost[source] > 0)
			send_loss(o, source);
		send_line(o, source);
		atomic_store(&area->cursors[o->sink], o->cursors[source].sequence);
		count++;
	}
	return count > 0;
}

static void __attribute__((noreturn)) run(struct outlet *o)
{
	struct error err;

	if (logs_map(o->machine, &o->memory, &err) < 0)
		_exit(1);
	o->cursors = calloc(o->memory.count, sizeof(*o->cursors));
	o->lost = calloc(o->memory.count, sizeof(*o->lost));
	if (!o->cursors || !o->lost)
		_exit(1);
	for (size_t i = 0; i < o->memory.count; i++)
		o->cursors[i].sequence = atomic_load(&o->memory.areas[i]->cursors[o->sink]);
	for (;;) {
		uint32_t seen = atomic_load(&o->memory.header->changes);
		bool any = false;

		for (size_t i = 0; i < o->memory.count; i++)
			any = take_lines(o, i) || any;
		if (any)
			continue;
		if (atomic_load(&o->memory.header->ended))
			_exit(0);
		log_sleep(o->memory.header, seen, -1);
	}
}

/* ------------------------------------------------------------ in PID 1 */

static pid_t start(struct machine *machine, struct helper *helper, struct error *err);

static struct helper helpers[PLAN_REMOTES_MAX] = {
	{ .name = "log-remote", .start = start }, { .name = "log-remote", .start = start },
	{ .name = "log-remote", .start = start }, { .name = "log-remote", .start = start },
};

static pid_t start(struct machine *machine, struct helper *helper, struct error *err)
{
	size_t index = (size_t)(helper - helpers);
	pid_t pid = process_make(helper->name, &machine->log_fd, 1);

	if (pid == 0) {
		static struct outlet outlet;

		outlet = (struct outlet){ .machine = machine, .plan = &machine->plan.remotes[index],
					  .sink = LOG_SINK_REMOTE + (unsigned int)index, .fd = -1 };
		run(&outlet);
	}
	return pid < 0 ? error_errno(err, "cannot start the process for remote logs") : pid;
}

int log_remote_open(struct machine *machine, struct error *err)
{
	for (size_t i = 0; i < machine->plan.remotes_count && i < PLAN_REMOTES_MAX; i++) {
		helper_open(machine, &helpers[i]);
		if (helper_start(machine, &helpers[i], err) < 0)
			return -1;
	}
	return 0;
}

void log_remote_close(int timeout)
{
	int64_t end = loop_now() + timeout;

	for (size_t i = 0; i < PLAN_REMOTES_MAX; i++) {
		autoclose int pidfd = helpers[i].child.pid > 0 ? (int)syscall(SYS_pidfd_open, helpers[i].child.pid, 0) : -1;
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		int64_t left = end - loop_now();

		if (pidfd >= 0 && poll(&p, 1, left > 0 ? (int)left : 0) == 0)
			(void)kill(helpers[i].child.pid, SIGKILL);
	}
}
