/* SPDX-License-Identifier: Apache-2.0 */
/* A program in a service's container, or in the machine's own namespaces, for a client: control/ctl_exec.c is the other side. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "control/frame.h"
#include "init/service.h"
#include "init/session.h"
#include "init/spawn.h"

#define WORDS_MAX 1024			/* of a command, and of its variables */
#define COMMAND_BYTES_MAX (256u << 10)
#define COMMAND_PATIENCE 30		/* seconds for all of it to come */
#define HANGUP_PATIENCE 2000		/* milliseconds from SIGHUP to SIGKILL, once the client is gone */

struct session {
	int client;
	const struct record *request;
	struct arena arena;
	struct frame_reader reader;
	const char *arguments[WORDS_MAX + 1], *variables[WORDS_MAX + 1];
	size_t arguments_count, variables_count, bytes;
	bool terminal, started, gone;
	uint16_t rows, columns;
	pid_t pid;
	int pidfd;
	int input, output, errors;	/* our ends; with a terminal the first two are its master */
	size_t pending, pending_start;	/* input that the program has not taken */
	bool input_ends;
	uint8_t in[FRAME_PAYLOAD_MAX];
};

/* ------------------------------------------------------------ to the client */

static void send_frame(struct session *s, enum frame_type type, uint8_t channel, const void *data, size_t length)
{
	uint8_t out[FRAME_BYTES_MAX];
	size_t size = FRAME_HEADER + length;

	frame_header(out, type, channel, length);
	if (length > 0)
		memcpy(out + FRAME_HEADER, data, length);
	for (size_t at = 0; at < size && !s->gone;) {
		ssize_t n = send(s->client, out + at, size - at, MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else if (errno != EINTR)
			s->gone = true;
	}
}

static void send_failure(struct session *s, const struct error *err)
{
	size_t length = strlen(err->message);

	send_frame(s, FRAME_ERROR, 0, err->message, length < FRAME_PAYLOAD_MAX ? length : FRAME_PAYLOAD_MAX);
}

/* ------------------------------------------------------------ from the client */

static int take_word(struct session *s, const struct frame *frame, const char **words, size_t *count, struct error *err)
{
	s->bytes += frame->length;
	if (s->started || *count == WORDS_MAX || s->bytes > COMMAND_BYTES_MAX)
		return error_set(err, "too many words, or words out of place");
	if (memchr(frame->payload, '\0', frame->length))
		return error_set(err, "a word with a NUL byte");
	words[(*count)++] = arena_strndup(&s->arena, (const char *)frame->payload, frame->length);
	return 0;
}

static int take_size(struct session *s, const struct frame *frame, struct error *err)
{
	struct winsize size = { 0 };

	if (frame->length != 4)
		return error_set(err, "a size that is none");
	s->rows = size.ws_row = frame_get16(frame->payload);
	s->columns = size.ws_col = frame_get16(frame->payload + 2);
	/* The kernel tells the program by SIGWINCH. */
	if (s->started && s->terminal)
		(void)ioctl(s->output, TIOCSWINSZ, &size);
	return 0;
}

static int take_input(struct session *s, const struct frame *frame, struct error *err)
{
	if (!s->started || s->pending > 0)
		return error_set(err, "input out of place");
	memcpy(s->in, frame->payload, frame->length);
	s->pending_start = 0;
	s->pending = s->input >= 0 ? frame->length : 0;
	return 0;
}

static int take_frame(struct session *s, const struct frame *frame, struct error *err)
{
	switch (frame->type) {
	case FRAME_ARGUMENT:
		return take_word(s, frame, s->arguments, &s->arguments_count, err);
	case FRAME_VARIABLE:
		return take_word(s, frame, s->variables, &s->variables_count, err);
	case FRAME_START:
		s->started = true;
		return 0;
	case FRAME_SIZE:
		return take_size(s, frame, err);
	case FRAME_DATA:
		return take_input(s, frame, err);
	case FRAME_END:
		s->input_ends = true;
		return 0;
	default:
		return error_set(err, "a frame that is not known");
	}
}

/* One frame and not a byte more than it: what is behind it waits in the socket until the program has taken its input. */
static int read_client(struct session *s, struct error *err)
{
	uint8_t data[FRAME_BYTES_MAX];
	struct frame frame;
	size_t taken;
	ssize_t n = recv(s->client, data, sizeof(data), MSG_PEEK);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0 && errno == EAGAIN)
		return error_set(err, "the command did not come within %d seconds", COMMAND_PATIENCE);
	if (n <= 0) {
		s->gone = true;
		return 0;
	}
	if (frame_read(&s->reader, data, (size_t)n, &taken, &frame, err) < 0)
		return -1;
	if (taken > 0)
		(void)recv(s->client, data, taken, 0);
	return frame.type == FRAME_NONE ? 0 : take_frame(s, &frame, err);
}

