/* SPDX-License-Identifier: Apache-2.0 */
/* What a child of PID 1 does for a client of the control socket: its copy of PID 1's memory tells it how all is. */
#ifndef INIT_SESSION_H
#define INIT_SESSION_H

#include "base/buffer.h"
#include "control/record.h"
#include "init/init.h"

struct session_verb {
	const char *verb;
	/* In the child, which may block and allocate. Its error is the answer, or the end of it. */
	int (*run)(const struct machine *machine, int client, const struct record *request, struct error *err);
};

/* NULL where there is none of that name. */
const struct session_verb *session_find(const char *verb);

/* Makes the child. In PID 1 its number, or -1 and errno. */
pid_t session_start(struct machine *machine, int client, const struct session_verb *verb, const struct record *request);

/* ------------------------------------------------------------ for what runs in the child */

/* Sends all of it and empties the buffer; the child ends where the client has gone. */
void session_send(int client, struct buffer *out);

/* The line before everything else. */
void session_begin(int client);

/* True where the request names this container, or none. */
bool session_is_asked(const struct record *request, const char *name);

/* report.c */
int session_status(const struct machine *machine, int client, const struct record *request, struct error *err);
int session_top(const struct machine *machine, int client, const struct record *request, struct error *err);
int session_metrics(const struct machine *machine, int client, const struct record *request, struct error *err);
/* log_follow.c */
int session_logs(const struct machine *machine, int client, const struct record *request, struct error *err);
/* dmesg.c */
int session_dmesg(const struct machine *machine, int client, const struct record *request, struct error *err);
/* chart.c */
int session_bootchart(const struct machine *machine, int client, const struct record *request, struct error *err);
/* exec.c */
int session_exec(const struct machine *machine, int client, const struct record *request, struct error *err);

#endif
