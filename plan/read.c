/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/records.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	struct arena *arena;
	struct plan *plan;
	size_t records;
	struct error *err;
};

/* Cuts the text at the first `delimiter` and steps over it; NULL where there is nothing left. */
static char *cut(char **rest, char delimiter)
{
	char *start = *rest, *end;

	if (!start)
		return NULL;
	end = strchr(start, delimiter);
	if (end)
		*end++ = '\0';
	*rest = end;
	return start;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Takes the %XX back, in place. */
static int unescape(char *value, struct error *err)
{
	char *out = value;

	for (const char *in = value; *in; in++) {
		int high, low;

		if ((unsigned char)*in <= 0x20 || *in == 0x7f)
			return error_set(err, "byte 0x%02x must be written as %%%02X", (unsigned char)*in,
					 (unsigned char)*in);
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		high = hex_digit(in[1]);
		low = high < 0 ? -1 : hex_digit(in[2]);
		if (low < 0 || high * 16 + low == 0)
			return error_set(err, "'%.3s' is not a byte: expected %%01 to %%FF", in);
		*out++ = (char)(high * 16 + low);
		in += 2;
	}
	*out = '\0';
	return 0;
}

/* The value has the form of the field. `text` must outlive the plan. */
static void store(struct reader *r, const struct plan_field *field, void *record, const char *text)
{
	void *at = (char *)record + field->offset;
	struct plan_strings *list;

	switch (field->type) {
	case PLAN_TEXT:
	case PLAN_FILE:
	case PLAN_NAME:
	case PLAN_RELATIVE:
	case PLAN_WORD:
	case PLAN_TIMES:
		*(const char **)at = text;
		return;
	case PLAN_ENUM:
		*(unsigned int *)at = (unsigned int)plan_word(field->words, text);
		return;
	case PLAN_NUMBER:
		*(unsigned int *)at = (unsigned int)strtoul(text, NULL, 10);
		return;
	case PLAN_SIZE:
		*(uint64_t *)at = strtoull(text, NULL, 10);
		return;
	case PLAN_BOOL:
		*(bool *)at = strcmp(text, "true") == 0;
		return;
	case PLAN_LIST:
		list = at;
		*(const char **)arena_push(r->arena, &list->items, &list->count, sizeof(*list->items)) = text;
		return;
	}
}

static const struct plan_field *find_field(const struct plan_field *fields, const char *key)
{
	for (; fields->key; fields++)
		if (strcmp(fields->key, key) == 0)
			return fields;
	return NULL;
}

static int read_field(struct reader *r, const struct plan_record *row, char *text, void *record,
		      uint64_t *seen)
{
	char *value = strchr(text, '=');
	const struct plan_field *field;
	const char *expected;
	uint64_t bit;

	if (!value)
		return error_set(r->err, "expected key=value, got '%.100s'", text);
	*value++ = '\0';
	field = find_field(row->fields, text);
	if (!field)
		return error_set(r->err, "record '%s' has no field '%.100s'", row->kind, text);
	bit = UINT64_C(1) << (field - row->fields);
	if ((*seen & bit) && field->type != PLAN_LIST)
		return error_set(r->err, "field '%s' stands twice", field->key);
	*seen |= bit;
	if (unescape(value, r->err) < 0)
		return error_context(r->err, "field '%s'", field->key);
	if (!plan_check(field, value, &expected))
		return error_set(r->err, "field '%s': expected %s, got '%.100s'", field->key, expected, value);
	store(r, field, record, value);
	return 0;
}

/* What was not written gets its default. Rows stand in an order in which defaults can look up. */
static int read_fallbacks(struct reader *r, const struct plan_record *row, void *record, uint64_t seen)
{
	char scratch[PLAN_SCRATCH];

	for (const struct plan_field *field = row->fields; field->key; field++) {
		const char *fallback;

		if (seen & UINT64_C(1) << (field - row->fields))
			continue;
		if (field->required)
			return error_set(r->err, "record '%s': field '%s' is missing", row->kind, field->key);
		fallback = plan_fallback(field, record, scratch);
		if (fallback)
			store(r, field, record, fallback == scratch ? arena_strdup(r->arena, fallback) : fallback);
	}
	return 0;
}

/* Where the record goes; checks that it may stand here. */
static void *place(struct reader *r, const struct plan_record *row)
{
	if ((row->count == 0) != (r->records == 0)) {
		error_set(r->err, "the first record, and no other, must be 'machine', got '%s'", row->kind);
		return NULL;
	}
	if (row->of_container && r->plan->containers_count == 0) {
		error_set(r->err, "record '%s' must follow the container it is for", row->kind);
		return NULL;
	}
	if (row->items == offsetof(struct plan, routes) && r->plan->links_count == 0) {
		error_set(r->err, "record '%s' must follow the link it is for", row->kind);
		return NULL;
	}
	if (r->records++ >= PLAN_RECORDS_MAX) {
		error_set(r->err, "more than %u records", PLAN_RECORDS_MAX);
		return NULL;
	}
	if (row->count == 0)
		return (char *)r->plan + row->items;
	return arena_push(r->arena, (char *)r->plan + row->items, (size_t *)(void *)((char *)r->plan + row->count),
			  row->size);
}

/* What no single field can tell. */
static int check_whole(struct reader *r, const struct plan_record *row, void *record)
{
	const struct plan *plan = r->plan;

	if (row->items == offsetof(struct plan, routes))
		((struct plan_route *)record)->link = plan->links_count - 1;
	if (row->items == offsetof(struct plan, prepares))
		((struct plan_prepare *)record)->kind = row->prepare;
	if (row->of_container)
		*(size_t *)(void *)((char *)record + row->container) = plan->containers_count - 1;
	if (row->items == offsetof(struct plan, machine) && strcmp(plan->machine.root_type, "initramfs") != 0 &&
	    !plan->machine.root_source)
		return error_set(r->err, "field 'root_source' is missing: a root of type '%s' has one",
				 plan->machine.root_type);
	if (row->items == offsetof(struct plan, storage))
		return plan_check_storage(record, r->err);
	if (row->items == offsetof(struct plan, containers) && plan->containers_count > 1 &&
	    plan->containers[plan->containers_count - 1].stage < plan->containers[plan->containers_count - 2].stage)
		return error_set(r->err, "field 'stage': onboot stands before services, then onshutdown, then emergency");
	return 0;
}

static int read_record(struct reader *r, char *line)
{
	const struct plan_record *row = plan_records;
	char *kind = cut(&line, ' ');
	uint64_t seen = 0;
	void *record;
	char *text;

	while (row->kind && strcmp(row->kind, kind) != 0)
		row++;
	if (!row->kind)
		return error_set(r->err, "unknown record '%.100s'", kind);
	record = place(r, row);
	if (!record)
		return -1;
	while ((text = cut(&line, ' ')))
		if (read_field(r, row, text, record, &seen) < 0)
			return -1;
	if (read_fallbacks(r, row, record, seen) < 0)
		return -1;
	return check_whole(r, row, record);
}

static int read_header(const char *line, struct error *err)
{
	char *end;

	if (strncmp(line, "slipway-plan ", 13) != 0)
		return error_set(err, "expected 'slipway-plan %d', got '%.100s'", PLAN_VERSION, line);
	if (strtoul(line + 13, &end, 10) != PLAN_VERSION || *end || line[13] != '0' + PLAN_VERSION)
		return error_set(err, "this is a plan of version '%.20s', and version %d is understood", line + 13,
				 PLAN_VERSION);
	return 0;
}

int plan_parse(const char *text, size_t length, struct arena *arena, struct plan *plan, struct error *err)
{
	struct plan read = { 0 };
	struct reader r = { .arena = arena, .plan = &read, .err = err };
	char *rest, *line;
	size_t number = 0;

	if (length > PLAN_BYTES_MAX)
		return error_set(err, "a plan of more than %u bytes", PLAN_BYTES_MAX);
	/* A file cut short ends inside a line. */
	if (length == 0 || text[length - 1] != '\n')
		return error_set(err, "the plan is cut short: its last line has no end");
	if (memchr(text, '\0', length))
		return error_set(err, "a NUL byte in the plan");
	/* Without the last line end, so that nothing is left behind the last line. Values stay in this copy. */
	rest = arena_strndup(arena, text, length - 1);
	while ((line = cut(&rest, '\n'))) {
		number++;
		if ((number == 1 ? read_header(line, err) : read_record(&r, line)) < 0)
			return error_context(err, "line %zu", number);
	}
	if (r.records == 0)
		return error_set(err, "line %zu: record 'machine' is missing", number + 1);
	*plan = read;
	return 0;
}
