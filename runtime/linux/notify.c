/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/notify.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

int notify_connect(const struct oci_seccomp *config, struct seccomp_program *program, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = config->listener_path;
	autoclose int fd = -1;

	if (!program->notifies)
		return 0;
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, "linux.seccomp.listenerPath is too long: '%s'", path);
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "linux.seccomp.listenerPath: failed to connect with seccomp agent '%s'", path);
	program->agent = fd_take(&fd);
	return 0;
}

/* As the runtime's /proc knows it: this process is in the container's PID namespace. */
static int own_pid(int32_t *pid, struct error *err)
{
	char text[16];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);

	if (n < 0)
		return error_errno(err, "cannot read '/proc/self'");
	text[n] = '\0';
	*pid = (int32_t)strtol(text, NULL, 10);
	return 0;
}

int notify_describe(const struct oci_config *config, struct oci_state state, int pid, struct arena *arena,
		    struct seccomp_program *program, struct error *err)
{
	static const char *names[] = { "seccompFd" };
	struct oci_process_state s = { .oci_version = config->oci_version, .fds = { names, 1 }, .pid = pid };
	autobuffer struct buffer text = { 0 };

	if (!program->notifies)
		return 0;
	if (pid == 0 && own_pid(&s.pid, err) < 0)
		return -1;
	if (pid == 0)
		state.pid = s.pid;
	s.metadata = config->linux_.seccomp->listener_metadata;
	s.state = state;
	if (oci_process_state_write(&s, &text, err) < 0)
		return -1;
	program->message = arena_strdup(arena, buffer_string(&text));
	return 0;
}

/* ------------------------------------------------------------ two threads, of which one is filtered */

enum { LISTENER_NONE = -1, LISTENER_FAILED = -2, RESULT_NONE = -1 };

struct handover {
	const struct seccomp_program *program;
	atomic_int listener;		/* the descriptor, or LISTENER_* */
	atomic_int result;		/* 0 or an error number, or RESULT_NONE */
};

/* 0 or an error number. The descriptor goes with the first bytes. */
static int send_listener(int agent, const char *message, int listener)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec bytes = { .iov_base = (void *)(uintptr_t)message, .iov_len = strlen(message) };
	struct msghdr m = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&m);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &listener, sizeof(int));
	while (bytes.iov_len > 0) {
		ssize_t n = sendmsg(agent, &m, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		bytes.iov_base = (char *)bytes.iov_base + n;
		bytes.iov_len -= (size_t)n;
		m.msg_control = NULL;
		m.msg_controllen = 0;
	}
	return 0;
}

static void *hand_over(void *data)
{
	struct handover *h = data;
	int listener;

	while ((listener = atomic_load(&h->listener)) == LISTENER_NONE)
		(void)sched_yield();
	if (listener >= 0)
		listener = send_listener(h->program->agent, h->program->message, listener);
	/* One state a connection; whoever waits for its end has it. */
	(void)close(h->program->agent);
	atomic_store(&h->result, listener < 0 ? 0 : listener);
	return NULL;
}

/*
 * The filter may be about any call, also those that it takes to send the descriptor: the agent would have to answer
 * before it can. So the filter is for the one thread, and the other one sends. A thread, because execve(2) takes it away; a
 * process would be left behind for the program to reap. And because the first may be free to do nothing
 * else than execve(2), it waits without a system call.
 */
int notify_apply(const struct seccomp_program *program, struct error *err)
{
	struct handover h = { .program = program, .listener = LISTENER_NONE, .result = RESULT_NONE };
	pthread_t thread;
	int listener, r = program->notifies ? pthread_create(&thread, NULL, hand_over, &h) : 0;

	if (!program->notifies)
		return seccomp_apply(program, &listener, err);
	if (r)
		return error_number(err, r, "cannot make a thread to talk to the seccomp agent");
	r = seccomp_apply(program, &listener, err);
	atomic_store(&h.listener, r < 0 ? LISTENER_FAILED : listener);
	while (atomic_load(&h.result) == RESULT_NONE)
		;
	if (r == 0 && atomic_load(&h.result))
		return error_number(err, atomic_load(&h.result), "cannot send the seccomp listener to the agent");
	return r;
}
