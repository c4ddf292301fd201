/* SPDX-License-Identifier: Apache-2.0 */
#include "init/metrics.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "control/client.h"
#include "control/render.h"
#include "init/process.h"

#define CLIENTS_MAX 4			/* at a time; more wait in the backlog */
#define REQUEST_MAX 4096
#define PATIENCE 5			/* seconds for a request to come and an answer to go */
#define TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"

static int collect(struct buffer *out, struct error *err)
{
	static struct client client;
	autobuffer struct buffer request = { 0 };
	char before[128] = "";
	struct record record;
	int r;

	client.timeout = PATIENCE;
	client.fd = client_connect_unix(CONTROL_SOCKET, err);
	record_begin(&request, "metrics");
	record_end(&request);
	if (client.fd < 0 || client_ask(&client, &request, err) < 0)
		return -1;
	while ((r = client_next(&client, &record, err)) == 0) {
		const char *name = record_get(&record, "metric");

		render_metric(out, &record, before);
		(void)snprintf(before, sizeof(before), "%s", name ? name : "");
	}
	return r < 0 ? -1 : 0;
}

/* RFC 9112: the first line is all that matters, and the headers' end. */
static bool read_request(int client, char text[REQUEST_MAX])
{
	size_t length = 0;

	while (length < REQUEST_MAX - 1) {
		ssize_t n = recv(client, text + length, REQUEST_MAX - 1 - length, 0);

		if (n <= 0)
			return false;
		length += (size_t)n;
		text[length] = '\0';
		if (strstr(text, "\r\n\r\n") || strstr(text, "\n\n"))
			return true;
	}
	return false;
}

static void reply(int client, const char *status, const char *type, const struct buffer *body)
{
	autobuffer struct buffer out = { 0 };

	buffer_printf(&out, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, type,
		      body->length);
	buffer_add(&out, buffer_string(body), body->length);
	for (size_t at = 0; at < out.length;) {
		ssize_t n = send(client, out.data + at, out.length - at, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

static void __attribute__((noreturn)) serve(int client)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	autobuffer struct buffer body = { 0 };
	char text[REQUEST_MAX];
	struct error err;

	(void)setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	/* However slowly it trickles. */
	(void)alarm(2 * PATIENCE);
	if (!read_request(client, text))
		_exit(0);
	if (strncmp(text, "GET /metrics ", 13) != 0 && strncmp(text, "GET /metrics?", 13) != 0) {
		buffer_add_string(&body, "there is only /metrics\n");
		reply(client, "404 Not Found", "text/plain", &body);
	} else if (collect(&body, &err) < 0) {
		body.length = 0;
		buffer_printf(&body, "%s\n", err.message);
		reply(client, "503 Service Unavailable", "text/plain", &body);
	} else {
		reply(client, "200 OK", TYPE_TEXT, &body);
	}
	_exit(0);
}

/* One address for IPv6 and IPv4; a kernel without IPv6 has the other. */
static int open_port(unsigned int port, struct error *err)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = in6addr_any };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, zero = 0, r;

	if (fd < 0) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		r = bind(fd, (const struct sockaddr *)&four, sizeof(four));
	} else {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
		r = bind(fd, (const struct sockaddr *)&six, sizeof(six));
	}
	if (r < 0 || listen(fd, 16) < 0) {
		(void)error_errno(err, "metrics: cannot listen at port %u", port);
		fd_replace(&fd, -1);
	}
	return fd;
}

static void __attribute__((noreturn)) run(int listening)
{
	unsigned int clients = 0;

	for (;;) {
		int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

		while (clients > 0 && waitpid(-1, NULL, clients < CLIENTS_MAX ? WNOHANG : 0) > 0)
			clients--;
		if (fd < 0)
			continue;
		if (fork() == 0)
			serve(fd);
		clients++;
		(void)close(fd);
	}
}

/* The port stays PID 1's: no request is lost when the process ends. */
static int listening = -1;

static pid_t start(struct machine *machine, struct helper *helper, struct error *err)
{
	pid_t pid = process_make(helper->name, &listening, 1);

	(void)machine;
	if (pid == 0)
		run(listening);
	return pid < 0 ? error_errno(err, "metrics: cannot make a process") : pid;
}

static struct helper helper = { .name = "metrics", .start = start };

int metrics_open(struct machine *machine, struct error *err)
{
	if (machine->plan.machine.metrics_port == 0)
		return 0;
	listening = open_port(machine->plan.machine.metrics_port, err);
	if (listening < 0)
		return -1;
	helper_open(machine, &helper);
	return helper_start(machine, &helper, err);
}
