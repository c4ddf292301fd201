/* SPDX-License-Identifier: Apache-2.0 */
#include "control/client.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <linux/vm_sockets.h>

#include "base/cleanup.h"
#include "base/file.h"

/* More of what comes; 1 at its end. */
static int receive(struct client *client, int timeout, struct error *err)
{
	struct pollfd p = { .fd = client->fd, .events = POLLIN };
	ssize_t n;

	if (client->start > 0) {
		memmove(client->data, client->data + client->start, client->length);
		client->start = 0;
	}
	if (client->length == sizeof(client->data))
		return error_set(err, "the machine sent a line of more than %d bytes", RECORD_LINE_MAX);
	if (timeout >= 0 && poll(&p, 1, timeout) == 0)
		return error_set(err, "the machine did not answer within %d seconds", timeout / 1000);
	do
		n = read(client->fd, client->data + client->length, sizeof(client->data) - client->length);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ECONNRESET)
		return error_errno(err, "cannot read from the machine");
	if (n <= 0)
		return 1;
	client->length += (size_t)n;
	return 0;
}

/* The next line, without its end. */
static int next_line(struct client *client, int timeout, char **line, struct error *err)
{
	char *end;
	int r;

	while (!(end = memchr(client->data + client->start, '\n', client->length))) {
		r = receive(client, timeout, err);
		if (r > 0)
			return error_set(err, "the connection to the machine ended");
		if (r < 0)
			return -1;
	}
	*line = client->data + client->start;
	*end = '\0';
	if (strlen(*line) != (size_t)(end - *line))
		return error_set(err, "the machine sent a line with a NUL byte");
	client->length -= (size_t)(end + 1 - *line);
	client->start += (size_t)(end + 1 - *line);
	return 0;
}

static int next_record(struct client *client, int timeout, struct record *record, struct error *err)
{
	char *line = NULL;

	if (next_line(client, timeout, &line, err) < 0)
		return -1;
	if (record_parse(line, record, err) < 0)
		return error_context(err, "the machine sent what cannot be read");
	return 0;
}

int client_ask(struct client *client, const struct buffer *request, struct error *err)
{
	int timeout = client->timeout ? (int)client->timeout * 1000 : -1;
	struct record record;
	const char *text;

	if (request->length > CONTROL_REQUEST_MAX)
		return error_set(err, "too many names for one request");
	if (file_write_all(client->fd, request->data, request->length, "the machine", err) < 0 ||
	    next_record(client, timeout, &record, err) < 0)
		return -1;
	if (strcmp(record.kind, "ok") == 0)
		return 0;
	text = record_get(&record, "text");
	return error_set(err, "%s", text ? text : "the machine sent what cannot be read");
}

int client_next(struct client *client, struct record *record, struct error *err)
{
	const char *text;

	if (next_record(client, -1, record, err) < 0)
		return -1;
	if (strcmp(record->kind, "end") == 0)
		return 1;
	if (strcmp(record->kind, "error") != 0)
		return 0;
	text = record_get(record, "text");
	return error_set(err, "%s", text ? text : "the machine sent what cannot be read");
}

int client_connect_unix(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, "'%s': the name of a socket has at most %zu characters", path,
				 sizeof(address.sun_path) - 1);
	(void)strcpy(address.sun_path, path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "cannot connect to '%s'", path);
	return fd_take(&fd);
}

int client_connect_vsock(unsigned int cid, struct error *err)
{
	struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = CONTROL_VSOCK_PORT };
	autoclose int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "cannot connect to the machine %u over vsock", cid);
	return fd_take(&fd);
}
