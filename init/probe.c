/* SPDX-License-Identifier: Apache-2.0 */
#include "init/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "init/init.h"
#include "init/spawn.h"

#define ANSWER_MAX 4096			/* bytes until the end of the first line */
#define SHOWN_MAX 200			/* bytes of what a command printed */

/* ------------------------------------------------------------ a command in the container */

/* The end of what it printed, on one line, behind the message. */
static void add_output(int output, struct error *err)
{
	struct error what = *err;
	char text[SHOWN_MAX + 1];
	off_t end = lseek(output, 0, SEEK_END);
	ssize_t n = pread(output, text, SHOWN_MAX, end > SHOWN_MAX ? end - SHOWN_MAX : 0);

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	if (n <= 0)
		return;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\n' || text[i] == '\t')
			text[i] = ' ';
	text[n] = '\0';
	(void)error_set(err, "%s: %s", what.message, text);
}

static int verdict(int wait_status, struct error *err)
{
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
		return 0;
	if (WIFSIGNALED(wait_status))
		return error_set(err, "killed by signal %d", WTERMSIG(wait_status));
	return error_set(err, "gave %d", WEXITSTATUS(wait_status));
}

/* What it prints is kept in memory that is counted as the service's. */
static int run_exec(const struct service *service, const struct plan_probe *probe, struct error *err)
{
	struct arena arena = { 0 };	/* ends with the process */
	struct container_enter_options options;
	int output = memfd_create("probe", MFD_CLOEXEC), status, r;
	struct container container;

	if (output < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		return error_errno(err, "cannot set up the output of its command");
	spawn_describe(service->plan, &arena, &options);
	if (container_entered(&options, service->pid, &arena, &container, err) < 0)
		return -1;
	r = container_exec_wait(&container, probe->command.items, probe->command.count, probe->timeout, &arena, &status, err);
	if (r == 0)
		r = verdict(status, err);
	if (r < 0) {
		add_output(output, err);
		return error_context(err, "'%s'", probe->command.items[0]);
	}
	return 0;
}

/* ------------------------------------------------------------ a port of its network */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t read_address(const struct plan_probe *probe, union address *address)
{
	*address = (union address){ 0 };
	if (inet_pton(AF_INET, probe->address, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons((uint16_t)probe->port);
		return sizeof(address->v4);
	}
	if (inet_pton(AF_INET6, probe->address, &address->v6.sin6_addr) == 1) {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons((uint16_t)probe->port);
		return sizeof(address->v6);
	}
	return 0;
}

static int connect_to(const struct service *service, const struct plan_probe *probe, struct error *err)
{
	union address address;
	socklen_t length = read_address(probe, &address);
	autoclose int fd = -1;

	if (length == 0)
		return error_set(err, "'%s' is not an address", probe->address);
	if (setns(service->pidfd, CLONE_NEWNET) < 0)
		return error_errno(err, "cannot join its network");
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, &address.any, length) < 0)
		return error_errno(err, "cannot connect to port %u of '%s'", probe->port, probe->address);
	return fd_take(&fd);
}

static int run_tcp(const struct service *service, const struct plan_probe *probe, struct error *err)
{
	autoclose int fd = connect_to(service, probe, err);

	return fd < 0 ? -1 : 0;
}

int probe_http_status(const char *text, size_t length)
{
	static const char start[] = "HTTP/1.";
	const char *digits = text + sizeof(start) + 1;

	if (length < sizeof(start) + 4 || memcmp(text, start, sizeof(start) - 1) != 0 ||
	    (text[sizeof(start) - 1] != '0' && text[sizeof(start) - 1] != '1') || text[sizeof(start)] != ' ')
		return -1;
	for (int i = 0; i < 3; i++)
		if (digits[i] < '0' || digits[i] > '9')
			return -1;
	if (length > sizeof(start) + 4 && digits[3] != ' ' && digits[3] != '\r' && digits[3] != '\n')
		return -1;
	return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
}

static int send_request(int fd, const struct plan_probe *probe, struct error *err)
{
	char request[2048];
	const char *bracket = strchr(probe->address, ':') ? "[" : "";
	int n = snprintf(request, sizeof(request),
			 "GET %s HTTP/1.1\r\nHost: %s%s%s\r\nUser-Agent: slipway\r\nAccept: */*\r\nConnection: close\r\n\r\n",
			 probe->path, probe->host ? "" : bracket, probe->host ? probe->host : probe->address,
			 probe->host || !*bracket ? "" : "]");

	if (n < 0 || (size_t)n >= sizeof(request))
		return error_set(err, "the request is too long");
	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		return error_errno(err, "cannot send a request to port %u", probe->port);
	return 0;
}

static int run_http(const struct service *service, const struct plan_probe *probe, struct error *err)
{
	autoclose int fd = connect_to(service, probe, err);
	char answer[ANSWER_MAX];
	size_t length = 0;
	ssize_t n = 1;
	int status;

	if (fd < 0 || send_request(fd, probe, err) < 0)
		return -1;
	while (length < sizeof(answer) && !memchr(answer, '\n', length) && n > 0) {
		n = read(fd, answer + length, sizeof(answer) - length);
		length += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		return error_errno(err, "port %u does not answer", probe->port);
	status = probe_http_status(answer, length);
	if (status < 0)
		return error_set(err, "port %u does not answer as a web server", probe->port);
	if (probe->status ? status == (int)probe->status : status >= 200 && status < 400)
		return 0;
	return error_set(err, "port %u answers with status %d to '%s'", probe->port, status, probe->path);
}

int probe_run(const struct service *service, const struct plan_probe *probe, struct error *err)
{
	static int (*const ways[])(const struct service *, const struct plan_probe *, struct error *) = {
		[PLAN_PROBE_EXEC] = run_exec, [PLAN_PROBE_TCP] = run_tcp, [PLAN_PROBE_HTTP] = run_http,
	};

	return ways[probe->kind](service, probe, err);
}
