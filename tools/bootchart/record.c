/* SPDX-License-Identifier: Apache-2.0 */
/* A chart from what a machine says. */
#include <string.h>

#include "base/cleanup.h"
#include "oci/json.h"
#include "tools/bootchart/chart.h"

/* NULL also for what is empty: in a document that is the same. */
static const char *text_of(const struct record *record, const char *key, struct arena *arena)
{
	const char *text = record_get(record, key);

	return text && *text ? json_utf8(arena, text) : NULL;
}

/* A number that is there but is none is an error: what it stands for must not look unknown. */
static int take_number(const struct record *record, const char *key, int64_t *number, bool *has, struct error *err)
{
	const char *text = record_get(record, key);

	*has = text != NULL;
	if (text && !record_number(record, key, number))
		return error_set(err, "'%s' is no number of microseconds: '%.40s'", key, text);
	return 0;
}

static int take_count(const struct record *record, const char *key, uint32_t *count, struct error *err)
{
	int64_t n = 0;
	bool has;

	if (take_number(record, key, &n, &has, err) < 0 || n < 0 || n > UINT32_MAX)
		return error_set(err, "'%s' is no number from 0 to %u", key, UINT32_MAX);
	*count = (uint32_t)n;
	return 0;
}

static bool is_set(const struct record *record, const char *key)
{
	const char *text = record_get(record, key);

	return text && strcmp(text, "1") == 0;
}

static int add_machine(struct chart *chart, const struct record *r, struct arena *arena, struct error *err)
{
	if (chart->machine)
		return error_set(err, "it comes twice");
	chart->machine = text_of(r, "name", arena);
	chart->machine = chart->machine ? chart->machine : "";
	chart->kernel = text_of(r, "kernel", arena);
	chart->arch = text_of(r, "arch", arena);
	chart->version = text_of(r, "version", arena);
	chart->settled = is_set(r, "settled");
	if (take_number(r, "now_us", &chart->now_us, &chart->has_now_us, err) < 0 ||
	    take_number(r, "init_us", &chart->init_us, &chart->has_init_us, err) < 0 ||
	    take_number(r, "services_us", &chart->services_us, &chart->has_services_us, err) < 0)
		return -1;
	return take_count(r, "cpus", &chart->cpus, err);
}

static int add_span(struct chart *chart, const struct record *r, struct arena *arena, struct error *err)
{
	struct chart_span *span;

	if (chart->spans_count == CHART_SPANS_MAX)
		return error_set(err, "there are more than %d", CHART_SPANS_MAX);
	span = arena_push(arena, &chart->spans, &chart->spans_count, sizeof(*span));
	span->kind_name = text_of(r, "kind", arena);
	span->name = text_of(r, "name", arena);
	span->state = text_of(r, "state", arena);
	span->source = text_of(r, "source", arena);
	span->failed = is_set(r, "failed");
	if (take_number(r, "start_us", &span->start_us, &span->has_start_us, err) < 0 ||
	    take_number(r, "exec_us", &span->exec_us, &span->has_exec_us, err) < 0 ||
	    take_number(r, "ready_us", &span->ready_us, &span->has_ready_us, err) < 0 ||
	    take_number(r, "end_us", &span->end_us, &span->has_end_us, err) < 0)
		return -1;
	return take_count(r, "starts", &span->starts, err);
}

static int add_need(struct chart *chart, const struct record *r, struct arena *arena, struct error *err)
{
	struct chart_span *span = chart->spans_count ? &chart->spans[chart->spans_count - 1] : NULL;
	struct oci_strings *needs = span && is_set(r, "required") ? &span->requires : span ? &span->after : NULL;

	if (!needs || !record_get(r, "on"))
		return error_set(err, "nobody has it, or nothing is needed");
	if (chart->needs_count++ == CHART_NEEDS_MAX)
		return error_set(err, "there are more than %d", CHART_NEEDS_MAX);
	*(const char **)arena_push(arena, &needs->items, &needs->count, sizeof(*needs->items)) = text_of(r, "on", arena);
	return 0;
}

int chart_add_record(struct chart *chart, const struct record *record, struct arena *arena, struct error *err)
{
	static const struct {
		const char *kind;
		int (*add)(struct chart *chart, const struct record *record, struct arena *arena, struct error *err);
	} kinds[] = { { "machine", add_machine }, { "span", add_span }, { "need", add_need } };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].kind, record->kind) == 0 && kinds[i].add(chart, record, arena, err) < 0)
			return error_context(err, "%s %zu", record->kind, strcmp(record->kind, "span") == 0 ? chart->spans_count : 0);
	return 0;
}

static bool before_known(const struct chart *chart, int64_t *from)
{
	bool any = false;

	for (size_t i = 0; i < chart->spans_count; i++) {
		const struct chart_span *s = &chart->spans[i];

		if (!s->has_start_us || s->start_us >= 0 || (any && s->start_us >= *from))
			continue;
		*from = s->start_us;
		any = true;
	}
	return any;
}

void chart_add_host(struct chart *chart, int64_t before_us, struct arena *arena)
{
	int64_t known = 0;
	bool firmware = before_known(chart, &known);

	if (before_us <= 0 || -before_us > known || chart->spans_count == CHART_SPANS_MAX)
		return;
	*(struct chart_span *)arena_push(arena, &chart->spans, &chart->spans_count, sizeof(*chart->spans)) = (struct chart_span){
		.kind_name = chart_kind_names[CHART_HOST], .name = firmware ? "before the firmware" : "before the kernel",
		.has_start_us = true, .start_us = -before_us, .has_end_us = true, .end_us = known, .source = "host",
	};
}
