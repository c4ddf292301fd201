/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: how several streams share one. The line to the host carries one stream for each client (control/relay.h),
 * and what `exec` runs has three (control/session.h). A frame is
 *
 *     1 byte   type, one of enum frame_type
 *     1 byte   channel
 *     2 bytes  length of what follows, high byte first, at most FRAME_PAYLOAD_MAX
 *
 * A byte 0 where a type is expected is no frame and is passed over: FRAME_BYTES_MAX of them end whatever frame was begun.
 */
#ifndef CONTROL_FRAME_H
#define CONTROL_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define FRAME_HEADER 4
#define FRAME_PAYLOAD_MAX 4096
#define FRAME_BYTES_MAX (FRAME_HEADER + FRAME_PAYLOAD_MAX)

enum frame_type {
	FRAME_NONE = 0,			/* more bytes are needed */
	FRAME_DATA = 'D',
	/* the line to the host */
	FRAME_HELLO = 'H',		/* 32 bytes: FRAME_HELLO_MAGIC and a number never used before */
	FRAME_OPEN = 'O',		/* a new stream: by the host */
	FRAME_CLOSE = 'C',		/* no more comes; the channel is free when both have said so */
	FRAME_WINDOW = 'W',		/* 4 bytes: so much more may be sent */
	/* exec: channels 0 to 2 are the standard streams */
	FRAME_ARGUMENT = 'A',		/* a word of the command */
	FRAME_VARIABLE = 'V',		/* NAME=VALUE */
	FRAME_START = 'S',		/* the command is complete */
	FRAME_END = 'E',		/* of standard input */
	FRAME_SIZE = 'R',		/* 4 bytes: rows and columns of the terminal */
	FRAME_EXIT = 'X',		/* 1 byte: exit status, the last frame */
	FRAME_ERROR = 'F',		/* text: it could not be started; the last frame */
	/* a test: control/test.h */
	FRAME_FILE = 'P',		/* a file begins */
	FRAME_MISSING = 'M',		/* text: what is not sent, and why */
};

#define FRAME_HELLO_MAGIC "slipway-relay-1\n"	/* 16 bytes */
#define FRAME_HELLO_BYTES 32

struct frame {
	enum frame_type type;
	uint8_t channel;
	uint16_t length;
	const uint8_t *payload;		/* in the reader, until its next call */
};

/* An all-zero one is at the beginning of a stream. */
struct frame_reader {
	size_t length;
	uint8_t data[FRAME_BYTES_MAX];
};

/*
 * Takes bytes up to the end of the next frame, and says how many in `taken`. `frame->type` is FRAME_NONE where all were
 * taken and the frame is not whole. -1 where a length is above the limit: nothing behind it can be read.
 */
int frame_read(struct frame_reader *reader, const uint8_t *data, size_t length, size_t *taken, struct frame *frame,
	       struct error *err);

/* Puts the header; the payload goes behind it. */
void frame_header(uint8_t out[FRAME_HEADER], enum frame_type type, uint8_t channel, size_t length);

/* Numbers, high byte first. */
void frame_put16(uint8_t *out, uint16_t n);
void frame_put32(uint8_t *out, uint32_t n);
uint16_t frame_get16(const uint8_t *data);
uint32_t frame_get32(const uint8_t *data);

#endif
