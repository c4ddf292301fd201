/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/transfers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"

#define BARS_MAX 16			/* shown at once; the others are still counted */
#define BAR_WIDTH 30
#define DRAW_MILLISECONDS 100
#define NAME_LENGTH 12

struct bar {
	struct digest digest;
	uint64_t done, total;
};

struct transfers {
	bool quiet, terminal;
	struct bar bars[BARS_MAX];
	size_t count;
	unsigned int lines;		/* drawn, below which nothing is */
	int64_t drawn;			/* milliseconds */
};

struct transfers *transfers_open(bool quiet)
{
	struct transfers *transfers = calloc(1, sizeof(*transfers));
	const char *term = getenv("TERM");

	if (!transfers)
		arena_out_of_memory();
	transfers->quiet = quiet;
	transfers->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	return transfers;
}

static int64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Up to the first of the lines, and nothing below. */
static void take_away(struct transfers *transfers, struct buffer *out)
{
	if (transfers->lines)
		buffer_printf(out, "\033[%uA\r\033[J", transfers->lines);
	transfers->lines = 0;
}

static void draw_bar(const struct bar *bar, struct buffer *out)
{
	unsigned int full = bar->total ? (unsigned int)(bar->done * BAR_WIDTH / bar->total) : BAR_WIDTH;

	buffer_printf(out, "%.*s [", NAME_LENGTH, digest_hex(&bar->digest));
	for (unsigned int i = 0; i < BAR_WIDTH; i++)
		buffer_add_string(out, i < full ? "#" : ".");
	buffer_printf(out, "] %" PRIu64 ".%" PRIu64 " of %" PRIu64 ".%" PRIu64 " MB\n", bar->done / 1000000,
		      bar->done / 100000 % 10, bar->total / 1000000, bar->total / 100000 % 10);
}

static void draw(struct transfers *transfers)
{
	autobuffer struct buffer out = { 0 };

	take_away(transfers, &out);
	for (size_t i = 0; i < transfers->count; i++)
		draw_bar(&transfers->bars[i], &out);
	transfers->lines = (unsigned int)transfers->count;
	transfers->drawn = now();
	fputs(buffer_string(&out), stderr);
	fflush(stderr);
}

static struct bar *find(struct transfers *transfers, const struct digest *digest)
{
	for (size_t i = 0; i < transfers->count; i++)
		if (digest_equal(&transfers->bars[i].digest, digest))
			return &transfers->bars[i];
	return NULL;
}

static void move(struct transfers *transfers, const struct registry_event *event)
{
	struct bar *bar = find(transfers, event->digest);

	if (!bar && transfers->count < BARS_MAX)
		bar = &transfers->bars[transfers->count++];
	if (!bar)
		return;
	*bar = (struct bar){ *event->digest, event->done, event->total };
	if (now() - transfers->drawn >= DRAW_MILLISECONDS)
		draw(transfers);
}

static void line(struct transfers *transfers, const char *what, const struct registry_event *event)
{
	struct bar *bar = event->digest ? find(transfers, event->digest) : NULL;
	autobuffer struct buffer out = { 0 };

	take_away(transfers, &out);
	fputs(buffer_string(&out), stderr);
	if (event->kind == REGISTRY_AGAIN)
		log_info("%s: %s", what, event->why);
	else
		log_info("%.*s  %" PRIu64 " bytes  %s", NAME_LENGTH, digest_hex(event->digest), event->total, what);
	if (bar && event->kind != REGISTRY_AGAIN)
		*bar = transfers->bars[--transfers->count];
	if (transfers->terminal && transfers->count)
		draw(transfers);
}

void transfers_report(void *context, const struct registry_event *event)
{
	struct transfers *transfers = context;

	if (transfers->quiet)
		return;
	switch (event->kind) {
	case REGISTRY_MOVING:
		if (transfers->terminal && event->digest)
			move(transfers, event);
		break;
	case REGISTRY_THERE:
		line(transfers, "is there already", event);
		break;
	case REGISTRY_MOVED:
		line(transfers, "done", event);
		break;
	case REGISTRY_AGAIN:
		line(transfers, "trying again", event);
		break;
	}
}

void transfers_close(struct transfers *transfers)
{
	autobuffer struct buffer out = { 0 };

	if (!transfers)
		return;
	take_away(transfers, &out);
	fputs(buffer_string(&out), stderr);
	free(transfers);
}