static int read_command(struct session *s, struct error *err)
{
	const struct timeval patience = { .tv_sec = COMMAND_PATIENCE }, none = { 0 };

	(void)setsockopt(s->client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (!s->started && !s->gone)
		if (read_client(s, err) < 0)
			return -1;
	(void)setsockopt(s->client, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
	if (!s->gone && s->arguments_count == 0)
		return error_set(err, "there is no command");
	return s->gone ? error_set(err, "the command did not come") : 0;
}

/* ------------------------------------------------------------ starting it */

/* The child's ends become our standard streams, which it inherits. */
static int open_streams(struct session *s, struct error *err)
{
	int in[2], out[2], errors[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	if (dup2(in[0], STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0 || dup2(errors[1], STDERR_FILENO) < 0)
		return error_errno(err, "cannot set up the standard streams");
	(void)close(in[0]);
	(void)close(out[1]);
	(void)close(errors[1]);
	s->input = in[1];
	s->output = out[0];
	s->errors = errors[0];
	return 0;
}

/* Else the ends that the program has would still be open when it has closed them. */
static void leave_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && null >= 0; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		(void)close(null);
}

static int read_id(const char **text, uint32_t *id)
{
	char *end;
	unsigned long n = strtoul(*text, &end, 10);

	if (end == *text || **text < '0' || **text > '9' || n > UINT32_MAX - 1)
		return -1;
	*id = (uint32_t)n;
	*text = end;
	return 0;
}

/* The service's own process, changed as the client says. A user's rights are not the service's user's: none stay. */
static int describe(struct session *s, struct oci_process *p, struct error *err)
{
	const char *user = record_get(s->request, "user"), *rest = user, *cwd = record_get(s->request, "directory");
	const char **env = arena_array(&s->arena, p->env.count + s->variables_count + 1, sizeof(*env));

	if (p->env.count > 0)
		memcpy(env, p->env.items, p->env.count * sizeof(*env));
	memcpy(env + p->env.count, s->variables, s->variables_count * sizeof(*env));
	p->env = (struct oci_strings){ env, p->env.count + s->variables_count };
	p->args = (struct oci_strings){ s->arguments, s->arguments_count };
	p->cwd = cwd ? cwd : p->cwd;
	p->terminal = s->terminal;
	p->has_console_size = s->rows > 0 && s->columns > 0;
	p->console_height = s->rows;
	p->console_width = s->columns;
	if (!user)
		return 0;
	if (read_id(&rest, &p->user.uid) < 0 || (*rest == ':' && (rest++, read_id(&rest, &p->user.gid) < 0)) || *rest)
		return error_set(err, "user: expected 'UID' or 'UID:GID', got '%.64s'", user);
	p->user.additional_gids_count = 0;
	return 0;
}

static const struct service *find(const struct machine *machine, const char *name, struct error *err)
{
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		const struct service *s = &machine->services[i];

		if (strcmp(s->plan->name, name) != 0 || s->plan->stage != PLAN_SERVICES)
			continue;
		if (s->pid != 0 && s->state != SERVICE_STARTING)
			return s;
		(void)error_set(err, "'%s' does not run", name);
		return NULL;
	}
	(void)error_set(err, "no service is named '%.80s'", name);
	return NULL;
}

static int start_in_service(struct session *s, const struct machine *machine, struct error *err)
{
	const char *name = record_get(s->request, "name");
	const struct service *service = name ? find(machine, name, err) : NULL;
	struct container container = { 0 };
	struct container_process made;
	struct oci_process process;
	struct container_exec_options how = { .process = &process, .foreground = true };
	struct container_enter_options options;

	if (!service)
		return name ? -1 : error_set(err, "the name of a service is missing");
	spawn_describe(service->plan, &s->arena, &options);
	if (container_entered(&options, service->pid, &s->arena, &container, err) < 0 ||
	    container_config(&container, &s->arena, err) < 0)
		return -1;
	if (!container.config->process)
		return error_set(err, "'%s' has no process to take the rest from", name);
	process = *container.config->process;
	if (describe(s, &process, err) < 0 || (!s->terminal && open_streams(s, err) < 0) ||
	    container_exec(&container, &how, &s->arena, &made, err) < 0)
		return -1;
	s->pid = made.pid;
	s->pidfd = made.pidfd;
	if (s->terminal)
		s->input = s->output = made.master;
	return 0;
}

/* In the child. */
static void __attribute__((noreturn)) become_command(struct session *s, int slave)
{
	const char *cwd = record_get(s->request, "directory");
	int failed;

	(void)setsid();
	if (slave >= 0) {
		(void)ioctl(slave, TIOCSCTTY, 0);
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			(void)dup2(slave, fd);
	}
	if (chdir(cwd ? cwd : "/") < 0)
		_exit(126);
	(void)clearenv();
	(void)putenv((char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	(void)putenv((char *)"HOME=/root");
	(void)putenv((char *)"TERM=linux");
	for (size_t i = 0; i < s->variables_count; i++)
		(void)putenv((char *)s->variables[i]);
	(void)execvp(s->arguments[0], (char **)s->arguments);
	failed = errno;
	(void)dprintf(STDERR_FILENO, "ctl: cannot run '%s': %s\n", s->arguments[0], strerror(failed));
	_exit(failed == ENOENT ? 127 : 126);
}

static int start_in_machine(struct session *s, struct error *err)
{
	struct winsize size = { .ws_row = s->rows, .ws_col = s->columns };
	int zero = 0, slave = -1;

	if (s->terminal) {
		s->input = s->output = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (s->output < 0 || ioctl(s->output, TIOCSPTLCK, &zero) < 0)
			return error_errno(err, "cannot make a terminal");
		slave = ioctl(s->output, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (slave < 0)
			return error_errno(err, "cannot make a terminal");
		(void)ioctl(s->output, TIOCSWINSZ, &size);
	} else if (open_streams(s, err) < 0) {
		return -1;
	}
	s->pid = fork();
	if (s->pid == 0)
		become_command(s, slave);
	fd_replace(&slave, -1);
	if (s->pid < 0)
		return error_errno(err, "cannot make a process");
	s->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	return 0;
}

static int start(struct session *s, const struct machine *machine, struct error *err)
{
	int r = record_get(s->request, "host") ? start_in_machine(s, err) : start_in_service(s, machine, err);

	leave_streams();
	return r;
}

/* ------------------------------------------------------------ while it runs */

/* False at its end, which is an error of a terminal that everybody has left. */
static bool pass_output(struct session *s, int fd, uint8_t channel)
{
	uint8_t data[FRAME_PAYLOAD_MAX];
	ssize_t n = read(fd, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return false;
	send_frame(s, FRAME_DATA, channel, data, (size_t)n);
	return true;
}

static void close_input(struct session *s)
{
	/* A terminal has an end of input of its own: the character for it. */
	if (s->terminal && s->input >= 0 && write(s->input, "\004", 1) < 0)
		s->gone = true;
	if (!s->terminal)
		fd_replace(&s->input, -1);
	else
		s->input = -1;
	s->pending = 0;
}

static void pass_input(struct session *s)
{
	ssize_t n = write(s->input, s->in + s->pending_start, s->pending);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		s->input_ends = true;
		s->pending = 0;
		return;
	}
	s->pending_start += (size_t)n;
	s->pending -= (size_t)n;
}

static void close_outputs(struct session *s)
{
	fd_replace(&s->output, -1);
	fd_replace(&s->errors, -1);
}

/* The client is gone: the program hears of it as from a terminal that is hung up. */
static void hang_up(struct session *s)
{
	struct pollfd p = { .fd = s->pidfd, .events = POLLIN };

	close_input(s);
	close_outputs(s);
	(void)syscall(SYS_pidfd_send_signal, s->pidfd, SIGHUP, NULL, 0);
	(void)syscall(SYS_pidfd_send_signal, s->pidfd, SIGCONT, NULL, 0);
	if (poll(&p, 1, HANGUP_PATIENCE) == 0)
		(void)syscall(SYS_pidfd_send_signal, s->pidfd, SIGKILL, NULL, 0);
}

/* What it wrote before its end is there already; who inherited its streams may go on writing, to nobody. */
static void drain(struct session *s)
{
	int fds[] = { s->output, s->errors };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		struct pollfd p = { .fd = fds[i], .events = POLLIN };

		while (fds[i] >= 0 && !s->gone && poll(&p, 1, 0) > 0)
			if (!pass_output(s, fds[i], (uint8_t)(STDOUT_FILENO + i)))
				break;
	}
}

static int turn(struct session *s, bool *ended, struct error *err)
{
	bool busy = s->pending > 0;
	struct pollfd fds[] = {
		{ .fd = s->client, .events = (short)(busy ? POLLRDHUP : POLLIN | POLLRDHUP) },
		{ .fd = busy ? s->input : -1, .events = POLLOUT },
		{ .fd = s->output, .events = POLLIN },
		{ .fd = s->errors, .events = POLLIN },
		{ .fd = s->pidfd, .events = POLLIN },
	};

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
		return error_errno(err, "cannot wait");
	*ended = fds[4].revents != 0;
	if (fds[2].revents && !pass_output(s, s->output, STDOUT_FILENO)) {
		if (s->terminal)
			s->input = -1;
		fd_replace(&s->output, -1);
	}
	if (fds[3].revents && !pass_output(s, s->errors, STDERR_FILENO))
		fd_replace(&s->errors, -1);
	if (fds[1].revents)
		pass_input(s);
	if (fds[0].revents & (POLLHUP | POLLERR) || (busy && fds[0].revents & POLLRDHUP))
		s->gone = true;
	else if (fds[0].revents & (POLLIN | POLLRDHUP) && read_client(s, err) < 0)
		return -1;
	if (s->input_ends && s->pending == 0 && s->input >= 0)
		close_input(s);
	return 0;
}

static int run(struct session *s, struct error *err)
{
	bool ended = false;
	uint8_t status;
	int wait_status, r = 0;

	(void)signal(SIGPIPE, SIG_IGN);
	if (s->input >= 0)
		(void)fcntl(s->input, F_SETFL, O_NONBLOCK);
	while (!ended && !s->gone && r == 0)
		r = turn(s, &ended, err);
	if (!ended)
		hang_up(s);
	while (waitpid(s->pid, &wait_status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for the program");
	if (r < 0)
		return -1;
	drain(s);
	status = (uint8_t)(WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
	send_frame(s, FRAME_EXIT, 0, &status, 1);
	return 0;
}

static int check_allowed(const struct machine *machine, const struct record *request, struct error *err)
{
	enum plan_control_exec allowed = machine->plan.machine.control_exec;

	if (allowed == PLAN_EXEC_NONE)
		return error_set(err, "this machine runs nothing for others: its manifest says 'control: {exec: none}'");
	if (record_get(request, "host") && allowed != PLAN_EXEC_HOST)
		return error_set(err, "this machine lets nobody in: its manifest does not say 'control: {exec: host}'");
	return 0;
}

int session_exec(const struct machine *machine, int client, const struct record *request, struct error *err)
{
	static struct session session;

	if (check_allowed(machine, request, err) < 0)
		return -1;
	session = (struct session){
		.client = client, .request = request, .terminal = record_get(request, "terminal") != NULL,
		.pidfd = -1, .input = -1, .output = -1, .errors = -1,
	};
	session_begin(client);
	if (read_command(&session, err) < 0 || start(&session, machine, err) < 0 || run(&session, err) < 0)
		send_failure(&session, err);
	return 0;
}
