/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway bootchart`: what a machine did while it booted, as text, JSON and a picture. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "control/client.h"
#include "oci/json.h"
#include "tools/slipway/bootchart_fetch.h"
#include "tools/slipway/cluster.h"
#include "tools/slipway/command.h"
#include "tools/slipway/console.h"
#include "tools/slipway/machines.h"

#define PATIENCE 300u			/* seconds */

struct bootchart_options {
	struct vm_options vm;
	struct builder_options builder;
	const char *store, *format, *pull, *log;
	const char *name, *socket, *from;	/* a machine that runs; a file */
	unsigned int vsock, timeout;
	const char *svg;
	bool json;
};

#define AT(member) offsetof(struct bootchart_options, member)

static const struct option bootchart_option_table[] = {
	{ OPTION_FLAG, 0, "json", NULL, "for programs", AT(json) },
	{ OPTION_STRING, 0, "svg", "FILE", "also draw a picture there; '-' is standard output, and then it is the only output", AT(svg) },
	{ OPTION_STRING, 0, "from", "FILE", "the chart that --json wrote before; '-' is standard input", AT(from) },
	{ OPTION_STRING, 0, "name", "NAME", "a machine that runs, by what 'slipway run' was given (default: the only one)", AT(name) },
	{ OPTION_STRING, 0, "socket", "PATH", "a machine that runs, by a socket that leads to its control", AT(socket) },
	{ OPTION_UNSIGNED, 0, "vsock", "CID", "a machine that runs, by its vsock number", AT(vsock) },
	{ OPTION_UNSIGNED, 0, "timeout", "SECONDS", "wait so long for the services to be ready (default 300), then show what there is", AT(timeout) },
	{ OPTION_STRING, 0, "log", "FILE", "of what is booted, keep the console there", AT(log) },
	VM_OPTION_ROWS(struct bootchart_options),
	{ OPTION_LIST, 0, "disk", "FILE[,size=N]", "add a disk, made if it is not there (repeatable)", AT(vm.disks) },
	{ OPTION_STRING, 'f', "format", "FORMAT", "of what is built first (default kernel+squashfs)", AT(format) },
	BUILDER_OPTIONS(struct bootchart_options),
	PULL_OPTION_ROW(struct bootchart_options, pull),
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	OPTION_TABLE_END,
};

/* ------------------------------------------------------------ where it comes from */

static int dial_socket(const void *path, struct error *err)
{
	return client_connect_unix(path, err);
}

static int dial_vsock(const void *cid, struct error *err)
{
	return client_connect_vsock(*(const unsigned int *)cid, err);
}

static int dial_name(const void *name, struct error *err)
{
	return machine_connect(name, err);
}

static int ask(const struct bootchart_options *o, struct arena *arena, struct chart *chart, struct error *err)
{
	struct bootchart_machine machine = { .dial = dial_name, .context = o->name, .patience = o->timeout };

	if (o->socket)
		machine.dial = dial_socket, machine.context = o->socket;
	else if (o->vsock)
		machine.dial = dial_vsock, machine.context = &o->vsock;
	return bootchart_fetch(&machine, arena, chart, err);
}

static int read_file(const char *path, struct arena *arena, struct chart *chart, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	bool standard = strcmp(path, "-") == 0;

	if ((standard ? file_read_fd(STDIN_FILENO, "standard input", CHART_BYTES_MAX, &text, err) :
			file_read(AT_FDCWD, path, CHART_BYTES_MAX, &text, err)) < 0)
		return -1;
	if (chart_read_json(buffer_string(&text), text.length, arena, chart, err) < 0)
		return error_context(err, "%s", standard ? "standard input" : path);
	return 0;
}

/* They need each other: it is for `slipway run` to start them together. */
static int check_alone(const char *operand, struct arena *arena, struct error *err)
{
	struct manifest_machines machines = { 0 };

	if (cluster_read_operand(operand, arena, &machines, err) < 0)
		return -1;
	if (machines.count)
		return error_set(err, "'%s' is of several machines; start them with 'slipway run', and ask one of them with --name", operand);
	return 0;
}

static int boot(const char *operand, const struct bootchart_options *o, struct arena *arena, struct chart *chart, int *status,
		struct error *err)
{
	struct build_options how = { .format = o->format, .platform = o->vm.platform, .store = o->store, .builder = o->builder, .pull = o->pull };
	struct qemu_vm vm = { .log = o->log };
	const char *prefix, *name = machine_name(operand, arena);

	if (o->timeout == 0)
		return error_set(err, "--timeout: expected a number above 0");
	if (check_alone(operand, arena, err) < 0)
		return -1;
	prefix = vm_find(operand, &how, arena, err);
	if (!prefix || vm_describe(&vm, prefix, &o->vm, NULL, arena, err) < 0 ||
	    bootchart_boot(&vm, name, o->timeout, arena, chart, status, err) < 0)
		return -1;
	/* The host knows it by a name, which most machines have not been given. */
	chart->machine = json_utf8(arena, name);
	return 0;
}

/* ------------------------------------------------------------ where it goes to */

static int put_out(const struct bootchart_options *o, const struct chart *chart, struct error *err)
{
	bool only = o->svg && strcmp(o->svg, "-") == 0;
	autobuffer struct buffer svg = { 0 }, out = { 0 };

	if (o->svg)
		chart_write_svg(chart, &svg);
	if (o->svg && command_put_out(only ? NULL : o->svg, &svg, err) < 0)
		return -1;
	if (only)
		return 0;
	if (!o->json)
		chart_write_text(chart, &out);
	else if (chart_write_json(chart, &out, err) < 0)
		return -1;
	return command_put_out(NULL, &out, err);
}

static int check(const struct bootchart_options *o, const char *operand, struct error *err)
{
	if ((operand != NULL) + (o->from != NULL) + (o->name != NULL) + (o->socket != NULL) + (o->vsock != 0) > 1)
		return error_set(err, "one of what is to be booted, --from, --name, --socket and --vsock is enough");
	if (o->json && o->svg && strcmp(o->svg, "-") == 0)
		return error_set(err, "--json and --svg - both want standard output; give the picture a file");
	return 0;
}

static int bootchart(const struct bootchart_options *o, const char *operand, struct arena *arena, int *status, struct error *err)
{
	struct chart chart = { 0 };

	*status = EXIT_SUCCESS;
	if (check(o, operand, err) < 0)
		return -1;
	if ((operand ? boot(operand, o, arena, &chart, status, err) : o->from ? read_file(o->from, arena, &chart, err) :
										ask(o, arena, &chart, err)) < 0)
		return -1;
	return *status == EXIT_SUCCESS ? put_out(o, &chart, err) : 0;
}

static int run(int argc, char **argv)
{
	struct bootchart_options o = { .vm = VM_OPTIONS_DEFAULT, .timeout = PATIENCE };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	int status = EXIT_SUCCESS, r;
	struct error err;

	console_open_standard();
	r = option_parse(&command_bootchart, "slipway", argc, argv, &o, &operands, &arena, &err);
	if (r == 0)
		r = bootchart(&o, operands.count ? operands.items[0] : NULL, &arena, &status, &err);
	if (r < 0) {
		error_print(&err, "slipway");
		status = status == EXIT_SUCCESS ? EXIT_FAILURE : status;
	}
	arena_release(&arena);
	return status;
}

const struct option_command command_bootchart = {
	.name = "bootchart",
	.operands = "[PREFIX|MANIFEST|DOCKERFILE|DIR]",
	.summary = "show what a machine did while it booted, from firmware to ready services",
	.options = bootchart_option_table,
	.operands_max = 1,
	.run = run,
};
