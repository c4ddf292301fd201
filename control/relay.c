/* SPDX-License-Identifier: Apache-2.0 */
#include "control/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "control/frame.h"

#define OUT_BYTES (4 * FRAME_BYTES_MAX)
#define WINDOW_STEP (RELAY_WINDOW / 2)	/* leave for more is given in steps, not for every byte */

struct channel {
	bool used;
	int fd;				/* the local stream; -1 once it is gone */
	bool said_close, heard_close;
	uint32_t may_send;		/* what the other side has room for */
	uint32_t owed;			/* taken by the local stream, and not yet told */
	size_t in_start, in_length;	/* for the local stream */
	uint8_t in[RELAY_WINDOW];
};

struct relay {
	int line, listening;		/* -1 at the guest */
	int (*dial)(void);		/* NULL at the host */
	bool ready;			/* both have said FRAME_HELLO */
	uint8_t hello[FRAME_HELLO_BYTES];
	size_t hello_seen;		/* bytes of the answer, at the guest */
	struct frame_reader reader;
	struct channel channels[RELAY_CHANNELS];
	size_t out_length;		/* for the line */
	uint8_t out[OUT_BYTES];
};

/* ------------------------------------------------------------ to the line */

static bool has_room(const struct relay *r, size_t length)
{
	return sizeof(r->out) - r->out_length >= FRAME_HEADER + length;
}

/* The caller has seen to the room. */
static void put_frame(struct relay *r, enum frame_type type, size_t channel, const void *payload, size_t length)
{
	uint8_t *out = r->out + r->out_length;

	frame_header(out, type, (uint8_t)channel, length);
	if (length > 0)
		memcpy(out + FRAME_HEADER, payload, length);
	r->out_length += FRAME_HEADER + length;
}

