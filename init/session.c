/* SPDX-License-Identifier: Apache-2.0 */
#include "init/session.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/process.h"

static const struct session_verb verbs[] = {
	{ "status", session_status }, { "top", session_top }, { "metrics", session_metrics },
	{ "dmesg", session_dmesg },   { "exec", session_exec }, { "logs", session_logs },
	{ "bootchart", session_bootchart },
};

const struct session_verb *session_find(const char *verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].verb, verb) == 0)
			return &verbs[i];
	return NULL;
}

void session_send(int client, struct buffer *out)
{
	for (size_t at = 0; at < out->length;) {
		ssize_t n = send(client, out->data + at, out->length - at, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			_exit(1);
		at += (size_t)n;
	}
	out->length = 0;
}

void session_begin(int client)
{
	autobuffer struct buffer out = { 0 };

	record_begin(&out, "ok");
	record_end(&out);
	session_send(client, &out);
}

bool session_is_asked(const struct record *request, const char *name)
{
	bool any = false;

	for (size_t i = 0; i < request->count; i++) {
		if (strcmp(request->fields[i].key, "name") != 0)
			continue;
		if (strcmp(request->fields[i].value, name) == 0)
			return true;
		any = true;
	}
	return !any;
}

static void __attribute__((noreturn)) run(const struct machine *machine, int client, const struct session_verb *verb,
					  const struct record *request)
{
	autobuffer struct buffer out = { 0 };
	struct error err = { 0 };

	/* Here a client may take its time. */
	(void)fcntl(client, F_SETFL, 0);
	if (verb->run(machine, client, request, &err) < 0) {
		record_begin(&out, "error");
		record_add(&out, "text", err.message);
		record_end(&out);
		session_send(client, &out);
	}
	_exit(0);
}

pid_t session_start(struct machine *machine, int client, const struct session_verb *verb, const struct record *request)
{
	const int keep[] = { client, machine->cgroup_fd, machine->log_fd };
	pid_t pid = process_make("session", keep, ARRAY_SIZE(keep));

	if (pid == 0)
		run(machine, client, verb, request);
	return pid;
}
