/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry that answers what it is told to, byte for byte:  hostile-registry DIRECTORY. Prints its port.
 *
 * A request for /v2/CASE/manifests/... or /v2/CASE/referrers/... or /token/CASE or /raw/CASE/... is of the kind "manifest", "referrers",
 * "token", "raw"; one for /v2/CASE/blobs/sha256:HEX of the kind HEX. The Nth of a kind gets DIRECTORY/CASE/KIND.N, else DIRECTORY/CASE/KIND, which is the
 * whole response, head and body; else 404. A first line "!HOW" says what to do with what follows. What was asked is added
 * to DIRECTORY/CASE/requests.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUEST_MAX 65536
#define RESPONSE_MAX (64u << 20)
#define PATIENCE 60 /* seconds, after which a connection is closed in any case */

static char request[REQUEST_MAX + 1];

static int send_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

/* --- how a response is sent -------------------------------------------------------------------------- */

static void plainly(int fd, const char *data, size_t length)
{
	(void)send_all(fd, data, length);
}

static void slowly(int fd, const char *data, size_t length)
{
	for (size_t i = 0; i < length && send_all(fd, data + i, 1) == 0; i++)
		usleep(200000);
}

/* What follows the first blank line comes a byte at a time. */
static void slow_body(int fd, const char *data, size_t length)
{
	const char *body = memmem(data, length, "\r\n\r\n", 4);
	size_t head = body ? (size_t)(body + 4 - data) : 0;

	if (send_all(fd, data, head) == 0)
		slowly(fd, data + head, length - head);
}

/* The last line, for ever. */
static void endlessly(int fd, const char *data, size_t length)
{
	size_t begin = length;

	if (send_all(fd, data, length) < 0)
		return;
	while (begin > 1 && data[begin - 2] != '\n')
		begin--;
	begin = begin > 0 ? begin - 1 : 0;
	while (send_all(fd, data + begin, length - begin) == 0)
		;
}

static void and_hang(int fd, const char *data, size_t length)
{
	if (send_all(fd, data, length) == 0)
		sleep(PATIENCE);
}

static void and_reset(int fd, const char *data, size_t length)
{
	struct linger linger = { 1, 0 };

	(void)send_all(fd, data, length);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static const struct {
	const char *name;
	void (*send)(int fd, const char *data, size_t length);
} ways[] = {
	{ "!slow\n", slowly },	{ "!slow-body\n", slow_body }, { "!endless\n", endlessly },
	{ "!hang\n", and_hang }, { "!reset\n", and_reset },	{ "", plainly },
};

/* --- what is sent -------------------------------------------------------------------------------------- */

/* How many were asked of this kind, with this one. */
static long count(const char *directory, const char *kind)
{
	char path[4096];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s.count", directory, kind);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fd < 0 || write(fd, "x", 1) != 1 || fstat(fd, &st) < 0)
		exit(EXIT_FAILURE);
	close(fd);
	return (long)st.st_size;
}

static char *read_response(const char *directory, const char *kind, size_t *length)
{
	static const char missing[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	char path[4096], *data = malloc(RESPONSE_MAX);
	FILE *file;

	if (!data)
		exit(EXIT_FAILURE);
	snprintf(path, sizeof(path), "%s/%s.%ld", directory, kind, count(directory, kind));
	file = fopen(path, "rb");
	if (!file) {
		snprintf(path, sizeof(path), "%s/%s", directory, kind);
		file = fopen(path, "rb");
	}
	if (!file) {
		*length = sizeof(missing) - 1;
		return memcpy(data, missing, *length);
	}
	*length = fread(data, 1, RESPONSE_MAX, file);
	fclose(file);
	return data;
}

static void record(const char *directory)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/requests", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fd < 0 || write(fd, request, strlen(request)) < 0)
		exit(EXIT_FAILURE);
	close(fd);
}

static int read_request(int fd)
{
	size_t length = 0;
	ssize_t n;

	while (length < REQUEST_MAX && (n = read(fd, request + length, REQUEST_MAX - length)) > 0) {
		length += (size_t)n;
		request[length] = '\0';
		/* A hello of TLS: there is none here. */
		if (request[0] == 0x16)
			return -1;
		if (strstr(request, "\r\n\r\n"))
			return 0;
	}
	return -1;
}

static void answer(int fd, const char *root)
{
	char name[256], rest[512] = "", kind[256], directory[4096], *data;
	size_t length;

	if (read_request(fd) < 0)
		return;
	if (sscanf(request, "%*s /v2/%255[^/]/%511s", name, rest) == 2)
		snprintf(kind, sizeof(kind), "%s",
			 strncmp(rest, "blobs/sha256:", 13) == 0 ? rest + 13 : strncmp(rest, "referrers/", 10) == 0 ? "referrers" : "manifest");
	else if (sscanf(request, "%*s /token/%255[^/? ]", name) == 1)
		strcpy(kind, "token");
	else if (sscanf(request, "%*s /raw/%255[^/? ]", name) == 1)
		strcpy(kind, "raw");
	else
		return;
	snprintf(directory, sizeof(directory), "%s/%s", root, name);
	record(directory);
	data = read_response(directory, kind, &length);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		size_t n = strlen(ways[i].name);

		if (length >= n && memcmp(data, ways[i].name, n) == 0) {
			ways[i].send(fd, data + n, length - n);
			break;
		}
	}
	free(data);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	if (argc != 2 || server < 0 || bind(server, (struct sockaddr *)&address, size) < 0 || listen(server, 128) < 0 ||
	    getsockname(server, (struct sockaddr *)&address, &size) < 0) {
		perror(argv[0]);
		return EXIT_FAILURE;
	}
	signal(SIGCHLD, SIG_IGN);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	while ((fd = accept(server, NULL, NULL)) >= 0 || errno == EINTR) {
		if (fd >= 0 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			alarm(PATIENCE);
			answer(fd, argv[1]);
			_exit(EXIT_SUCCESS);
		}
		close(fd);
	}
	return EXIT_FAILURE;
}
