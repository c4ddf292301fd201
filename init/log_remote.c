/* SPDX-License-Identifier: Apache-2.0 */
#include "init/log_remote.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/log_unacked.h"
#include "init/logs.h"
#include "init/process.h"
#include "init/syslog.h"

#define PAUSE_FIRST 500			/* milliseconds between two attempts to connect; doubles */
#define PAUSE_CAP 30000
#define CONNECT_TIME 10			/* seconds; and for what is sent to be taken */
#define ACK_TIME 30000			/* milliseconds without any acknowledgement: the connection is broken (RFC 5482) */
#define LOOK_FIRST 20			/* milliseconds until it is looked at what was acknowledged; doubles */
#define LOOK_CAP 1000
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
	struct log_unacked unacked;	/* of a stream */
	int fd;
	bool told;			/* that it cannot be reached */
};

/* ------------------------------------------------------------ the connection */

static bool is_stream(const struct outlet *o)
{
	return o->plan->protocol == PLAN_REMOTE_TCP;
}

static int try_address(const struct addrinfo *a)
{
	const struct timeval time = { .tv_sec = CONNECT_TIME };
	const unsigned int ack_time = ACK_TIME;
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol), one = 1;

	if (fd < 0)
		return -1;
	/* Also bounds connect(2). */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (a->ai_socktype == SOCK_STREAM)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ack_time, sizeof(ack_time));
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	fd_replace(&fd, -1);
	return -1;
}

static int open_connection(struct outlet *o)
{
	const struct addrinfo hints = {
		.ai_socktype = is_stream(o) ? SOCK_STREAM : SOCK_DGRAM, .ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *list = NULL;
	char port[16];

	(void)snprintf(port, sizeof(port), "%u", o->plan->port);
	if (getaddrinfo(o->plan->host, port, &hints, &list) != 0)
		return -1;
	for (const struct addrinfo *a = list; a && o->fd < 0; a = a->ai_next)
		o->fd = try_address(a);
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
		if (is_stream(o))
			buffer_add_string(out, "\n");
	} else if (is_stream(o)) {
		syslog_rfc5424(&message, &origin, &o->line);
		syslog_count_octets(out, &message);
	} else {
		syslog_rfc5424(out, &origin, &o->line);
	}
}

/* What the stream has not brought over is to be read once more. The receiver may have some of it. */
static void break_off(struct outlet *o)
{
	struct log_unacked_line line;

	while (log_unacked_newest(&o->unacked, &line)) {
		o->cursors[line.source] = (struct log_cursor){ .sequence = line.sequence };
		o->lost[line.source] += line.lost;
	}
	o->unacked.sent = 0;
	fd_replace(&o->fd, -1);
}

/* Whoever takes over after this process goes on behind what was acknowledged. */
static void settle(struct outlet *o)
{
	struct log_unacked_line line;
	int waiting;

	if (o->unacked.count == 0 || ioctl(o->fd, SIOCOUTQ, &waiting) < 0)
		return;
	while (log_unacked_oldest(&o->unacked, (uint64_t)waiting, &line))
		if (line.lost == 0)
			atomic_store(&o->memory.areas[line.source]->cursors[o->sink], line.sequence + 1);
}

/* Waits until there is a connection that takes a line, and word of those before it. */
static void await_room(struct outlet *o)
{
	for (;;) {
		if (o->fd < 0)
			reconnect(o);
		else if (o->unacked.count + 2 > LOG_UNACKED_MAX)
			settle(o);
		if (o->unacked.count + 2 <= LOG_UNACKED_MAX)
			return;
		if (is_closed(o->fd))
			break_off(o);
		else
			pause_ms(LOOK_FIRST);
	}
}

/* o->line of `source`, or in its place word of `lost` lines. False: the stream is broken. */
static bool send_line(struct outlet *o, size_t source, uint64_t lost)
{
	const struct log_unacked_line note = { .source = source, .sequence = o->line.sequence, .lost = lost };
	autobuffer struct buffer out = { 0 };

	compose(o, source, &out);
	if (is_stream(o)) {
		log_unacked_add(&o->unacked, note, out.length);
		return send_stream(o, out.data, out.length);
	}
	while (!send_datagram(o, out.data, out.length))
		reconnect(o);
	return true;
}

/* In place of the lines that are gone, and before the next one. */
static bool send_loss(struct outlet *o, size_t source)
{
	const uint64_t lost = o->lost[source];
	struct log_line next;
	bool sent;

	if (lost == 0)
		return true;
	next = o->line;
	o->line.priority = 4;
	o->line.partial = false;
	o->line.length = (size_t)snprintf(o->line.text, sizeof(o->line.text), "%llu lines dropped", (unsigned long long)lost);
	o->lost[source] = 0;
	sent = send_line(o, source, lost);
	o->line = next;
	return sent;
}

static bool read_line(struct outlet *o, size_t source)
{
	struct log_area *area = o->memory.areas[source];
	uint64_t lost;

	if (log_read(area, o->memory.rings[source], &o->cursors[source], &o->line, &lost) != 1)
		return false;
	o->lost[source] += lost;
	atomic_fetch_add(&area->lost[o->sink], lost);
	return true;
}

static bool take_lines(struct outlet *o, size_t source)
{
	settle(o);
	for (unsigned int count = 0; count < LINES_AT_ONCE; count++) {
		await_room(o);
		if (!read_line(o, source))
			return count > 0;
		if (!send_loss(o, source) || !send_line(o, source, 0))
			break_off(o);
		else if (!is_stream(o))
			atomic_store(&o->memory.areas[source]->cursors[o->sink], o->cursors[source].sequence);
	}
	return true;
}

/* Nothing is to be sent: is all there? */
static void rest(struct outlet *o, uint32_t seen, int *look)
{
	settle(o);
	if (o->unacked.count == 0) {
		if (atomic_load(&o->memory.header->ended))
			_exit(0);
		log_sleep(o->memory.header, seen, -1);
	} else if (is_closed(o->fd)) {
		break_off(o);
	} else {
		log_sleep(o->memory.header, seen, *look);
		*look = *look > LOOK_CAP / 2 ? LOOK_CAP : *look * 2;
	}
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
	for (int look = LOOK_FIRST;;) {
		uint32_t seen = atomic_load(&o->memory.header->changes);
		bool any = false;

		for (size_t i = 0; i < o->memory.count; i++)
			any = take_lines(o, i) || any;
		if (any)
			look = LOOK_FIRST;
		else
			rest(o, seen, &look);
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
