/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent for runtime-linux.sh: `seccomp-agent SOCKET` prints what comes with each seccomp descriptor, one line each,
 * answers mkdir(2) with ENOMEDIUM, and lets all other calls continue.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int receive(int connection)
{
	char text[65536], control[CMSG_SPACE(sizeof(int))];
	struct iovec bytes = { text, sizeof(text) - 1 };
	struct msghdr m = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(connection, &m, MSG_CMSG_CLOEXEC), more;
	int fd = -1;

	if (n <= 0 || !CMSG_FIRSTHDR(&m))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	/* The sender closes it when all is sent. */
	while ((more = read(connection, text + n, sizeof(text) - 1 - (size_t)n)) > 0)
		n += more;
	text[n] = '\0';
	puts(text);
	return fd;
}

static void serve(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* Its end is that of the last process with the filter. */
	while (poll(&p, 1, -1) >= 0 && !(p.revents & POLLHUP)) {
		struct seccomp_notif call = { 0 };
		struct seccomp_notif_resp answer = { 0 };

		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			return;
		}
		answer.id = call.id;
		if (call.data.nr == SYS_mkdirat
#ifdef SYS_mkdir
		    || call.data.nr == SYS_mkdir
#endif
		)
			answer.error = -ENOMEDIUM;
		else
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		(void)ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setlinebuf(stdout);
	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 2;
	strcpy(address.sun_path, argv[1]);
	if (bind(s, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(s, 8) < 0)
		return 1;
	for (;;) {
		int connection = accept(s, NULL, NULL), fd;

		if (connection < 0)
			continue;
		fd = fork() == 0 ? receive(connection) : -1;
		if (fd >= 0) {
			serve(fd);
			_exit(0);
		}
		close(connection);
	}
}