static int flush_line(struct relay *r, struct error *err)
{
	while (r->out_length > 0) {
		ssize_t n = write(r->line, r->out, r->out_length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return error_errno(err, "cannot write to the line");
		memmove(r->out, r->out + n, r->out_length - (size_t)n);
		r->out_length -= (size_t)n;
	}
	return 0;
}

/* ------------------------------------------------------------ channels */

static void open_channel(struct channel *c, int fd)
{
	*c = (struct channel){ .used = true, .fd = fd, .may_send = RELAY_WINDOW };
}

static void close_local(struct channel *c)
{
	fd_replace(&c->fd, -1);
	c->in_length = 0;
}

static void close_all(struct relay *r)
{
	for (size_t i = 0; i < RELAY_CHANNELS; i++) {
		if (!r->channels[i].used)
			continue;
		close_local(&r->channels[i]);
		r->channels[i].used = false;
	}
	r->ready = false;
	r->out_length = 0;
}

static void say_close(struct relay *r, struct channel *c)
{
	if (c->said_close || !has_room(r, 0))
		return;
	put_frame(r, FRAME_CLOSE, (size_t)(c - r->channels), NULL, 0);
	c->said_close = true;
}

/* What the local stream takes; all of it taken and the other side done, the stream ends. */
static void write_local(struct relay *r, struct channel *c)
{
	ssize_t n = 0;

	if (c->fd >= 0 && c->in_length > 0)
		n = send(c->fd, c->in + c->in_start, c->in_length, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		close_local(c);
	if (n > 0) {
		c->in_start += (size_t)n;
		c->in_length -= (size_t)n;
		c->owed += (uint32_t)n;
	}
	if (c->in_length == 0)
		c->in_start = 0;
	if (c->heard_close && c->in_length == 0)
		close_local(c);
	if (c->owed >= WINDOW_STEP && !c->said_close && has_room(r, 4)) {
		uint8_t number[4];

		frame_put32(number, c->owed);
		put_frame(r, FRAME_WINDOW, (size_t)(c - r->channels), number, sizeof(number));
		c->owed = 0;
	}
}

static bool wants_local(const struct relay *r, const struct channel *c)
{
	return c->fd >= 0 && !c->said_close && c->may_send > 0 && has_room(r, FRAME_PAYLOAD_MAX);
}

static void read_local(struct relay *r, struct channel *c)
{
	uint8_t data[FRAME_PAYLOAD_MAX];
	size_t most = c->may_send < sizeof(data) ? c->may_send : sizeof(data);
	ssize_t n;

	if (!wants_local(r, c))
		return;
	n = recv(c->fd, data, most, MSG_DONTWAIT);
	if (n > 0) {
		put_frame(r, FRAME_DATA, (size_t)(c - r->channels), data, (size_t)n);
		c->may_send -= (uint32_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_local(c);
	}
}

/* After each turn: who has nothing more to say says so, and what both have left is free. */
static void settle(struct relay *r)
{
	for (size_t i = 0; i < RELAY_CHANNELS; i++) {
		struct channel *c = &r->channels[i];

		if (!c->used)
			continue;
		write_local(r, c);
		if (c->fd < 0)
			say_close(r, c);
		if (c->said_close && c->heard_close)
			c->used = false;
	}
}

/* ------------------------------------------------------------ from the line */

static int take_open(struct relay *r, struct channel *c, const struct frame *frame, struct error *err)
{
	(void)frame;
	/* The end of what was there may have come in the same bytes. */
	if (c->used && c->said_close && c->heard_close)
		c->used = false;
	if (!r->dial || c->used)
		return error_set(err, "a channel that cannot be opened");
	/* Without a stream it is closed at once. */
	open_channel(c, r->dial());
	return 0;
}

static int take_data(struct relay *r, struct channel *c, const struct frame *frame, struct error *err)
{
	(void)r;
	if (!c->used || c->heard_close)
		return error_set(err, "data for a channel that is not open");
	if (c->fd < 0)
		return 0;
	if (frame->length > sizeof(c->in) - c->in_length)
		return error_set(err, "more data than there is leave for");
	memmove(c->in, c->in + c->in_start, c->in_length);
	c->in_start = 0;
	memcpy(c->in + c->in_length, frame->payload, frame->length);
	c->in_length += frame->length;
	return 0;
}

static int take_close(struct relay *r, struct channel *c, const struct frame *frame, struct error *err)
{
	(void)r;
	(void)frame;
	if (!c->used || c->heard_close)
		return error_set(err, "the end of a channel that is not open");
	c->heard_close = true;
	return 0;
}

static int take_window(struct relay *r, struct channel *c, const struct frame *frame, struct error *err)
{
	uint32_t more = frame->length == 4 ? frame_get32(frame->payload) : RELAY_WINDOW + 1;

	(void)r;
	if (!c->used || more > RELAY_WINDOW - c->may_send)
		return error_set(err, "leave for more than there is room for");
	c->may_send += more;
	return 0;
}

static const struct {
	enum frame_type type;
	int (*take)(struct relay *r, struct channel *c, const struct frame *frame, struct error *err);
} rules[] = {
	{ FRAME_OPEN, take_open }, { FRAME_DATA, take_data }, { FRAME_CLOSE, take_close }, { FRAME_WINDOW, take_window },
};

static int take_frame(struct relay *r, const struct frame *frame, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].type == frame->type && frame->channel < RELAY_CHANNELS)
			return rules[i].take(r, &r->channels[frame->channel], frame, err);
	return error_set(err, "a frame that is not known");
}

/* At the host: the guest begins, and whatever was before is over. */
static void take_hello(struct relay *r, const struct frame *frame)
{
	close_all(r);
	put_frame(r, FRAME_HELLO, 0, frame->payload, frame->length);
	r->ready = true;
}

static bool is_hello(const struct relay *r, const struct frame *frame)
{
	return !r->dial && frame->type == FRAME_HELLO && frame->length == FRAME_HELLO_BYTES &&
	       memcmp(frame->payload, FRAME_HELLO_MAGIC, strlen(FRAME_HELLO_MAGIC)) == 0;
}

/* At the guest, before the host has answered: nothing counts but the answer, wherever it begins. */
static size_t skip_to_hello(struct relay *r, const uint8_t *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (data[i] != r->hello[r->hello_seen])
			r->hello_seen = 0;
		/* Only the first byte is like the first one: the magic has no other 's' that could begin it. */
		if (data[i] == r->hello[r->hello_seen])
			r->hello_seen++;
		if (r->hello_seen == sizeof(r->hello)) {
			r->ready = true;
			return i + 1;
		}
	}
	return length;
}

/* The host passes over a guest's errors up to its next beginning; a guest cannot go on. */
static int take_bytes(struct relay *r, const uint8_t *data, size_t length, struct error *err)
{
	size_t at = r->dial && !r->ready ? skip_to_hello(r, data, length) : 0;

	while (at < length) {
		struct frame frame;
		size_t taken;
		int bad = frame_read(&r->reader, data + at, length - at, &taken, &frame, err);

		if (bad < 0) {
			r->reader.length = 0;
			taken = 1;
			frame.type = FRAME_NONE;
		}
		at += taken;
		if (bad == 0 && frame.type == FRAME_NONE)
			return 0;
		if (bad == 0 && is_hello(r, &frame)) {
			take_hello(r, &frame);
			continue;
		}
		if (bad < 0 || (r->ready && take_frame(r, &frame, err) < 0)) {
			if (r->dial)
				return -1;
			close_all(r);
		}
	}
	return 0;
}

