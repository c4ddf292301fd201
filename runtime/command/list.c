/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/cleanup.h"

struct values {
	const char *format;
	bool quiet;
};

static const struct option options[] = {
	{ OPTION_STRING, 'f', "format", "FORMAT", "table (default) or json", offsetof(struct values, format) },
	{ OPTION_FLAG, 'q', "quiet", NULL, "show the ids only", offsetof(struct values, quiet) },
	OPTION_TABLE_END,
};

/* Whose state it is; numbers where the machine has no name. */
static const char *owner_of(const char *directory, struct arena *arena)
{
	struct stat st;

	if (stat(directory, &st) < 0)
		return "";
	if (st.st_uid == 0)
		return "root";
	return arena_printf(arena, "#%u", st.st_uid);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct oci_state *)a)->id, ((const struct oci_state *)b)->id);
}

static int collect(struct arena *arena, struct oci_states *states, struct error *err)
{
	autoclosedir DIR *dir = opendir(runtime_globals.root);
	struct dirent *entry;

	if (!dir)
		return errno == ENOENT ? 0 : error_errno(err, "cannot read '%s'", runtime_globals.root);
	while ((entry = readdir(dir))) {
		enum container_status status;
		struct container container;
		struct oci_state *state;
		struct error ignored;

		/* One that is being made, or being deleted, is not there yet or any more. */
		if (entry->d_name[0] == '.' ||
		    container_load(runtime_globals.root, entry->d_name, arena, &container, &ignored) < 0)
			continue;
		status = container_status(&container);
		state = arena_push(arena, &states->items, &states->count, sizeof(*state));
		*state = container.state;
		state->status = container_status_names[status];
		if (status == CONTAINER_STOPPED)
			state->pid = 0;
		state->owner = owner_of(container.directory, arena);
	}
	if (states->count > 0)
		qsort(states->items, states->count, sizeof(*states->items), by_id);
	return 0;
}

static int width(const struct oci_states *states, size_t field, const char *heading)
{
	size_t w = strlen(heading);

	for (size_t i = 0; i < states->count; i++) {
		const char *value = *(const char *const *)(const void *)((const char *)&states->items[i] + field);

		w = strlen(value) > w ? strlen(value) : w;
	}
	return (int)(w + 1 < 12 ? 12 : w + 1);
}

static void show_table(const struct oci_states *states)
{
	int id = width(states, offsetof(struct oci_state, id), "ID");
	int status = width(states, offsetof(struct oci_state, status), "STATUS");
	int bundle = width(states, offsetof(struct oci_state, bundle), "BUNDLE");
	int created = width(states, offsetof(struct oci_state, created), "CREATED");

	printf("%-*s%-12s%-*s%-*s%-*sOWNER\n", id, "ID", "PID", status, "STATUS", bundle, "BUNDLE", created, "CREATED");
	for (size_t i = 0; i < states->count; i++) {
		const struct oci_state *s = &states->items[i];

		printf("%-*s%-12d%-*s%-*s%-*s%s\n", id, s->id, s->pid, status, s->status, bundle, s->bundle, created,
		       s->created, s->owner);
	}
}

static int show(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	const struct values *values = data;
	autobuffer struct buffer text = { 0 };
	struct oci_states states = { 0 };
	const char *format = values->format ? values->format : "table";

	(void)operands;
	if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)
		return error_set(err, "invalid format option: '%s'; use 'table' or 'json'", format);
	if (collect(arena, &states, err) < 0)
		return -1;
	if (values->quiet) {
		for (size_t i = 0; i < states.count; i++)
			printf("%s\n", states.items[i].id);
	} else if (strcmp(format, "table") == 0) {
		show_table(&states);
	} else if (states.count == 0) {
		printf("null\n");
	} else {
		if (oci_states_write(&states, &text, err) < 0)
			return -1;
		printf("%s\n", buffer_string(&text));
	}
	return fflush(stdout) == 0 ? 0 : error_errno(err, "cannot write to standard output");
}

const struct command command_list = {
	.words = { "list", "", "list the containers of --root", options, 0, 0, false, NULL },
	.values_size = sizeof(struct values), .act = show,
};
