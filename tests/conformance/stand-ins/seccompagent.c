// SPDX-License-Identifier: Apache-2.0
/*
 * Answers SCMP_ACT_NOTIFY for runc's suite, in place of the program of that name that comes with runc and is written in Go.
 * `seccompagent -socketfile=SOCKET [-pid-file PATH]`: a runtime connects and sends the container process state of the
 * runtime specification (JSON) and one descriptor. mkdir makes a directory whose name has '-' and the state's
 * metadata at its end; the chmods fail with ENOMEDIUM; everything else goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>

enum { LISTENERS_MAX = 64 };

struct listener {
	int fd;
	char metadata[256];
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* True when the state is one that the specification allows: a seccompFd at the place of the one descriptor. */
static int state_read(const char *text, size_t size, char metadata[256])
{
	json_t *state = json_loadb(text, size, JSON_DISABLE_EOF_CHECK, NULL);
	const char *version = json_string_value(json_object_get(state, "ociVersion"));
	json_t *fds = json_object_get(state, "fds");
	const char *name = json_string_value(json_array_get(fds, 0));
	const char *meta = json_string_value(json_object_get(state, "metadata"));
	int good = version && name && !strcmp(name, "seccompFd") && json_array_size(fds) == 1 &&
		   json_integer_value(json_object_get(state, "pid")) > 0 &&
		   json_is_object(json_object_get(state, "state")) && (!meta || !strchr(meta, '/'));

	if (good)
		snprintf(metadata, 256, "%s", meta ? meta : "");
	json_decref(state);
	return good;
}

static int receive(int server, struct listener *l)
{
	static char text[1 << 16];
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { .iov_base = text, .iov_len = sizeof(text) };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n = connection < 0 ? -1 : recvmsg(connection, &message, MSG_CMSG_CLOEXEC);

	close(connection);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&l->fd, CMSG_DATA(c), sizeof(l->fd));
	if (state_read(text, (size_t)n, l->metadata))
		return 0;
	fprintf(stderr, "not a container process state: %.*s\n", (int)n, text);
	close(l->fd);
	return -1;
}

static int read_string(pid_t pid, off_t at, char text[4096])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, text, 4095, at);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n > 0 ? 0 : -1;
}

/* In the root, or from the working directory, of whoever called. */
static int make_directory(const struct seccomp_notif *n, const char *metadata)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	char name[4096], parent[4400], place[64];

	if (read_string((pid_t)n->pid, (off_t)n->data.args[0], name) < 0)
		return -1;
	snprintf(parent, sizeof(parent), "%s-%s", name, metadata);
	snprintf(place, sizeof(place), "/proc/%u/%s", n->pid, name[0] == '/' ? "root" : "cwd");
	char *last = strrchr(parent, '/');
	if (last)
		*last++ = '\0';
	int root = open(place, O_PATH | O_CLOEXEC);
	int dir = root < 0 ? -1
			   : (int)syscall(SYS_openat2, root, !last || !*parent ? "." : parent, &how,
					  sizeof(how));
	int r = dir < 0 ? -1 : mkdirat(dir, last ? last : parent, (mode_t)n->data.args[1]);

	close(dir);
	close(root);
	return r;
}

static void answer(const struct listener *l)
{
	struct seccomp_notif n = { 0 };

	if (ioctl(l->fd, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
		return;
	struct seccomp_notif_resp response = { .id = n.id };
	switch (n.data.nr) {
	case SYS_mkdir:
		if (make_directory(&n, l->metadata) < 0)
			response.error = -ENOSYS;
		break;
	case SYS_chmod:
	case SYS_fchmod:
	case SYS_fchmodat:
		response.error = -ENOMEDIUM;
		break;
	default:
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	/* The caller may be gone by now. */
	(void)ioctl(l->fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void serve(int server)
{
	struct listener listeners[LISTENERS_MAX];
	struct pollfd fds[LISTENERS_MAX + 1] = { { .fd = server, .events = POLLIN } };
	nfds_t count = 0;

	for (;;) {
		if (poll(fds, count + 1, -1) < 0)
			die("poll");
		for (nfds_t i = count; i > 0; i--) {
			if (fds[i].revents & POLLIN) {
				answer(&listeners[i - 1]);
			} else if (fds[i].revents) {
				close(listeners[i - 1].fd);
				listeners[i - 1] = listeners[--count];
				fds[i] = fds[count + 1];
			}
		}
		if (fds[0].revents && count < LISTENERS_MAX && receive(server, &listeners[count]) == 0) {
			fds[count + 1] = (struct pollfd){ .fd = listeners[count].fd, .events = POLLIN };
			count++;
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *pid_file = NULL, *socket_file = "";

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "-socketfile=", 12))
			socket_file = argv[i] + 12;
		else if (!strcmp(argv[i], "-pid-file") && argv[i + 1])
			pid_file = argv[++i];
		else
			return 2;
	}
	if (!*socket_file || strlen(socket_file) >= sizeof(at.sun_path))
		return 2;
	strcpy(at.sun_path, socket_file);
	(void)unlink(socket_file);

	if (pid_file) {
		FILE *f = fopen(pid_file, "we");
		if (!f || fprintf(f, "%d", getpid()) < 0 || fclose(f))
			die(pid_file);
	}
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server < 0 || bind(server, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(server, 16) < 0)
		die(socket_file);
	serve(server);
}
