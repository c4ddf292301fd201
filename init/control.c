/* SPDX-License-Identifier: Apache-2.0 */
#include "init/control.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "control/client.h"
#include "control/relay.h"
#include "init/host.h"
#include "init/process.h"
#include "init/sequence.h"
#include "init/service.h"
#include "init/session.h"

#define BACKLOG 8
#define ANSWER_MAX 1200			/* bytes: an error's text, and what is escaped in it */

/* A connection from its beginning to its answer. */
struct connection {
	struct loop_source source;
	struct loop_timer limit;	/* the request must be there by then */
	struct service *service;	/* an order that is being carried out; NULL: the request is still to come */
	bool stops;			/* the order was to stop */
	enum { BOOT_OF_NO_INTEREST, BOOT_AWAITED, BOOT_TOLD } boot;	/* it waits for the end of the boot, or did */
	size_t length;
	char line[CONTROL_REQUEST_MAX];
};

static struct connection connections[CONTROL_CONNECTIONS];
static struct loop_child sessions[CONTROL_SESSIONS];
static struct loop_source unix_socket = { -1, NULL }, vsock = { -1, NULL };

/* ------------------------------------------------------------ answers */

/* Never blocks: what does not fit into the empty buffer of a socket is not for us to keep. */
static void answer(struct connection *c, const char *text, size_t length)
{
	(void)send(c->source.fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void drop(struct machine *machine, struct connection *c)
{
	loop_forget(machine, &c->source);
	c->limit.deadline = 0;
	c->service = NULL;
	c->boot = BOOT_OF_NO_INTEREST;
	c->length = 0;
}

static void succeed(struct machine *machine, struct connection *c)
{
	answer(c, "ok\n", 3);
	drop(machine, c);
}

/* Escapes as control/record.h has them, without its buffer, which allocates. */
static void refuse(struct machine *machine, struct connection *c, const struct error *err)
{
	char text[ANSWER_MAX] = "error text=";
	size_t length = strlen(text);

	for (const char *from = err->message; *from && length < sizeof(text) - 5; from++) {
		unsigned char byte = (unsigned char)*from;

		if (byte <= 0x20 || byte == 0x7f || byte == '%')
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%%%02X", byte);
		else
			text[length++] = *from;
	}
	text[length++] = '\n';
	answer(c, text, length);
	drop(machine, c);
}

/* ------------------------------------------------------------ orders */

static struct service *find_service(struct machine *machine, const struct record *request, struct error *err)
{
	const char *name = record_get(request, "name");

	for (size_t i = 0; name && i < machine->plan.containers_count; i++)
		if (machine->plan.containers[i].stage == PLAN_SERVICES && strcmp(machine->plan.containers[i].name, name) == 0)
			return &machine->services[i];
	if (name)
		(void)error_set(err, "no service is named '%.80s'", name);
	else
		(void)error_set(err, "the name of a service is missing");
	return NULL;
}

static bool wants_no_wait(const struct record *request)
{
	return record_get(request, "no_wait") != NULL;
}

/* The event is given; unless it is done at once the client is told later. */
static int order(struct machine *machine, struct connection *c, const struct record *request, enum service_event event,
		 struct error *err)
{
	struct service *service = find_service(machine, request, err);

	if (!service)
		return -1;
	if (!sequence_runs_services())
		return error_set(err, "'%s': services are not started and stopped now", service->plan->name);
	log_info("service '%s': %s, as asked", service->plan->name,
		 event == SERVICE_START ? "start" : event == SERVICE_STOP ? "stop" : "restart");
	service_event(service, event);
	if (wants_no_wait(request)) {
		succeed(machine, c);
		return 0;
	}
	c->service = service;
	c->stops = event == SERVICE_STOP;
	c->limit.deadline = 0;
	return 0;
}

static int order_start(struct machine *machine, struct connection *c, const struct record *request, struct error *err)
{
	return order(machine, c, request, SERVICE_START, err);
}

static int order_stop_one(struct machine *machine, struct connection *c, const struct record *request, struct error *err)
{
	return order(machine, c, request, SERVICE_STOP, err);
}

static int order_restart(struct machine *machine, struct connection *c, const struct record *request, struct error *err)
{
	return order(machine, c, request, SERVICE_RESTART, err);
}

static int order_poweroff(struct machine *machine, struct connection *c, const struct record *request, struct error *err)
{
	(void)request;
	(void)err;
	succeed(machine, c);
	sequence_shutdown(machine, END_POWEROFF, 0, "asked by control");
	return 0;
}

static int order_reboot(struct machine *machine, struct connection *c, const struct record *request, struct error *err)
{
	(void)request;
	(void)err;
	succeed(machine, c);
	sequence_shutdown(machine, END_REBOOT, 0, "asked by control");
	return 0;
}

/* Answered by control_advance(). Where the machine ends already it is not held up. */
static int order_await_boot(struct machine *machine, struct connection *c, const struct record *request, struct error *err)
{
	(void)request;
	(void)err;
	if (sequence_booted(machine) && !sequence_runs_services()) {
		succeed(machine, c);
		return 0;
	}
	c->boot = BOOT_AWAITED;
	c->limit.deadline = 0;
	return 0;
}

/* The connection stays: as long as it does, the client looks at what was. */
static void tell_boot(struct connection *c)
{
	answer(c, "ok\n", 3);
	c->boot = BOOT_TOLD;
	c->limit.deadline = loop_now() + CONTROL_HEARING;
}

bool control_is_heard(void)
{
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		if (connections[i].boot != BOOT_OF_NO_INTEREST)
			return true;
	return false;
}

/* Has the order come to something? -1 with the cause where that is not what was wanted. */
static int order_done(const struct connection *c, bool *done, struct error *err)
{
	const struct service *s = c->service;

	*done = c->stops ? service_at_rest(s) : s->state == SERVICE_READY || service_at_rest(s);
	if (c->stops || s->state == SERVICE_READY || s->state == SERVICE_DONE)
		return 0;
	if (s->state == SERVICE_FAILED) {
		service_cause(s, err);
		return -1;
	}
	if (s->state == SERVICE_BACKING_OFF)
		return error_set(err, "'%s' ended with status %d, and will be started again", s->plan->name, s->exit_status);
	return 0;
}

void control_advance(struct machine *machine)
{
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++) {
		struct connection *c = &connections[i];
		struct error err = { 0 };
		bool done;

		if (c->boot == BOOT_AWAITED && sequence_booted(machine))
			tell_boot(c);
		if (!c->service)
			continue;
		if (order_done(c, &done, &err) < 0)
			refuse(machine, c, &err);
		else if (done)
			succeed(machine, c);
	}
}

/* ------------------------------------------------------------ sessions */

static void session_ended(struct machine *machine, struct loop_child *child, int wait_status)
{
	(void)machine;
	(void)child;
	(void)wait_status;
}

static int start_session(struct machine *machine, struct connection *c, const struct record *request,
			 const struct session_verb *verb, struct error *err)
{
	size_t i = 0;
	pid_t pid;

	while (i < CONTROL_SESSIONS && sessions[i].pid != 0)
		i++;
	if (i == CONTROL_SESSIONS)
		return error_set(err, "%d sessions run already", CONTROL_SESSIONS);
	pid = session_start(machine, c->source.fd, verb, request);
	if (pid < 0)
		return error_errno(err, "cannot make a process");
	sessions[i].pid = pid;
	drop(machine, c);
	return 0;
}

/* ------------------------------------------------------------ requests */

static const struct {
	const char *verb;
	int (*run)(struct machine *machine, struct connection *c, const struct record *request, struct error *err);
} orders[] = {
	{ "start", order_start },       { "stop", order_stop_one }, { "restart", order_restart },
	{ "poweroff", order_poweroff }, { "reboot", order_reboot },     { "await_boot", order_await_boot },
};

/* The answer is the order's own business, unless it fails. */
static int run_request(struct machine *machine, struct connection *c, const struct record *request, struct error *err)
{
	const struct session_verb *verb = session_find(request->kind);

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (strcmp(orders[i].verb, request->kind) == 0)
			return orders[i].run(machine, c, request, err);
	if (!verb)
		return error_set(err, "unknown request '%.40s'", request->kind);
	return start_session(machine, c, request, verb, err);
}

static void take_request(struct machine *machine, struct connection *c)
{
	struct record request;
	struct error err = { 0 };

	if (record_parse(c->line, &request, &err) < 0 || run_request(machine, c, &request, &err) < 0)
		refuse(machine, c, &err);
}

/* Only the line is taken: what comes behind it is for the child that takes the connection over. */
static void read_request(struct machine *machine, struct loop_source *source)
{
	struct connection *c = CONTAINER_OF(source, struct connection, source);
	size_t room = sizeof(c->line) - c->length;
	ssize_t n;
	char *end;

	/* Whoever waits has nothing to say but that it does not wait any more. */
	if (c->service || c->boot != BOOT_OF_NO_INTEREST) {
		drop(machine, c);
		return;
	}
	n = recv(source->fd, c->line + c->length, room, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	end = n > 0 ? memchr(c->line + c->length, '\n', (size_t)n) : NULL;
	if (n <= 0 || (!end && (size_t)n == room)) {
		drop(machine, c);
		return;
	}
	if (end)
		n = end + 1 - (c->line + c->length);
	n = recv(source->fd, c->line + c->length, (size_t)n, MSG_DONTWAIT);
	if (n <= 0 || memchr(c->line + c->length, '\0', (size_t)n)) {
		drop(machine, c);
		return;
	}
	c->length += (size_t)n;
	if (!end)
		return;
	*end = '\0';
	take_request(machine, c);
}

static void patience_ended(struct machine *machine, struct loop_timer *timer)
{
	drop(machine, CONTAINER_OF(timer, struct connection, limit));
}

/* ------------------------------------------------------------ sockets */

/* The vsock port is the host's: containers that can make such a socket come from another number. */
static bool is_welcome(int fd)
{
	struct sockaddr_vm peer;
	socklen_t length = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &length) < 0)
		return false;
	return peer.svm_family != AF_VSOCK || peer.svm_cid == VMADDR_CID_HOST;
}

