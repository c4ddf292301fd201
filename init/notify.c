/* SPDX-License-Identifier: Apache-2.0 */
#include "init/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "init/service.h"
#include "init/spawn.h"

#define MESSAGE_MAX 4096
#define DESCRIPTORS_MAX 16		/* that come with one; BARRIER=1 has one */
#define MESSAGES_MAX 100u		/* in a WINDOW; then the others wait for the next one */
#define WINDOW 1000			/* milliseconds */

struct notify {
	struct loop_source source;
	struct loop_timer watchdog, window;
	struct service *service;
	unsigned int start;		/* which start of it the watchdog is about; 0: it rests */
	unsigned int messages;		/* in this window */
	int64_t window_end;
};

static struct notify *all;		/* one for each container; those that do not notify have no socket */

/* ------------------------------------------------------------ what it says */

static bool is_line(const char *line, size_t length, const char *text)
{
	return strlen(text) == length && memcmp(line, text, length) == 0;
}

static void take_said(const char *text, size_t length, struct notify_message *message)
{
	size_t n = 0;

	for (; n < length && n < sizeof(message->said) - 1; n++)
		message->said[n] = (unsigned char)text[n] < ' ' || text[n] == 0x7f ? '?' : text[n];
	message->said[n] = '\0';
	message->has_said = true;
}

void notify_parse(const char *text, size_t length, struct notify_message *message)
{
	static const char status[] = "STATUS=";
	const char *end = text + length;

	*message = (struct notify_message){ 0 };
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);

		if (n >= sizeof(status) - 1 && memcmp(text, status, sizeof(status) - 1) == 0)
			take_said(text + sizeof(status) - 1, n - (sizeof(status) - 1), message);
		message->ready |= is_line(text, n, "READY=1");
		message->stopping |= is_line(text, n, "STOPPING=1");
		message->alive |= is_line(text, n, "WATCHDOG=1");
		message->ill |= is_line(text, n, "WATCHDOG=trigger");
		text += n + (newline ? 1 : 0);
	}
}

static void act(struct notify *n, const struct notify_message *message)
{
	struct service *s = n->service;

	if (message->has_said)
		memcpy(s->said, message->said, sizeof(s->said));
	if (message->stopping)
		log_info("service '%s': says that it stops", s->plan->name);
	if (message->ready && s->plan->ready == PLAN_READY_NOTIFY) {
		spawn_look(s);
		service_event(s, SERVICE_IS_READY);
	}
	if (message->alive && n->start != 0)
		n->watchdog.deadline = loop_now() + s->plan->watchdog;
	if (message->ill && s->plan->watchdog && s->state == SERVICE_READY) {
		log_error("service '%s': unhealthy: it says so itself", s->plan->name);
		service_event(s, SERVICE_IS_ILL);
	}
}

/* ------------------------------------------------------------ who says it */

bool notify_is_in_cgroup(const char *text, const char *cgroup)
{
	size_t length = strlen(cgroup);
	const char *path = strstr(text, "0::/");

	if (!path || (path != text && path[-1] != '\n'))
		return false;
	path += strlen("0::/");
	return strncmp(path, cgroup, length) == 0 && (path[length] == '/' || path[length] == '\n');
}

static bool is_of_service(const struct service *s, pid_t pid)
{
	char path[64], text[1024];
	autoclose int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return notify_is_in_cgroup(text, s->plan->cgroup);
}

/*
 * The sender's number in PID 1's namespace, 0 where there is none. Descriptors that came with it are closed: that
 * is all that BARRIER=1 asks for.
 */
static pid_t read_control(struct msghdr *header)
{
	pid_t pid = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t size = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS && size == sizeof(struct ucred)) {
			struct ucred who;

			memcpy(&who, CMSG_DATA(c), sizeof(who));
			pid = who.pid;
		}
		for (size_t at = 0; c->cmsg_type == SCM_RIGHTS && at + sizeof(int) <= size; at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			(void)close(fd);
		}
	}
	return pid;
}

