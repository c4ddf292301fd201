/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a chart one that can be drawn, and what follows from it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/bootchart/chart.h"

const char *const chart_kind_names[CHART_KINDS + 1] = {
	"host", "firmware", "loader", "kernel", "init", "network", "onboot", "service", NULL,
};

/* ------------------------------------------------------------ one span */

static bool is_container(const struct chart_span *s)
{
	return s->kind >= CHART_NETWORK;
}

static int check_name(const char *what, const char *name, struct error *err)
{
	if (!name || !*name)
		return error_set(err, "the %s is missing", what);
	if (strlen(name) > CHART_NAME_MAX)
		return error_set(err, "the %s has more than %d bytes", what, CHART_NAME_MAX);
	return 0;
}

static int find_kind(struct chart_span *s, struct error *err)
{
	for (size_t i = 0; s->kind_name && i < CHART_KINDS; i++)
		if (strcmp(chart_kind_names[i], s->kind_name) == 0) {
			s->kind = (enum chart_kind)i;
			return 0;
		}
	return error_set(err, "unknown kind '%.40s'", s->kind_name ? s->kind_name : "");
}

struct moment {
	const char *name;
	bool has;
	int64_t us;
};

static int check_moment(const struct chart *chart, const struct moment *m, struct error *err)
{
	if (m->has && (m->us > CHART_TIME_MAX || m->us < -CHART_TIME_MAX))
		return error_set(err, "%s: %" PRId64 " is no time of a boot", m->name, m->us);
	if (m->has && chart->has_now_us && m->us > chart->now_us)
		return error_set(err, "%s: %" PRId64 " is later than now_us, %" PRId64, m->name, m->us, chart->now_us);
	return 0;
}

/* None can be before the one that it comes after, and none without it. */
static int check_order(const struct moment *first, const struct moment *then, struct error *err)
{
	if (then->has && !first->has)
		return error_set(err, "it has %s and no %s", then->name, first->name);
	if (then->has && then->us < first->us)
		return error_set(err, "%s, %" PRId64 ", is before %s, %" PRId64, then->name, then->us, first->name, first->us);
	return 0;
}

static int check_times(const struct chart *chart, const struct chart_span *s, struct error *err)
{
	const struct moment start = { "start_us", s->has_start_us, s->start_us }, exec = { "exec_us", s->has_exec_us, s->exec_us };
	const struct moment ready = { "ready_us", s->has_ready_us, s->ready_us }, end = { "end_us", s->has_end_us, s->end_us };

	if (check_moment(chart, &start, err) < 0 || check_moment(chart, &exec, err) < 0 || check_moment(chart, &ready, err) < 0 ||
	    check_moment(chart, &end, err) < 0)
		return -1;
	if (!is_container(s) && (!start.has || !end.has))
		return error_set(err, "start_us and end_us have to be there");
	if (!is_container(s) && (exec.has || ready.has))
		return error_set(err, "what is no container has no exec_us and no ready_us");
	if (check_order(&start, &exec, err) < 0 || check_order(exec.has ? &exec : &start, &ready, err) < 0)
		return -1;
	/* A container that could not be started has an end and nothing else. */
	return start.has && check_order(&start, &end, err) < 0 ? -1 : 0;
}

static int check_needs(const struct oci_strings *needs, size_t *count, struct error *err)
{
	*count += needs->count;
	if (*count > CHART_NEEDS_MAX)
		return error_set(err, "spans need more than %d others in all", CHART_NEEDS_MAX);
	for (size_t i = 0; i < needs->count; i++)
		if (check_name("name of what it needs", needs->items[i], err) < 0)
			return -1;
	return 0;
}

static int check_span(const struct chart *chart, struct chart_span *s, size_t *needs, struct error *err)
{
	if (find_kind(s, err) < 0 || check_name("name", s->name, err) < 0)
		return -1;
	if (check_times(chart, s, err) < 0 || check_needs(&s->after, needs, err) < 0 || check_needs(&s->requires, needs, err) < 0)
		return error_context(err, "'%s'", s->name);
	return 0;
}

/* ------------------------------------------------------------ all of them */

static int check_all(struct chart *chart, struct error *err)
{
	const struct moment now = { "now_us", chart->has_now_us, chart->now_us };
	const struct moment init = { "init_us", chart->has_init_us, chart->init_us };
	const struct moment services = { "services_us", chart->has_services_us, chart->services_us };
	size_t needs = 0;

	if (check_moment(chart, &now, err) < 0 || check_moment(chart, &init, err) < 0 || check_moment(chart, &services, err) < 0)
		return -1;
	if (chart->spans_count == 0)
		return error_set(err, "there is nothing in it");
	for (size_t i = 0; i < chart->spans_count; i++)
		if (check_span(chart, &chart->spans[i], &needs, err) < 0)
			return error_context(err, "spans[%zu]", i);
	return 0;
}

/* By kind and name; of PID 1's steps two may have one name. */
static int compare_names(const void *a, const void *b)
{
	const struct chart_span *const *s = a, *const *t = b;

	return (*s)->kind != (*t)->kind ? ((*s)->kind > (*t)->kind ? 1 : -1) : strcmp((*s)->name, (*t)->name);
}

