// SPDX-License-Identifier: Apache-2.0
/*
 * The other side of a runtime's sockets, for spec-*.sh: `receiver terminal|seccomp|pidfd SOCKET` takes one connection.
 * terminal: the descriptor of a terminal comes; what it says goes to standard output.
 * seccomp: the container process state comes, with descriptors; prints the state, "descriptors=N end=closed", and
 * answers each notification with the error EXDEV until it is ended.
 * pidfd: a descriptor comes; the process that it means gets SIGTERM.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/seccomp.h>

enum { DESCRIPTORS_MAX = 8 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int take_connection(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	strcpy(at.sun_path, path);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 1) < 0)
		die(path);
	int connection = accept(listener, NULL, NULL);
	if (connection < 0)
		die("accept");
	return connection;
}

/* Adds the descriptors that came to `fds`. */
static ssize_t receive(int connection, char *text, size_t size, int fds[DESCRIPTORS_MAX], int *count)
{
	char control[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
	struct iovec part = { .iov_base = text, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	ssize_t n = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);

	for (struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_type != SCM_RIGHTS || *count + bytes / sizeof(int) > DESCRIPTORS_MAX)
			continue;
		memcpy(fds + *count, CMSG_DATA(c), bytes);
		*count += (int)(bytes / sizeof(int));
	}
	return n;
}

static void terminal(int connection)
{
	char text[4096];
	int fds[DESCRIPTORS_MAX], count = 0;

	if (receive(connection, text, sizeof(text), fds, &count) < 0 || count != 1) {
		fprintf(stderr, "%d descriptors came, not the one of a terminal\n", count);
		exit(1);
	}
	/* EIO when nobody has the other side open any more. */
	for (ssize_t n; (n = read(fds[0], text, sizeof(text))) > 0;)
		if (write(STDOUT_FILENO, text, (size_t)n) != n)
			die("write");
}

static void answer(int listener)
{
	struct seccomp_notif request;
	struct seccomp_notif_resp response;

	for (;;) {
		memset(&request, 0, sizeof(request));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			die("SECCOMP_IOCTL_NOTIF_RECV");
		}
		response = (struct seccomp_notif_resp){ .id = request.id, .error = -EXDEV };
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
			die("SECCOMP_IOCTL_NOTIF_SEND");
	}
}

static void seccomp(int connection)
{
	char text[65536];
	int fds[DESCRIPTORS_MAX], count = 0;
	size_t length = 0;
	ssize_t n;

	while ((n = receive(connection, text + length, sizeof(text) - length, fds, &count)) > 0)
		length += (size_t)n;
	printf("%.*s\ndescriptors=%d end=%s\n", (int)length, text, count, n == 0 ? "closed" : strerror(errno));
	fflush(stdout);
	if (count > 0)
		answer(fds[0]);
}

static void pidfd(int connection)
{
	char text[64];
	int fds[DESCRIPTORS_MAX], count = 0;

	if (receive(connection, text, sizeof(text), fds, &count) < 0 || count != 1) {
		fprintf(stderr, "%d descriptors came, not one pidfd\n", count);
		exit(1);
	}
	if (syscall(SYS_pidfd_send_signal, fds[0], SIGTERM, NULL, 0) < 0)
		die("pidfd_send_signal");
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "terminal") == 0)
		terminal(take_connection(argv[2]));
	else if (argc == 3 && strcmp(argv[1], "seccomp") == 0)
		seccomp(take_connection(argv[2]));
	else if (argc == 3 && strcmp(argv[1], "pidfd") == 0)
		pidfd(take_connection(argv[2]));
	else
		return fprintf(stderr, "usage: receiver terminal|seccomp|pidfd SOCKET\n"), 2;
	return 0;
}
