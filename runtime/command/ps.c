/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"

#define PS_BYTES_MAX (16u << 20)

struct values {
	const char *format;
};

static const struct option options[] = {
	{ OPTION_STRING, 'f', "format", "FORMAT", "table (default) or json", offsetof(struct values, format) },
	OPTION_TABLE_END,
};

struct pids {
	pid_t *items;
	size_t count;
};

static bool has(const struct pids *pids, long pid)
{
	for (size_t i = 0; i < pids->count; i++)
		if (pids->items[i] == pid)
			return true;
	return false;
}

static void show_json(const struct pids *pids)
{
	printf("[");
	for (size_t i = 0; i < pids->count; i++)
		printf("%s%d", i ? "," : "", (int)pids->items[i]);
	printf("]\n");
}

/* What ps(1) of the host says with these arguments. */
static int run_ps(const char **arguments, struct buffer *out, struct error *err)
{
	int ends[2], status, r;
	pid_t pid;

	if (pipe(ends) < 0)
		return error_errno(err, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)close(ends[0]);
		(void)close(ends[1]);
		(void)execvp("ps", (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	(void)close(ends[1]);
	r = pid < 0 ? error_errno(err, "cannot run ps") : file_read_fd(ends[0], "ps", PS_BYTES_MAX, out, err);
	(void)close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		return error_set(err, "ps failed; is it installed?");
	return r;
}

/* The lines of the container's processes, and the first, which tells the column of the pid. */
static int show_table(const struct pids *pids, char *text, struct error *err)
{
	char *next = strchr(text, '\n'), *word, *rest = NULL, *heading;
	int column = 0;

	if (!next)
		return error_set(err, "ps said nothing");
	*next++ = '\0';
	printf("%s\n", text);
	heading = text;
	for (word = strtok_r(heading, " \t", &rest); word && strcmp(word, "PID") != 0; word = strtok_r(NULL, " \t", &rest))
		column++;
	if (!word)
		return error_set(err, "ps shows no column PID; use other options");
	for (char *line = next; *line; line = next) {
		char *at = line + strspn(line, " \t");

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		for (int i = 0; i < column; i++)
			at += strcspn(at, " \t"), at += strspn(at, " \t");
		if (has(pids, strtol(at, NULL, 10)))
			printf("%s\n", line);
	}
	return 0;
}

static int show(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	const struct values *values = data;
	const char *format = values->format ? values->format : "table";
	const char **arguments = arena_array(arena, operands->count + 3, sizeof(*arguments));
	autobuffer struct buffer text = { 0 };
	struct container container = { 0 };
	struct pids pids = { 0 };
	int r = -1;

	if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)
		return error_set(err, "invalid format option: '%s'; use 'table' or 'json'", format);
	arguments[0] = "ps";
	arguments[1] = "-ef";
	for (size_t i = 1; i < operands->count; i++)
		arguments[i] = operands->items[i];
	if (container_load(runtime_globals.root, operands->items[0], arena, &container, err) == 0 &&
	    cgroup_processes(&container.cgroup, arena, &pids.items, &pids.count, err) == 0) {
		r = 0;
		if (container.cgroup.count == 0)
			r = error_set(err, "cannot tell the processes of container %s: it has no cgroup", operands->items[0]);
		else if (strcmp(format, "json") == 0)
			show_json(&pids);
		else if (run_ps(arguments, &text, err) < 0 || show_table(&pids, text.data, err) < 0)
			r = -1;
	}
	return r == 0 && fflush(stdout) != 0 ? error_errno(err, "cannot write to standard output") : r;
}

const struct command command_ps = {
	.words = { "ps", "CONTAINER [PS-OPTION...]", "show the processes of a container", options, 1, ~0u, true, NULL },
	.values_size = sizeof(struct values), .act = show,
};