static struct chart_span **sort_names(const struct chart *chart, struct arena *arena)
{
	struct chart_span **names = arena_array(arena, chart->spans_count, sizeof(*names));

	for (size_t i = 0; i < chart->spans_count; i++)
		names[i] = &chart->spans[i];
	qsort(names, chart->spans_count, sizeof(*names), compare_names);
	return names;
}

static int check_unique(const struct chart *chart, struct chart_span *const *names, struct error *err)
{
	for (size_t i = 1; i < chart->spans_count; i++)
		if (names[i]->kind != CHART_INIT && compare_names(&names[i - 1], &names[i]) == 0)
			return error_set(err, "%s '%s' is there twice", names[i]->kind_name, names[i]->name);
	return 0;
}

/* ------------------------------------------------------------ what follows */

static int64_t begin_of(const struct chart_span *s)
{
	return s->has_start_us ? s->start_us : s->has_end_us ? s->end_us : INT64_MAX;
}

static int compare_begins(const void *a, const void *b)
{
	const struct chart_span *s = a, *t = b;

	if (begin_of(s) != begin_of(t))
		return begin_of(s) > begin_of(t) ? 1 : -1;
	if (s->kind != t->kind)
		return s->kind > t->kind ? 1 : -1;
	return (s->place > t->place) - (s->place < t->place);
}

static int64_t latest_of(const struct chart_span *s)
{
	int64_t latest = INT64_MIN;

	latest = s->has_start_us && s->start_us > latest ? s->start_us : latest;
	latest = s->has_exec_us && s->exec_us > latest ? s->exec_us : latest;
	latest = s->has_ready_us && s->ready_us > latest ? s->ready_us : latest;
	return s->has_end_us && s->end_us > latest ? s->end_us : latest;
}

static int64_t now_of(const struct chart *chart)
{
	int64_t latest = INT64_MIN;

	for (size_t i = 0; i < chart->spans_count && !chart->has_now_us; i++)
		if (latest_of(&chart->spans[i]) > latest)
			latest = latest_of(&chart->spans[i]);
	return chart->has_now_us ? chart->now_us : latest == INT64_MIN ? 0 : latest;
}

/* A service is over with its boot when it is ready; what is to end, when it has. */
static void find_finish(struct chart_span *s, int64_t now)
{
	bool ready = s->has_ready_us && s->kind != CHART_ONBOOT;

	s->over = ready || s->has_end_us;
	s->finish_us = ready ? s->ready_us : s->has_end_us ? s->end_us : now;
	s->failed = s->failed || (s->state && strcmp(s->state, "failed") == 0);
}

static void find_range(struct chart *chart)
{
	int64_t over = INT64_MIN;

	chart->first_us = INT64_MAX;
	chart->last_us = INT64_MIN;
	chart->init_end_us = chart->has_init_us ? chart->init_us : 0;
	for (size_t i = 0; i < chart->spans_count; i++) {
		const struct chart_span *s = &chart->spans[i];

		if (s->finish_us > chart->last_us)
			chart->last_us = s->finish_us;
		if (s->over && s->finish_us > over)
			over = s->finish_us;
		if (begin_of(s) < chart->first_us)
			chart->first_us = begin_of(s);
		if (s->kind == CHART_INIT && s->end_us > chart->init_end_us)
			chart->init_end_us = s->end_us;
	}
	if (chart->first_us > chart->last_us)
		chart->first_us = chart->last_us;
	chart->total_us = (over == INT64_MIN ? chart->last_us : over) - chart->first_us;
}

static bool has_kind(const struct chart *chart, enum chart_kind kind)
{
	for (size_t i = 0; i < chart->spans_count; i++)
		if (chart->spans[i].kind == kind)
			return true;
	return false;
}

static void find_unknown(struct chart *chart, struct arena *arena)
{
	for (enum chart_kind kind = CHART_FIRMWARE; kind <= CHART_LOADER; kind++)
		if (!has_kind(chart, kind))
			*(const char **)arena_push(arena, &chart->unknown.items, &chart->unknown.count,
						   sizeof(*chart->unknown.items)) = chart_kind_names[kind];
}

bool chart_waits(const struct chart *chart, const struct chart_span *s, int64_t *since_us)
{
	*since_us = chart->services_us;
	return s->kind == CHART_SERVICE && chart->has_services_us && (s->has_start_us ? s->start_us : s->finish_us) > *since_us;
}

int chart_finish(struct chart *chart, struct arena *arena, struct error *err)
{
	struct chart_span **names;

	chart->machine = chart->machine ? chart->machine : "";
	chart->kernel = chart->kernel ? chart->kernel : "";
	chart->arch = chart->arch ? chart->arch : "";
	chart->version = chart->version ? chart->version : "";
	chart->unknown = (struct oci_strings){ 0 };
	if (check_all(chart, err) < 0)
		return -1;
	for (size_t i = 0; i < chart->spans_count; i++) {
		chart->spans[i].place = i;
		find_finish(&chart->spans[i], now_of(chart));
	}
	qsort(chart->spans, chart->spans_count, sizeof(*chart->spans), compare_begins);
	names = sort_names(chart, arena);
	if (check_unique(chart, names, err) < 0)
		return -1;
	find_range(chart);
	find_unknown(chart, arena);
	chart_find_chain(chart, names, arena);
	return 0;
}
