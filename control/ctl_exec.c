/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exec`: a program in a service's container, or in the machine's own namespaces, with this program's streams or terminal.
 * Behind the answer `ok` frames go both ways: the command as FRAME_ARGUMENTs and FRAME_VARIABLEs up to FRAME_START, then
 * FRAME_DATA of the three streams, up to FRAME_EXIT or FRAME_ERROR.
 */
#include "control/ctl.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "control/frame.h"

#define STATUS_FAILED 125		/* it could not be run, or its end was not seen */

struct values {
	struct ctl_options common;
	bool interactive, terminal, host;
	const char *user, *directory;
	struct option_list variables;
};

#define VALUE(field) offsetof(struct values, field)

struct session {
	struct client *client;
	struct frame_reader reader;
	bool input;			/* standard input is still to be read */
	bool ended;
	int status;
};

static const char the_machine[] = "the machine";

static int send_frame(struct session *s, enum frame_type type, uint8_t channel, const void *data, size_t length,
		      struct error *err)
{
	uint8_t out[FRAME_BYTES_MAX];

	if (length > FRAME_PAYLOAD_MAX)
		return error_set(err, "a word of more than %d bytes", FRAME_PAYLOAD_MAX);
	frame_header(out, type, channel, length);
	if (length > 0)
		memcpy(out + FRAME_HEADER, data, length);
	return file_write_all(s->client->fd, out, FRAME_HEADER + length, the_machine, err);
}

static int send_words(struct session *s, enum frame_type type, const char *const *words, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (send_frame(s, type, 0, words[i], strlen(words[i]), err) < 0)
			return -1;
	return 0;
}

/* The size of our terminal, where there is one. */
static int send_size(struct session *s, struct error *err)
{
	struct winsize size;
	uint8_t data[4];

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	frame_put16(data, size.ws_row);
	frame_put16(data + 2, size.ws_col);
	return send_frame(s, FRAME_SIZE, 0, data, sizeof(data), err);
}

static int take_output(const struct frame *frame, struct error *err)
{
	int fd = frame->channel == STDERR_FILENO ? STDERR_FILENO : STDOUT_FILENO;

	return file_write_all(fd, frame->payload, frame->length, "standard output", err);
}

static int take_frame(struct session *s, const struct frame *frame, struct error *err)
{
	switch (frame->type) {
	case FRAME_DATA:
		return take_output(frame, err);
	case FRAME_EXIT:
		s->ended = true;
		s->status = frame->length == 1 ? frame->payload[0] : STATUS_FAILED;
		return 0;
	case FRAME_ERROR:
		return error_set(err, "%.*s", (int)frame->length, (const char *)frame->payload);
	default:
		return error_set(err, "the machine sent what cannot be read");
	}
}

static int take_bytes(struct session *s, const uint8_t *data, size_t length, struct error *err)
{
	while (length > 0 && !s->ended) {
		struct frame frame;
		size_t taken;

		if (frame_read(&s->reader, data, length, &taken, &frame, err) < 0 ||
		    (frame.type != FRAME_NONE && take_frame(s, &frame, err) < 0))
			return -1;
		data += taken;
		length -= taken;
	}
	return 0;
}

static int read_machine(struct session *s, struct error *err)
{
	uint8_t data[FRAME_BYTES_MAX];
	ssize_t n = read(s->client->fd, data, sizeof(data));

	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0)
		return error_set(err, "the connection to the machine ended");
	return take_bytes(s, data, (size_t)n, err);
}

static int read_input(struct session *s, struct error *err)
{
	uint8_t data[FRAME_PAYLOAD_MAX];
	ssize_t n = read(STDIN_FILENO, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n > 0)
		return send_frame(s, FRAME_DATA, STDIN_FILENO, data, (size_t)n, err);
	s->input = false;
	return send_frame(s, FRAME_END, STDIN_FILENO, NULL, 0, err);
}

static int pass(struct session *s, int resizes, struct error *err)
{
	while (!s->ended) {
		struct pollfd fds[] = {
			{ .fd = s->client->fd, .events = POLLIN },
			{ .fd = s->input ? STDIN_FILENO : -1, .events = POLLIN },
			{ .fd = resizes, .events = POLLIN },
		};
		struct signalfd_siginfo info;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return error_errno(err, "cannot wait");
		if (fds[2].revents && read(resizes, &info, sizeof(info)) > 0 && send_size(s, err) < 0)
			return -1;
		if (fds[0].revents && read_machine(s, err) < 0)
			return -1;
		/* Its end may be why nobody takes the input any more. */
		if (!s->ended && fds[1].revents && read_input(s, err) < 0)
			return -1;
	}
	return 0;
}

static int watch_resizes(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGWINCH);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Every key is the program's. */
static bool make_raw(const struct values *v, struct termios *before)
{
	struct termios raw;

	if (!v->terminal || !v->interactive || tcgetattr(STDIN_FILENO, before) < 0)
		return false;
	raw = *before;
	cfmakeraw(&raw);
	return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static int begin(struct session *s, const struct values *v, const char *const *words, size_t count, struct error *err)
{
	if (send_words(s, FRAME_VARIABLE, v->variables.items, v->variables.count, err) < 0 ||
	    send_words(s, FRAME_ARGUMENT, words, count, err) < 0 || (v->terminal && send_size(s, err) < 0) ||
	    send_frame(s, FRAME_START, 0, NULL, 0, err) < 0)
		return -1;
	s->input = v->interactive;
	if (!s->input && send_frame(s, FRAME_END, STDIN_FILENO, NULL, 0, err) < 0)
		return -1;
	/* What came behind the answer is the first of the frames. */
	return take_bytes(s, (const uint8_t *)s->client->data + s->client->start, s->client->length, err);
}

static int run_session(const struct values *v, struct client *client, const char *const *words, size_t count,
		       struct error *err)
{
	struct session s = { .client = client };
	autoclose int resizes = v->terminal ? watch_resizes() : -1;
	struct termios before;
	bool raw;
	int r;

	(void)signal(SIGPIPE, SIG_IGN);
	raw = make_raw(v, &before);
	r = begin(&s, v, words, count, err) < 0 || pass(&s, resizes, err) < 0 ? -1 : s.status;
	if (raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	return r;
}

static int exec(void *values, const struct option_list *operands, struct error *err)
{
	const struct values *v = values;
	autobuffer struct buffer request = { 0 };
	size_t first = v->host ? 0 : 1;
	struct client *client;

	if (operands->count <= first)
		return error_set(err, "expected %sa command to run", first ? "the name of a service and " : "");
	record_begin(&request, "exec");
	if (v->host)
		record_add(&request, "host", "1");
	else
		record_add(&request, "name", operands->items[0]);
	if (v->terminal)
		record_add(&request, "terminal", "1");
	if (v->user)
		record_add(&request, "user", v->user);
	if (v->directory)
		record_add(&request, "directory", v->directory);
	record_end(&request);
	client = ctl_ask(&request, CTL_TIMEOUT, err);
	if (!client)
		return -1;
	return run_session(v, client, operands->items + first, operands->count - first, err);
}

static int exec_main(int argc, char **argv)
{
	struct values values = { 0 };

	return ctl_run(&ctl_command_exec, argc, argv, &values, exec, STATUS_FAILED);
}

static const struct option options[] = {
	{ OPTION_FLAG, 'i', "interactive", NULL, "pass standard input on", VALUE(interactive) },
	{ OPTION_FLAG, 't', "tty", NULL, "with a terminal", VALUE(terminal) },
	{ OPTION_STRING, 'u', "user", "UID[:GID]", "as this user (default: the service's)", VALUE(user) },
	{ OPTION_STRING, 'w', "workdir", "DIR", "in this directory (default: the service's)", VALUE(directory) },
	{ OPTION_LIST, 'e', "env", "NAME=VALUE", "one more variable (repeatable)", VALUE(variables) },
	{ OPTION_FLAG, 0, "host", NULL, "not in a container: where the manifest says 'control: {exec: host}'", VALUE(host) },
	OPTION_TABLE_END,
};

const struct option_command ctl_command_exec = {
	"exec", "NAME COMMAND...", "run a program in a service's container", options, 1, ~0u, true, exec_main,
};
