/* SPDX-License-Identifier: Apache-2.0 */
/* The commands whose answer is a list of records: status, top, logs, dmesg, metrics; and those with none. */
#include "control/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "control/render.h"

struct values {
	struct ctl_options common;
	bool follow, no_wait;
	unsigned int count, interval;
	const char *since;
};

#define VALUE(field) offsetof(struct values, field)

static void begin(struct buffer *request, const char *verb, const struct option_list *names)
{
	record_begin(request, verb);
	for (size_t i = 0; i < names->count; i++)
		record_add(request, "name", names->items[i]);
}

static void put(const struct buffer *text)
{
	(void)fwrite(buffer_string(text), 1, text->length, stdout);
}

/* Each record as it comes, one object a line. */
static int print_json_lines(struct client *client, struct error *err)
{
	struct record record;
	int r;

	while ((r = client_next(client, &record, err)) == 0) {
		autobuffer struct buffer out = { 0 };

		render_json(&out, &record);
		buffer_add_string(&out, "\n");
		put(&out);
		if (fflush(stdout) != 0)
			return error_errno(err, "cannot write");
	}
	return r < 0 ? -1 : 0;
}

static int print_json_array(struct client *client, struct error *err)
{
	autobuffer struct buffer out = { 0 };
	struct record record;
	int r;

	while ((r = client_next(client, &record, err)) == 0) {
		buffer_add_string(&out, out.length ? ",\n " : "[");
		render_json(&out, &record);
	}
	buffer_add_string(&out, out.length ? "]\n" : "[]\n");
	if (r < 0)
		return -1;
	put(&out);
	return 0;
}

static int print_table(struct client *client, const struct render_column *columns, bool clear, struct error *err)
{
	struct render_table table = { .columns = columns };
	struct record record;
	int r;

	while ((r = client_next(client, &record, err)) == 0)
		render_table_add(&table, &record);
	if (r > 0 && clear)
		printf("\033[H\033[J");
	if (r > 0)
		render_table_print(&table);
	render_table_release(&table);
	return r < 0 ? -1 : 0;
}

/* ------------------------------------------------------------ status */

static const struct render_column status_columns[] = {
	{ "NAME", "name", RENDER_TEXT, false },     { "STATE", "state", RENDER_TEXT, false },
	{ "SINCE", "for_ms", RENDER_AGE, true },    { "PID", "pid", RENDER_TEXT, true },
	{ "RESTARTS", "restarts", RENDER_TEXT, true }, { "EXIT", "exit", RENDER_TEXT, true },
	{ "HEALTH", "health", RENDER_TEXT, false }, { "MEMORY", "memory", RENDER_BYTES, true },
	{ "SAYS", "said", RENDER_TEXT, false }, { "WHY", "why", RENDER_TEXT, false },
	{ 0 },
};

static int status(void *values, const struct option_list *names, struct error *err)
{
	const struct values *v = values;
	autobuffer struct buffer request = { 0 };
	struct client *client;

	begin(&request, "status", names);
	record_end(&request);
	client = ctl_ask(&request, CTL_TIMEOUT, err);
	if (!client)
		return -1;
	return v->common.json ? print_json_array(client, err) : print_table(client, status_columns, false, err);
}

static int status_main(int argc, char **argv)
{
	struct values values = { 0 };

	return ctl_run(&ctl_command_status, argc, argv, &values, status, EXIT_FAILURE);
}

static const struct option plain_options[] = { CTL_OPTION_JSON, OPTION_TABLE_END };

const struct option_command ctl_command_status = {
	"status", "[NAME...]", "what the services do, and since when", plain_options, 0, ~0u, false, status_main,
};

/* ------------------------------------------------------------ top */

static const struct render_column top_columns[] = {
	{ "NAME", "name", RENDER_TEXT, false },       { "CPU%", "cpu_permille", RENDER_PERCENT, true },
	{ "MEMORY", "memory", RENDER_BYTES, true },   { "PEAK", "memory_peak", RENDER_BYTES, true },
	{ "LIMIT", "memory_max", RENDER_BYTES, true }, { "READ", "read_bytes", RENDER_BYTES, true },
	{ "WRITTEN", "written_bytes", RENDER_BYTES, true }, { "TASKS", "tasks", RENDER_TEXT, true },
	{ "OOM", "oom_kills", RENDER_TEXT, true },    { 0 },
};

