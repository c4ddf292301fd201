/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever comes over the socket, the side that listens ends with an answer or one error with words.
 *
 *	input	{ kind expected(1) length(2) packet }*
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/container/sync.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

enum { PACKETS_MAX = 16, PACKET_MAX = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	enum sync_kind expected[PACKETS_MAX];
	int sockets[2], count = 0;

	MUST(sync_open(sockets, &err) == 0);
	while (size >= 3 && count < PACKETS_MAX) {
		size_t length = (size_t)(data[1] | data[2] << 8) % PACKET_MAX;

		expected[count] = (enum sync_kind)(data[0] % (SYNC_ERROR + 1));
		data += 3;
		size -= 3;
		length = length > size ? size : length;
		/* One without bytes is how such a socket says that it is closed. */
		if (length == 0 || send(sockets[1], data, length, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)length)
			break;
		data += length;
		size -= length;
		count++;
	}
	MUST(close(sockets[1]) == 0);
	for (int i = 0; i < count; i++) {
		int number = 0;

		memset(&err, 'x', sizeof(err));
		if (sync_expect_number(sockets[0], expected[i], &number, &err) < 0) {
			MUST(memchr(err.message, '\0', sizeof(err.message)) != NULL);
			MUST(!strchr(err.message, '\n'));
		}
	}
	/* Behind the last comes the end, and nothing else. */
	MUST(sync_expect(sockets[0], SYNC_END, &err) == 0);
	MUST(sync_expect(sockets[0], SYNC_GO, &err) < 0 && *err.message);
	MUST(close(sockets[0]) == 0);
	return 0;
}
