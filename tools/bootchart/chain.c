/* SPDX-License-Identifier: Apache-2.0 */
/* The critical chain: from what was over last back to what each waited for, down to the beginning. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/bootchart/chart.h"

struct walk {
	const struct chart *chart;
	struct chart_span *const *names;	/* sorted by kind and name */
	bool *seen;				/* of the spans: a file may have them in a circle */
};

static const struct chart_span *find(const struct walk *w, enum chart_kind kind, const char *name)
{
	size_t low = 0, high = w->chart->spans_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct chart_span *s = w->names[middle];
		int order = s->kind != kind ? (s->kind > kind ? 1 : -1) : strcmp(s->name, name);

		if (order == 0)
			return s;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool is_free(const struct walk *w, const struct chart_span *s)
{
	return s && s->over && !w->seen[s - w->chart->spans];
}

static void take_later(const struct walk *w, const struct chart_span *candidate, int64_t start, const struct chart_span **best)
{
	if (is_free(w, candidate) && candidate->finish_us <= start && (!*best || candidate->finish_us > (*best)->finish_us))
		*best = candidate;
}

/* Of one of the kinds, what was over last before `start`. */
static const struct chart_span *last_before(const struct walk *w, enum chart_kind from, enum chart_kind to, int64_t start)
{
	const struct chart_span *best = NULL;

	for (size_t i = 0; i < w->chart->spans_count; i++)
		if (w->chart->spans[i].kind >= from && w->chart->spans[i].kind <= to)
			take_later(w, &w->chart->spans[i], start, &best);
	return best;
}

static const struct chart_span *last_need(const struct walk *w, const struct chart_span *s)
{
	const struct oci_strings *const both[] = { &s->after, &s->requires };
	const struct chart_span *best = NULL;

	for (size_t k = 0; k < ARRAY_SIZE(both); k++)
		for (size_t i = 0; i < both[k]->count; i++) {
			const struct chart_span *on = find(w, CHART_SERVICE, both[k]->items[i]);

			take_later(w, on ? on : find(w, CHART_NETWORK, both[k]->items[i]), s->start_us, &best);
		}
	return best;
}

/* What it waited for. Services wait for what they need only where that was over after the onboot containers were. */
static const struct chart_span *before(const struct walk *w, const struct chart_span *s)
{
	const struct chart_span *need, *found;
	int64_t services = w->chart->has_services_us ? w->chart->services_us : INT64_MIN;

	if (!s->has_start_us)
		return NULL;
	if (s->kind <= CHART_KERNEL)
		return last_before(w, CHART_HOST, CHART_KERNEL, s->start_us);
	if (s->kind == CHART_INIT)
		return last_before(w, CHART_HOST, CHART_KERNEL, INT64_MAX);
	need = last_need(w, s);
	if (need && need->finish_us >= services)
		return need;
	found = s->kind == CHART_NETWORK ? NULL : last_before(w, CHART_ONBOOT, CHART_ONBOOT, s->start_us);
	return found ? found : last_before(w, CHART_INIT, CHART_INIT, s->start_us);
}

/* PID 1's steps are one link: they follow each other. */
static void add_link(struct chart *chart, const struct chart_span *s, struct arena *arena)
{
	struct chart_link *link = arena_push(arena, &chart->chain, &chart->chain_count, sizeof(*link));
	int64_t start = s->kind == CHART_INIT && chart->has_init_us ? chart->init_us : s->start_us;

	*link = (struct chart_link){
		.kind_name = s->kind_name, .name = s->kind == CHART_INIT ? "init" : s->name,
		.at_us = s->finish_us, .took_us = s->has_start_us && start < s->finish_us ? s->finish_us - start : 0,
	};
}

void chart_find_chain(struct chart *chart, struct chart_span *const *names, struct arena *arena)
{
	struct walk w = { chart, names, arena_array(arena, chart->spans_count, sizeof(*w.seen)) };
	const struct chart_span *s = last_before(&w, CHART_HOST, CHART_SERVICE, INT64_MAX);

	chart->chain = NULL;
	chart->chain_count = 0;
	for (; s; s = before(&w, s)) {
		w.seen[s - chart->spans] = true;
		add_link(chart, s, arena);
	}
}