static int top(void *values, const struct option_list *names, struct error *err)
{
	const struct values *v = values;
	bool screen = isatty(STDOUT_FILENO) && !v->common.json;

	for (unsigned int i = 0; v->count == 0 || i < v->count; i++) {
		autobuffer struct buffer request = { 0 };
		struct client *client;

		if (i > 0)
			(void)sleep(v->interval ? v->interval : 1);
		begin(&request, "top", names);
		record_end(&request);
		client = ctl_ask(&request, CTL_TIMEOUT, err);
		if (!client || (v->common.json ? print_json_array(client, err) :
						 print_table(client, top_columns, screen && v->count != 1, err)) < 0)
			return -1;
		(void)fflush(stdout);
	}
	return 0;
}

static int top_main(int argc, char **argv)
{
	struct values values = { .interval = 2 };

	return ctl_run(&ctl_command_top, argc, argv, &values, top, EXIT_FAILURE);
}

static const struct option top_options[] = {
	CTL_OPTION_JSON,
	{ OPTION_UNSIGNED, 'n', "count", "N", "so many times, then end (default: until interrupted)", VALUE(count) },
	{ OPTION_UNSIGNED, 'i', "interval", "SECONDS", "between two (default 2)", VALUE(interval) },
	OPTION_TABLE_END,
};

const struct option_command ctl_command_top = {
	"top", "[NAME...]", "what the services use: processor, memory, disks", top_options, 0, ~0u, false, top_main,
};

/* ------------------------------------------------------------ logs and dmesg */

static void print_line(const struct record *record, bool names)
{
	autobuffer struct buffer out = { 0 };
	const char *name = record_get(record, "name"), *text = record_get(record, "text");
	char at[RENDER_TIME_MAX] = "-";
	int64_t n;

	if (record_number(record, "realtime_us", &n))
		render_time(n, at);
	buffer_printf(&out, "%s ", at);
	if (names)
		render_clean(&out, name ? name : "-");
	buffer_add_string(&out, names ? ": " : "");
	if (strcmp(record->kind, "dropped") == 0)
		buffer_printf(&out, "(%s lines dropped)", record_number(record, "lines", &n) ? record_get(record, "lines") : "some");
	else if (text && isatty(STDOUT_FILENO))
		render_clean(&out, text);
	else
		buffer_add_string(&out, text ? text : "");
	buffer_add_string(&out, "\n");
	put(&out);
	(void)fflush(stdout);
}

static int print_lines(struct client *client, bool json, bool names, struct error *err)
{
	struct record record;
	int r;

	if (json)
		return print_json_lines(client, err);
	while ((r = client_next(client, &record, err)) == 0)
		print_line(&record, names);
	return r < 0 ? -1 : 0;
}

/* "10m" ago, or a time as it is printed, as microseconds since 1970. */
static int read_since(const char *text, int64_t *since, struct error *err)
{
	static const struct { char unit; int64_t seconds; } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	struct tm tm = { 0 };
	const char *rest;
	char *end;
	long n;

	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest) {
		double fraction = *rest == '.' ? strtod(rest, &end) : 0;

		*since = (int64_t)timegm(&tm) * 1000000 + (int64_t)(fraction * 1e6);
		return 0;
	}
	n = strtol(text, &end, 10);
	for (size_t i = 0; i < ARRAY_SIZE(units) && n >= 0 && n < 100000000 && end > text; i++)
		if (*end == units[i].unit && !end[1]) {
			*since = -n * units[i].seconds * 1000000;
			return 0;
		}
	return error_set(err, "option '--since': expected a time such as '10m' or '2026-11-25T22:48:51', got '%s'", text);
}

static int logs(void *values, const struct option_list *names, struct error *err)
{
	const struct values *v = values;
	autobuffer struct buffer request = { 0 };
	struct client *client;
	int64_t since = 0;

	if (v->since && read_since(v->since, &since, err) < 0)
		return -1;
	begin(&request, "logs", names);
	if (v->count > 0)
		record_add_number(&request, "lines", v->count);
	/* What is so long ago is counted from the machine's clock, which may not be ours. */
	if (v->since)
		record_add_number(&request, since < 0 ? "ago_us" : "since_us", since < 0 ? -since : since);
	if (v->follow)
		record_add(&request, "follow", "1");
	record_end(&request);
	client = ctl_ask(&request, CTL_TIMEOUT, err);
	return client ? print_lines(client, v->common.json, names->count != 1, err) : -1;
}

static int logs_main(int argc, char **argv)
{
	struct values values = { 0 };

	return ctl_run(&ctl_command_logs, argc, argv, &values, logs, EXIT_FAILURE);
}

