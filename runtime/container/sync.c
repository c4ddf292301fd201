/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/sync.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/descriptor.h"

struct message {
	uint32_t kind;			/* enum sync_kind */
	int32_t number;			/* of an ERROR, that of the system */
	char text[ERROR_MESSAGE_MAX];	/* of an ERROR; as much as was sent */
};

#define HEADER offsetof(struct message, text)

int sync_open(int sockets[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(err, "cannot make a pair of sockets");
	return 0;
}

void sync_send_error(int socket, const struct error *failure)
{
	struct message m = { .kind = SYNC_ERROR, .number = failure->number };
	size_t length = strnlen(failure->message, sizeof(m.text));

	memcpy(m.text, failure->message, length);
	if (send(socket, &m, HEADER + length, MSG_NOSIGNAL) < 0)
		return;
}

/* ECONNRESET comes once, where the other side ended with words of ours unread; then what it said itself, and the end. */
static ssize_t receive(int socket, struct message *m, int flags)
{
	ssize_t n;

	do
		n = recv(socket, m, sizeof(*m), flags);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	return n;
}

/* Of `n` bytes that were received, or -1 and errno. */
static int understand(const struct message *m, ssize_t n, enum sync_kind kind, struct error *err)
{
	if (n < 0)
		return error_errno(err, "cannot listen to the other side of the set-up");
	if (n <= 0)
		return kind == SYNC_END ? 0 : error_set(err, "the other side of the set-up ended without a word");
	if ((size_t)n < HEADER)
		return error_set(err, "the set-up sent a message cut short");
	if (m->kind == SYNC_ERROR) {
		(void)error_set(err, "%.*s", (int)((size_t)n - HEADER), m->text);
		err->number = m->number;
		return -1;
	}
	if (m->kind != kind)
		return error_set(err, "the set-up sent message %u where %u was expected", m->kind, (unsigned int)kind);
	return 0;
}

/* The other side has ended, and mostly has said why: behind what it said before. */
static int tell_why(int socket, struct error *err)
{
	const int number = errno;
	struct message m = { 0 };
	ssize_t n;

	while ((n = receive(socket, &m, MSG_DONTWAIT)) > 0)
		if ((size_t)n >= HEADER && m.kind == SYNC_ERROR)
			return understand(&m, n, SYNC_END, err);
	return error_number(err, number, "cannot talk to the other side of the set-up");
}

int sync_send(int socket, enum sync_kind kind, struct error *err)
{
	return sync_send_number(socket, kind, 0, err);
}

int sync_send_number(int socket, enum sync_kind kind, int number, struct error *err)
{
	const struct message m = { .kind = kind, .number = number };

	return send(socket, &m, HEADER, MSG_NOSIGNAL) != (ssize_t)HEADER ? tell_why(socket, err) : 0;
}

int sync_send_descriptor(int socket, enum sync_kind kind, int fd, struct error *err)
{
	const struct message m = { .kind = kind };

	return descriptor_send(socket, fd, &m, HEADER) != (ssize_t)HEADER ? tell_why(socket, err) : 0;
}

int sync_expect(int socket, enum sync_kind kind, struct error *err)
{
	int ignored;

	return sync_expect_number(socket, kind, &ignored, err);
}

int sync_expect_number(int socket, enum sync_kind kind, int *number, struct error *err)
{
	struct message m = { 0 };

	if (understand(&m, receive(socket, &m, 0), kind, err) < 0)
		return -1;
	*number = m.number;
	return 0;
}

int sync_expect_descriptor(int socket, enum sync_kind kind, struct error *err)
{
	struct message m = { 0 };
	autoclose int fd = -1;

	if (understand(&m, descriptor_receive(socket, &m, sizeof(m), &fd), kind, err) < 0)
		return -1;
	return fd < 0 ? error_set(err, "the set-up sent no descriptor") : fd_take(&fd);
}
