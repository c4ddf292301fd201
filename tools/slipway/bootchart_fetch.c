/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/bootchart_fetch.h"

#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "control/client.h"

#define ANSWER_TIME 30u			/* seconds for the first line of an answer */

static int64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The client is static memory of the caller's; its descriptor is to be closed. */
static int ask(const struct bootchart_machine *m, struct client *client, const char *verb, unsigned int seconds, struct error *err)
{
	autobuffer struct buffer request = { 0 };

	client->start = client->length = 0;
	client->timeout = seconds;
	client->fd = m->dial(m->context, err);
	if (client->fd < 0)
		return -1;
	record_begin(&request, verb);
	record_end(&request);
	return client_ask(client, &request, err);
}

/*
 * The machine's clock was read somewhere between the question and the first line of the answer: in the middle, as far as anybody
 * can tell.
 */
static int64_t before_kernel(const struct bootchart_machine *m, const struct chart *chart, int64_t asked, int64_t told)
{
	return asked + (told - asked) / 2 - chart->now_us - m->began_us;
}

static int read_records(struct client *client, struct chart *chart, int64_t *told, struct arena *arena, struct error *err)
{
	struct record record;
	int r;

	while ((r = client_next(client, &record, err)) == 0) {
		if (!chart->machine)
			*told = now_us();
		if (chart_add_record(chart, &record, arena, err) < 0)
			return error_context(err, "what the machine says cannot be drawn");
	}
	return r < 0 ? -1 : 0;
}

static int read_chart(const struct bootchart_machine *m, struct arena *arena, struct chart *chart, struct error *err)
{
	static struct client client;
	int64_t asked = now_us(), told = asked;
	int r = ask(m, &client, "bootchart", ANSWER_TIME, err);

	*chart = (struct chart){ 0 };
	if (r == 0)
		r = read_records(&client, chart, &told, arena, err);
	cleanup_close(&client.fd);
	if (r < 0)
		return -1;
	if (m->began_us && chart->has_now_us && chart->now_us >= 0 && chart->now_us <= CHART_TIME_MAX)
		chart_add_host(chart, before_kernel(m, chart, asked, told), arena);
	return chart_finish(chart, arena, err) < 0 ? error_context(err, "what the machine says cannot be drawn") : 0;
}

int bootchart_fetch(const struct bootchart_machine *m, struct arena *arena, struct chart *chart, struct error *err)
{
	static struct client waiting = { .fd = -1 };
	struct error late = { 0 };
	int r;

	/* As long as this connection lasts the machine waits with its end, if that is what has come. */
	if (m->patience && ask(m, &waiting, "await_boot", m->patience, &late) < 0 && waiting.fd < 0)
		return error_set(err, "%s", late.message);
	r = read_chart(m, arena, chart, err);
	if (r == 0 && *late.message)
		log_warning("the boot may not be over: %s", late.message);
	cleanup_close(&waiting.fd);
	waiting.fd = -1;
	return r;
}
