// SPDX-License-Identifier: Apache-2.0
/*
 * Takes the terminals that a runtime sends to --console-socket, for runc's suite, in place of the program of that name
 * that comes with runc and is written in Go. `recvtty [--mode null|single] [--no-stdin] [--pid-file PATH] SOCKET`:
 * null reads any number of terminals and throws away what they say; single copies one of them to standard output
 * (and never reads standard input: the suite wants it only with --no-stdin).
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

enum { TERMINALS_MAX = 256 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	strcpy(at.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 64) < 0)
		die(path);
	return fd;
}

/* The terminal of one connection, or -1 when it brought none: its sender hears of that by the connection's end. */
static int receive_terminal(int listener)
{
	char name[4096], control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { .iov_base = name, .iov_len = sizeof(name) };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int fd = -1, connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (connection < 0)
		return -1;
	if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) > 0) {
		const struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	}
	close(connection);
	return fd;
}

static int single(int listener)
{
	struct termios t;
	char bytes[4096];
	ssize_t n;
	int fd = receive_terminal(listener);

	if (fd < 0)
		die("terminal");
	close(listener);
	/* As runc's does: lines end in \n and not in \r\n. */
	if (tcgetattr(fd, &t) == 0) {
		t.c_oflag &= ~(tcflag_t)ONLCR;
		(void)tcsetattr(fd, TCSANOW, &t);
	}
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		if (write(STDOUT_FILENO, bytes, (size_t)n) != n)
			die("standard output");
	return 0;
}

/* [0] is the listener; a terminal stays until its other side is gone. */
static _Noreturn void throw_away(int listener)
{
	struct pollfd fds[TERMINALS_MAX] = { { .fd = listener, .events = POLLIN } };
	nfds_t count = 1;
	char bytes[4096];

	for (;;) {
		if (poll(fds, count, -1) < 0)
			die("poll");
		for (nfds_t i = count - 1; i > 0; i--) {
			if (!fds[i].revents || read(fds[i].fd, bytes, sizeof(bytes)) > 0)
				continue;
			close(fds[i].fd);
			fds[i] = fds[--count];
		}
		if (fds[0].revents && count < TERMINALS_MAX) {
			int fd = receive_terminal(listener);
			if (fd >= 0)
				fds[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		}
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "mode", required_argument, NULL, 'm' },
		{ "pid-file", required_argument, NULL, 'p' },
		{ "no-stdin", no_argument, NULL, 'n' },
		{ 0 },
	};
	const char *mode = "single", *pid_file = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "m:", options, NULL)) != -1) {
		if (c == 'm')
			mode = optarg;
		else if (c == 'p')
			pid_file = optarg;
		else if (c != 'n')
			return 2;
	}
	if (optind + 1 != argc || (strcmp(mode, "null") && strcmp(mode, "single")))
		return 2;

	if (pid_file) {
		FILE *f = fopen(pid_file, "we");
		if (!f || fprintf(f, "%d\n", getpid()) < 0 || fclose(f))
			die(pid_file);
	}
	int listener = listen_at(argv[optind]);
	if (!strcmp(mode, "null"))
		throw_away(listener);
	return single(listener);
}