/* True while there may be more. */
static bool read_one(struct notify *n)
{
	union {
		struct cmsghdr aligned;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
	} control;
	char text[MESSAGE_MAX];
	struct iovec bytes = { text, sizeof(text) };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	struct notify_message message;
	ssize_t length = recvmsg(n->source.fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	pid_t pid;

	if (length < 0 && errno != EINTR && errno != EAGAIN)
		log_warning("service '%s': cannot read what it says: %s", n->service->plan->name, strerror(errno));
	if (length < 0)
		return errno == EINTR;
	pid = read_control(&header);
	if (!is_of_service(n->service, pid)) {
		log_warning("service '%s': a message from process %d, which is not one of its own", n->service->plan->name,
			    (int)pid);
		return true;
	}
	notify_parse(text, (size_t)length, &message);
	act(n, &message);
	return true;
}

/* Whoever sends more than makes sense waits, in the kernel: PID 1 is not kept busy. */
static void on_message(struct machine *machine, struct loop_source *source)
{
	struct notify *n = CONTAINER_OF(source, struct notify, source);
	int64_t now = loop_now();

	if (now >= n->window_end) {
		n->window_end = now + WINDOW;
		n->messages = 0;
	}
	while (n->messages < MESSAGES_MAX) {
		n->messages++;
		if (!read_one(n))
			return;
	}
	loop_listen(machine, source, 0);
	n->window.deadline = n->window_end;
}

static void on_window(struct machine *machine, struct loop_timer *timer)
{
	loop_listen(machine, &CONTAINER_OF(timer, struct notify, window)->source, EPOLLIN);
}

/* ------------------------------------------------------------ signs of life */

static void on_silence(struct machine *machine, struct loop_timer *timer)
{
	struct notify *n = CONTAINER_OF(timer, struct notify, watchdog);

	(void)machine;
	log_error("service '%s': unhealthy: no sign of life for %u ms", n->service->plan->name, n->service->plan->watchdog);
	service_event(n->service, SERVICE_IS_ILL);
}

void notify_advance(struct machine *machine)
{
	for (size_t i = 0; all && i < machine->plan.containers_count; i++) {
		struct notify *n = &all[i];
		bool wanted = n->service && n->service->plan->watchdog && n->service->state == SERVICE_READY;

		if (wanted && n->start == n->service->starts)
			continue;
		n->start = wanted ? n->service->starts : 0;
		n->watchdog.deadline = wanted ? loop_now() + n->service->plan->watchdog : 0;
	}
}

/* ------------------------------------------------------------ the sockets */

/* Whoever runs in the container may send, whatever its user: nobody else sees the directory. */
static int make_socket(const char *name, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autoclose int fd = -1, directory = -1;
	char path[320];
	int on = 1;

	(void)snprintf(path, sizeof(path), PLAN_NOTIFY_DIRECTORY "/%s", name);
	if (file_mkdirs(AT_FDCWD, path, 0755, err) < 0)
		return -1;
	/* The name may be longer than an address can be. */
	directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" PLAN_NOTIFY_NAME, directory);
	if (directory < 0 || fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fchmodat(directory, PLAN_NOTIFY_NAME, 0666, 0) < 0)
		return error_errno(err, "cannot make the socket of '%s'", name);
	return fd_take(&fd);
}

static int open_one(struct machine *machine, struct service *service, struct notify *n, struct error *err)
{
	n->service = service;
	n->source = (struct loop_source){ make_socket(service->plan->name, err), on_message };
	n->watchdog.due = on_silence;
	n->window.due = on_window;
	loop_add_timer(machine, &n->watchdog);
	loop_add_timer(machine, &n->window);
	return n->source.fd < 0 ? -1 : loop_watch(machine, &n->source, EPOLLIN, err);
}

int notify_open(struct machine *machine, struct arena *arena, struct error *err)
{
	all = arena_array(arena, machine->plan.containers_count + 1, sizeof(*all));
	for (size_t i = 0; i < machine->plan.containers_count; i++)
		if (plan_notifies(&machine->plan.containers[i]) && open_one(machine, &machine->services[i], &all[i], err) < 0)
			return -1;
	return 0;
}