static struct connection *find_free(void)
{
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		if (connections[i].source.fd < 0)
			return &connections[i];
	return NULL;
}

/* One at a time: the loop comes again. Where there is no room it is taken and dropped, so that PID 1 can sleep. */
static void accept_one(struct machine *machine, struct loop_source *source)
{
	autoclose int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *c = find_free();
	struct error err;

	if (fd < 0 || !c || !is_welcome(fd))
		return;
	c->source.fd = fd_take(&fd);
	c->limit.deadline = loop_now() + CONTROL_PATIENCE;
	if (loop_watch(machine, &c->source, EPOLLIN | EPOLLRDHUP, &err) < 0)
		drop(machine, c);
}

static int open_unix(struct machine *machine, struct error *err)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = CONTROL_SOCKET };
	mode_t mask = umask(0177);
	int r = -1;

	(void)unlink(CONTROL_SOCKET);
	unix_socket = (struct loop_source){ socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), accept_one };
	if (unix_socket.fd >= 0 && bind(unix_socket.fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		r = listen(unix_socket.fd, BACKLOG);
	(void)umask(mask);
	if (r < 0)
		return error_errno(err, "cannot open '%s'", CONTROL_SOCKET);
	return loop_watch(machine, &unix_socket, EPOLLIN, err);
}

static int open_vsock(struct machine *machine, struct error *err)
{
	struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = CONTROL_VSOCK_PORT };

	vsock = (struct loop_source){ socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), accept_one };
	if (vsock.fd < 0 || bind(vsock.fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(vsock.fd, BACKLOG) < 0)
		return error_errno(err, "cannot open the vsock port %u", CONTROL_VSOCK_PORT);
	return loop_watch(machine, &vsock, EPOLLIN, err);
}

