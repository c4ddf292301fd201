/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as frames. They are the same frames however the bytes are cut. */
#include "control/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A number that any other order or content of frames would change. */
static uint64_t read_all(const uint8_t *data, size_t size, size_t piece)
{
	struct frame_reader reader = { 0 };
	struct frame frame;
	struct error err;
	uint64_t sum = 1;

	while (size > 0) {
		size_t n = piece < size ? piece : size, taken;

		if (frame_read(&reader, data, n, &taken, &frame, &err) < 0)
			return sum * 31 + 1;
		if (taken == 0 || taken > n)
			abort();
		data += taken;
		size -= taken;
		if (frame.type == FRAME_NONE)
			continue;
		sum = sum * 31 + (uint64_t)frame.type * 256 + frame.channel;
		for (size_t i = 0; i < frame.length; i++)
			sum = sum * 31 + frame.payload[i];
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (read_all(data, size, size) != read_all(data, size, 1) || read_all(data, size, size) != read_all(data, size, 7))
		abort();
	return 0;
}
