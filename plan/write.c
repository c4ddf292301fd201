/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/records.h"

#include <stdio.h>
#include <string.h>

static void add_value(struct buffer *out, const char *key, const char *value)
{
	buffer_printf(out, " %s=", key);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c <= 0x20 || c == 0x7f || c == '%')
			buffer_printf(out, "%%%02X", c);
		else
			buffer_add(out, value, 1);
	}
}

/* The value as text; NULL where the field is absent. Lists are not for here. */
static const char *text_of(const struct plan_field *field, const void *record, char scratch[PLAN_SCRATCH])
{
	const void *at = (const char *)record + field->offset;

	switch (field->type) {
	case PLAN_ENUM:
		return field->words[*(const unsigned int *)at];
	case PLAN_NUMBER:
		(void)snprintf(scratch, PLAN_SCRATCH, "%u", *(const unsigned int *)at);
		return scratch;
	case PLAN_SIZE:
		(void)snprintf(scratch, PLAN_SCRATCH, "%llu", (unsigned long long)*(const uint64_t *)at);
		return scratch;
	case PLAN_BOOL:
		return *(const bool *)at ? "true" : "false";
	default:
		return *(const char *const *)at;
	}
}

static int write_field(const struct plan_record *row, const struct plan_field *field, const void *record,
		       struct buffer *out, struct error *err)
{
	char scratch[PLAN_SCRATCH], fallback_scratch[PLAN_SCRATCH];
	const struct plan_strings *list;
	const char *text, *fallback, *expected;

	if (field->type == PLAN_LIST) {
		list = (const void *)((const char *)record + field->offset);
		for (size_t i = 0; i < list->count; i++)
			add_value(out, field->key, list->items[i]);
		return 0;
	}
	text = text_of(field, record, scratch);
	if (!text)
		return field->required ? error_set(err, "record '%s': field '%s' is missing", row->kind, field->key) : 0;
	if (!plan_check(field, text, &expected))
		return error_set(err, "record '%s': field '%s': expected %s, got '%.100s'", row->kind, field->key,
				 expected, text);
	fallback = plan_fallback(field, record, fallback_scratch);
	if (!fallback || strcmp(text, fallback) != 0)
		add_value(out, field->key, text);
	return 0;
}

static int write_record(const struct plan_record *row, const void *record, struct buffer *out, struct error *err)
{
	buffer_add_string(out, row->kind);
	for (const struct plan_field *field = row->fields; field->key; field++)
		if (write_field(row, field, record, out, err) < 0)
			return -1;
	buffer_add_string(out, "\n");
	return 0;
}

/* The row of a struct, by its place in struct plan; of the prepare records, by their kind. */
static const struct plan_record *find_row(size_t items, enum plan_prepare_kind kind)
{
	const struct plan_record *row = plan_records;

	while (row->items != items || row->prepare != kind)
		row++;
	return row;
}

#define ROW(member) find_row(offsetof(struct plan, member), 0)

/* What of the records that follow their containers is not written yet. */
struct next {
	size_t prepare, probe;
};

/* A container and the records that follow it. */
static int write_container(const struct plan *plan, size_t index, struct next *next, struct buffer *out,
			   struct error *err)
{
	if (write_record(ROW(containers), &plan->containers[index], out, err) < 0)
		return -1;
	for (; next->prepare < plan->prepares_count && plan->prepares[next->prepare].container == index; next->prepare++) {
		const struct plan_prepare *prepare = &plan->prepares[next->prepare];

		if (write_record(find_row(offsetof(struct plan, prepares), prepare->kind), prepare, out, err) < 0)
			return -1;
	}
	for (; next->probe < plan->probes_count && plan->probes[next->probe].container == index; next->probe++)
		if (write_record(ROW(probes), &plan->probes[next->probe], out, err) < 0)
			return -1;
	return 0;
}

/* A link and its routes; `next` is the first one not written. */
static int write_link(const struct plan *plan, size_t index, size_t *next, struct buffer *out, struct error *err)
{
	if (write_record(ROW(links), &plan->links[index], out, err) < 0)
		return -1;
	for (; *next < plan->routes_count && plan->routes[*next].link == index; (*next)++)
		if (write_record(ROW(routes), &plan->routes[*next], out, err) < 0)
			return -1;
	return 0;
}

static int write_links(const struct plan *plan, struct buffer *out, struct error *err)
{
	size_t next = 0;

	for (size_t i = 0; i < plan->links_count; i++)
		if (write_link(plan, i, &next, out, err) < 0)
			return error_context(err, "link '%s'", plan->links[i].name ? plan->links[i].name : "");
	return next == plan->routes_count ? 0 : error_set(err, "route %zu is out of the order of the links", next);
}

static int write_records(const struct plan *plan, struct buffer *out, struct error *err)
{
	struct next next = { 0 };

	buffer_printf(out, "slipway-plan %d\n", PLAN_VERSION);
	if (write_record(ROW(machine), &plan->machine, out, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->modules_count; i++)
		if (write_record(ROW(modules), &plan->modules[i], out, err) < 0)
			return -1;
	for (size_t i = 0; i < plan->sysctls_count; i++)
		if (write_record(ROW(sysctls), &plan->sysctls[i], out, err) < 0)
			return -1;
	for (size_t i = 0; i < plan->storage_count; i++)
		if (write_record(ROW(storage), &plan->storage[i], out, err) < 0)
			return -1;
	if (write_links(plan, out, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->remotes_count; i++)
		if (write_record(ROW(remotes), &plan->remotes[i], out, err) < 0)
			return -1;
	for (size_t i = 0; i < plan->containers_count; i++)
		if (write_container(plan, i, &next, out, err) < 0)
			return error_context(err, "container '%s'",
					     plan->containers[i].name ? plan->containers[i].name : "");
	if (next.prepare != plan->prepares_count)
		return error_set(err, "prepare record %zu is out of the order of its containers", next.prepare);
	if (next.probe != plan->probes_count)
		return error_set(err, "probe record %zu is out of the order of its containers", next.probe);
	return 0;
}

int plan_write(const struct plan *plan, struct buffer *out, struct error *err)
{
	size_t records = 1 + plan->modules_count + plan->sysctls_count + plan->storage_count + plan->links_count +
			 plan->routes_count + plan->remotes_count + plan->containers_count + plan->prepares_count + plan->probes_count;
	autobuffer struct buffer text = { 0 };

	if (records > PLAN_RECORDS_MAX)
		return error_set(err, "a plan of %zu records, and %u is the most", records, PLAN_RECORDS_MAX);
	if (write_records(plan, &text, err) < 0)
		return -1;
	if (text.length > PLAN_BYTES_MAX)
		return error_set(err, "a plan of %zu bytes, and %u is the most", text.length, PLAN_BYTES_MAX);
	buffer_add(out, text.data, text.length);
	return 0;
}
