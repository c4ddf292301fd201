/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines that a stream was given and its receiver has not acknowledged: when the connection breaks they are to be sent again.
 * The oldest first; a line is acknowledged when all of its bytes are.
 */
#ifndef INIT_LOG_UNACKED_H
#define INIT_LOG_UNACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_UNACKED_MAX 1024u

struct log_unacked_line {
	size_t source;
	uint64_t sequence;
	uint64_t lost;			/* this is no line, but tells of so many lost before line `sequence` */
	uint64_t end;			/* offset in the stream behind it */
};

/* All zero is a stream that has just been opened. */
struct log_unacked {
	uint64_t sent;			/* bytes given to the stream */
	unsigned int first, count;
	struct log_unacked_line lines[LOG_UNACKED_MAX];
};

/* Notes a line (without its `end`) of so many bytes. There must be room: count < LOG_UNACKED_MAX. */
void log_unacked_add(struct log_unacked *unacked, struct log_unacked_line line, size_t bytes);

/* Takes out the oldest, if all but the last `waiting` bytes of the stream are acknowledged and it is among them. */
bool log_unacked_oldest(struct log_unacked *unacked, uint64_t waiting, struct log_unacked_line *line);

/* Takes out the newest, whatever was acknowledged: what has to be sent again, backwards. */
bool log_unacked_newest(struct log_unacked *unacked, struct log_unacked_line *line);

#endif
