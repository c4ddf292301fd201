/* SPDX-License-Identifier: Apache-2.0 */
#include "control/frame.h"

#include <string.h>

void frame_put16(uint8_t *out, uint16_t n)
{
	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
}

void frame_put32(uint8_t *out, uint32_t n)
{
	frame_put16(out, (uint16_t)(n >> 16));
	frame_put16(out + 2, (uint16_t)n);
}

uint16_t frame_get16(const uint8_t *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

uint32_t frame_get32(const uint8_t *data)
{
	return (uint32_t)frame_get16(data) << 16 | frame_get16(data + 2);
}

void frame_header(uint8_t out[FRAME_HEADER], enum frame_type type, uint8_t channel, size_t length)
{
	out[0] = (uint8_t)type;
	out[1] = channel;
	frame_put16(out + 2, (uint16_t)length);
}

int frame_read(struct frame_reader *reader, const uint8_t *data, size_t length, size_t *taken, struct frame *frame,
	       struct error *err)
{
	size_t at = 0;

	frame->type = FRAME_NONE;
	while (at < length) {
		size_t wanted = FRAME_HEADER, n;

		if (reader->length == 0 && data[at] == FRAME_NONE) {
			at++;
			continue;
		}
		if (reader->length >= FRAME_HEADER)
			wanted += frame_get16(reader->data + 2);
		n = wanted - reader->length < length - at ? wanted - reader->length : length - at;
		memcpy(reader->data + reader->length, data + at, n);
		reader->length += n;
		at += n;
		if (reader->length < FRAME_HEADER)
			continue;
		wanted = FRAME_HEADER + (size_t)frame_get16(reader->data + 2);
		if (wanted > sizeof(reader->data))
			return error_set(err, "a frame of %zu bytes, and %d is the most", wanted, FRAME_BYTES_MAX);
		if (reader->length < wanted)
			continue;
		*frame = (struct frame){
			.type = (enum frame_type)reader->data[0], .channel = reader->data[1],
			.length = frame_get16(reader->data + 2), .payload = reader->data + FRAME_HEADER,
		};
		reader->length = 0;
		break;
	}
	*taken = at;
	return 0;
}