/* 1 at the end of the line. */
static int read_line(struct relay *r, struct error *err)
{
	uint8_t data[2 * FRAME_BYTES_MAX];
	ssize_t n = read(r->line, data, sizeof(data));

	if (n > 0)
		return take_bytes(r, data, (size_t)n, err);
	if (n == 0)
		return 1;
	return errno == EAGAIN || errno == EINTR ? 0 : error_errno(err, "cannot read from the line");
}

/* ------------------------------------------------------------ the loop */

static void take_client(struct relay *r)
{
	size_t i = 0;
	int fd;

	while (i < RELAY_CHANNELS && r->channels[i].used)
		i++;
	if (i == RELAY_CHANNELS || !has_room(r, 0))
		return;
	fd = accept4(r->listening, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	open_channel(&r->channels[i], fd);
	put_frame(r, FRAME_OPEN, i, NULL, 0);
}

static bool has_free_channel(const struct relay *r)
{
	for (size_t i = 0; i < RELAY_CHANNELS; i++)
		if (!r->channels[i].used)
			return true;
	return false;
}

static short local_events(const struct relay *r, const struct channel *c)
{
	return (short)((wants_local(r, c) ? POLLIN : 0) | (c->in_length > 0 ? POLLOUT : 0));
}

/* One turn; 1 at the end of the line. A local stream's end shows when it is read, and not before all of it was. */
static int turn(struct relay *r, struct error *err)
{
	struct pollfd fds[RELAY_CHANNELS + 2] = {
		{ .fd = r->line, .events = (short)(POLLIN | (r->out_length > 0 ? POLLOUT : 0)) },
		{ .fd = r->ready && has_free_channel(r) ? r->listening : -1, .events = POLLIN },
	};
	int result = 0;

	for (size_t i = 0; i < RELAY_CHANNELS; i++) {
		const struct channel *c = &r->channels[i];
		short events = c->used && c->fd >= 0 ? local_events(r, c) : 0;

		fds[i + 2] = (struct pollfd){ .fd = events ? c->fd : -1, .events = events };
	}
	if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
		return error_errno(err, "cannot wait for the line");
	if (fds[1].revents)
		take_client(r);
	for (size_t i = 0; i < RELAY_CHANNELS; i++)
		if (fds[i + 2].revents & (POLLIN | POLLHUP | POLLERR))
			read_local(r, &r->channels[i]);
	if (fds[0].revents & POLLIN)
		result = read_line(r, err);
	else if (fds[0].revents & (POLLHUP | POLLERR))
		result = 1;
	if (result != 0)
		return result;
	settle(r);
	return flush_line(r, err);
}

int relay_host(int line, int listening, struct error *err)
{
	static struct relay relay;
	int result = 0;

	relay = (struct relay){ .line = line, .listening = listening };
	(void)fcntl(line, F_SETFL, O_NONBLOCK);
	while (result == 0)
		result = turn(&relay, err);
	close_all(&relay);
	return result < 0 ? -1 : 0;
}

/* While nobody is at the other end the line says so all the time: only a change is waited for. */
static int wait_for_host(int line, struct error *err)
{
	autoclose int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };

	if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, line, &event) < 0)
		return error_errno(err, "cannot wait for the host");
	do {
		if (epoll_wait(epoll_fd, &event, 1, -1) < 0 && errno != EINTR)
			return error_errno(err, "cannot wait for the host");
	} while (event.events & EPOLLHUP);
	return 0;
}

static int begin(struct relay *r, struct error *err)
{
	if (wait_for_host(r->line, err) < 0)
		return -1;
	memcpy(r->hello, FRAME_HELLO_MAGIC, strlen(FRAME_HELLO_MAGIC));
	if (getrandom(r->hello + strlen(FRAME_HELLO_MAGIC), sizeof(r->hello) - strlen(FRAME_HELLO_MAGIC), GRND_NONBLOCK) < 0)
		(void)clock_gettime(CLOCK_MONOTONIC, (struct timespec *)(void *)(r->hello + strlen(FRAME_HELLO_MAGIC)));
	memset(r->out, 0, FRAME_BYTES_MAX);
	r->out_length = FRAME_BYTES_MAX;
	put_frame(r, FRAME_HELLO, 0, r->hello, sizeof(r->hello));
	return flush_line(r, err);
}

int relay_guest(int line, int (*dial)(void), struct error *err)
{
	static struct relay relay;
	int result;

	relay = (struct relay){ .line = line, .listening = -1, .dial = dial };
	(void)fcntl(line, F_SETFL, O_NONBLOCK);
	for (;;) {
		result = begin(&relay, err);
		while (result == 0)
			result = turn(&relay, err);
		close_all(&relay);
		if (result < 0)
			return -1;
		relay.reader.length = 0;
		relay.hello_seen = 0;
	}
}
