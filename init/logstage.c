/* SPDX-License-Identifier: Apache-2.0 */
#include "init/logstage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static uint8_t *place(struct log_area *area, unsigned int stream, uint64_t offset)
{
	return &area->stages[stream][offset % LOG_STAGE];
}

static void add_staged(struct log_area *area, unsigned int stream, uint64_t bytes)
{
	struct log_commit c = *log_current(area);

	c.staged[stream] += bytes;
	log_commit(area, &c);
}

void logstage_recover(struct log_area *area)
{
	for (unsigned int stream = 0; stream < LOG_STREAMS; stream++) {
		struct log_pipe *pipe = &area->pipes[stream];

		/* Else it was noted down, and only this was not. */
		if (pipe->length > 0 && pipe->at == log_current(area)->staged[stream] &&
		    *place(area, stream, pipe->at) != pipe->mark)
			add_staged(area, stream, pipe->length);
		pipe->length = 0;
	}
}

/* The first byte of the pipe, which stays there: a copy of it goes aside. */
static bool peek(int fd, const int aside[2], uint8_t *byte)
{
	return tee(fd, aside[1], 1, SPLICE_F_NONBLOCK) == 1 && read(aside[0], byte, 1) == 1;
}

enum logstage_result logstage_read(struct log_area *area, unsigned int stream, int fd, const int aside[2])
{
	const struct log_commit *c = log_current(area);
	struct log_pipe *pipe = &area->pipes[stream];
	uint64_t at = c->staged[stream], room = LOG_STAGE - (at - c->taken[stream]), straight = LOG_STAGE - at % LOG_STAGE;
	int there = 0;
	uint8_t first;
	ssize_t n;

	if (room == 0)
		return LOGSTAGE_FULL;
	if (ioctl(fd, FIONREAD, &there) < 0 || there == 0)
		return LOGSTAGE_EMPTY;
	room = room < straight ? room : straight;
	if (room > (uint64_t)there)
		room = (uint64_t)there;
	if (!peek(fd, aside, &first))
		return LOGSTAGE_FAILED;
	/* There is no other reader: so many bytes are there, and they are moved all or, where we die before, none. */
	pipe->mark = (uint8_t)~first;
	*place(area, stream, at) = pipe->mark;
	pipe->at = at;
	atomic_signal_fence(memory_order_seq_cst);
	pipe->length = (uint32_t)room;
	atomic_signal_fence(memory_order_seq_cst);
	n = read(fd, place(area, stream, at), room);
	if (n > 0)
		add_staged(area, stream, (uint64_t)n);
	atomic_signal_fence(memory_order_seq_cst);
	pipe->length = 0;
	return n > 0 ? LOGSTAGE_READ : LOGSTAGE_FAILED;
}

bool logstage_has_rest(const struct log_area *area, unsigned int stream)
{
	const struct log_commit *c = log_current(area);

	return c->staged[stream] > c->taken[stream];
}

bool logstage_line(const struct log_area *area, unsigned int stream, bool flush, struct log_line *line,
		   struct log_commit *change)
{
	const uint8_t *stage = area->stages[stream];
	size_t there, length = 0;
	bool ended = false;
	uint64_t from;

	*change = *log_current(area);
	from = change->taken[stream];
	there = (size_t)(change->staged[stream] - from);
	while (length < there && length < LOG_LINE_MAX && !ended) {
		uint8_t byte = stage[(from + length) % LOG_STAGE];

		ended = byte == '\n';
		if (!ended)
			line->text[length++] = (char)byte;
	}
	/* The end of a line that just fits may be the next byte. */
	if (!ended && length == LOG_LINE_MAX && length < there && stage[(from + length) % LOG_STAGE] == '\n')
		ended = true;
	if (!ended && length < LOG_LINE_MAX && !(flush && length > 0))
		return false;
	line->length = length;
	line->stream = (enum log_stream)stream;
	line->priority = stream == LOG_STDERR ? 4 : 6;
	line->partial = !ended;
	change->taken[stream] = from + length + ended;
	return true;
}