/* ------------------------------------------------------------ the port */

static int dial(void)
{
	struct error ignored;

	return client_connect_unix(CONTROL_SOCKET, &ignored);
}

static pid_t start_relay(struct machine *machine, struct helper *helper, struct error *err)
{
	autoclose int port = host_port_open(CONTROL_PORT_NAME);
	pid_t pid;

	(void)machine;
	if (port < 0)
		return 0;
	pid = process_make(helper->name, &port, 1);
	if (pid == 0) {
		(void)relay_guest(port, dial, err);
		_exit(1);
	}
	return pid < 0 ? error_errno(err, "cannot start the process of the control port") : pid;
}

static struct helper relay = { .name = "control", .start = start_relay };

void control_look_for_port(struct machine *machine)
{
	struct error err = { 0 };

	if (unix_socket.fd >= 0 && helper_start(machine, &relay, &err) < 0)
		log_error("%s", err.message);
}

int control_open(struct machine *machine, struct error *err)
{
	struct error vsock_err = { 0 };

	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++) {
		connections[i].source = (struct loop_source){ -1, read_request };
		connections[i].limit.due = patience_ended;
		loop_add_timer(machine, &connections[i].limit);
	}
	for (size_t i = 0; i < CONTROL_SESSIONS; i++) {
		sessions[i].reaped = session_ended;
		loop_add_child(machine, &sessions[i]);
	}
	helper_open(machine, &relay);
	if (file_mkdirs(AT_FDCWD, "/run/slipway", 0755, err) < 0 || open_unix(machine, err) < 0)
		return -1;
	if (machine->plan.machine.control_vsock && open_vsock(machine, &vsock_err) < 0)
		log_warning("control: %s", vsock_err.message);
	return 0;
}

void control_close(void)
{
	for (size_t i = 0; i < CONTROL_SESSIONS; i++)
		if (sessions[i].pid != 0)
			(void)kill(sessions[i].pid, SIGKILL);
	if (relay.child.pid != 0)
		(void)kill(relay.child.pid, SIGKILL);
}