static const struct option logs_options[] = {
	CTL_OPTION_JSON,
	{ OPTION_FLAG, 'f', "follow", NULL, "go on with what comes", VALUE(follow) },
	{ OPTION_UNSIGNED, 'n', "lines", "N", "only the last N", VALUE(count) },
	{ OPTION_STRING, 0, "since", "TIME", "from a time on: 10m ago, or 2026-11-25T22:48:51", VALUE(since) },
	OPTION_TABLE_END,
};

const struct option_command ctl_command_logs = {
	"logs", "[NAME...]", "what services wrote, the kernel ('kernel') and PID 1 ('init')", logs_options, 0, ~0u, false,
	logs_main,
};

static int dmesg(void *values, const struct option_list *names, struct error *err)
{
	const struct values *v = values;
	autobuffer struct buffer request = { 0 };
	struct client *client;

	begin(&request, "dmesg", names);
	record_end(&request);
	client = ctl_ask(&request, CTL_TIMEOUT, err);
	return client ? print_lines(client, v->common.json, false, err) : -1;
}

static int dmesg_main(int argc, char **argv)
{
	struct values values = { 0 };

	return ctl_run(&ctl_command_dmesg, argc, argv, &values, dmesg, EXIT_FAILURE);
}

const struct option_command ctl_command_dmesg = {
	"dmesg", "", "the kernel's own buffer of messages", plain_options, 0, 0, false, dmesg_main,
};

/* ------------------------------------------------------------ metrics */

static int metrics(void *values, const struct option_list *names, struct error *err)
{
	const struct values *v = values;
	autobuffer struct buffer request = { 0 }, out = { 0 };
	char before[128] = "";
	struct client *client;
	struct record record;
	int r;

	begin(&request, "metrics", names);
	record_end(&request);
	client = ctl_ask(&request, CTL_TIMEOUT, err);
	if (!client)
		return -1;
	if (v->common.json)
		return print_json_array(client, err);
	while ((r = client_next(client, &record, err)) == 0) {
		const char *name = record_get(&record, "metric");

		render_metric(&out, &record, before);
		(void)snprintf(before, sizeof(before), "%s", name ? name : "");
	}
	if (r > 0)
		put(&out);
	return r < 0 ? -1 : 0;
}

static int metrics_main(int argc, char **argv)
{
	struct values values = { 0 };

	return ctl_run(&ctl_command_metrics, argc, argv, &values, metrics, EXIT_FAILURE);
}

const struct option_command ctl_command_metrics = {
	"metrics", "", "numbers for Prometheus", plain_options, 0, 0, false, metrics_main,
};

/* ------------------------------------------------------------ orders */

static int order(const struct values *v, const char *verb, const struct option_list *names, struct error *err)
{
	autobuffer struct buffer request = { 0 };

	begin(&request, verb, names);
	if (v->no_wait)
		record_add(&request, "no_wait", "1");
	record_end(&request);
	if (!ctl_ask(&request, names->count > 0 && !v->no_wait ? 0 : CTL_TIMEOUT, err))
		return -1;
	if (v->common.json)
		printf("{\"ok\":true}\n");
	return 0;
}

static int run_order(const struct option_command *command, int argc, char **argv,
		     int (*run)(void *values, const struct option_list *names, struct error *err))
{
	struct values values = { 0 };

	return ctl_run(command, argc, argv, &values, run, EXIT_FAILURE);
}

#define ORDER(verb, summary_, operands_, least, options_)                                                            \
	static int verb(void *values, const struct option_list *names, struct error *err)                          \
	{                                                                                                          \
		return order(values, #verb, names, err);                                                           \
	}                                                                                                          \
	static int verb##_main(int argc, char **argv)                                                              \
	{                                                                                                          \
		return run_order(&ctl_command_##verb, argc, argv, verb);                                           \
	}                                                                                                          \
	const struct option_command ctl_command_##verb = {                                                         \
		#verb, operands_, summary_, options_, least, least, false, verb##_main,                            \
	};

static const struct option order_options[] = {
	CTL_OPTION_JSON,
	{ OPTION_FLAG, 0, "no-wait", NULL, "do not wait until it is done", VALUE(no_wait) },
	OPTION_TABLE_END,
};

ORDER(start, "start a service, and wait until it is ready", "NAME", 1, order_options)
ORDER(stop, "stop a service, and wait until it is at rest", "NAME", 1, order_options)
ORDER(restart, "stop a service and start it again", "NAME", 1, order_options)
ORDER(poweroff, "shut the machine down in order, and switch it off", "", 0, plain_options)
ORDER(reboot, "shut the machine down in order, and start it again", "", 0, plain_options)
