/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A boot as a chart: what ran from when to when. It comes from a machine as records (init/chart.c), or from a file that an earlier
 * `slipway bootchart --json` wrote; both are hostile. It goes out as text, JSON and SVG, the same bytes for the same chart.
 *
 * Times are microseconds. 0 is where the kernel's clock begins; firmware and loader are before that.
 */
#ifndef BOOTCHART_CHART_H
#define BOOTCHART_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "control/record.h"
#include "oci/config.h"			/* oci_strings */

#define CHART_SPANS_MAX 8192
#define CHART_NEEDS_MAX 65536		/* of all spans together */
#define CHART_NAME_MAX 255		/* bytes */
#define CHART_TIME_MAX INT64_C(10000000000000)	/* 115 days, in both directions */
#define CHART_BYTES_MAX (16u << 20)	/* of a file */

/* In the order of a boot. */
enum chart_kind {
	CHART_HOST,			/* what the host saw pass before anything in the machine could look at a clock */
	CHART_FIRMWARE, CHART_LOADER, CHART_KERNEL,
	CHART_INIT,			/* a step of PID 1 */
	CHART_NETWORK, CHART_ONBOOT, CHART_SERVICE,
	CHART_KINDS,
};
extern const char *const chart_kind_names[CHART_KINDS + 1];	/* ended by NULL */

struct chart_span {
	const char *kind_name, *name;
	bool has_start_us, has_exec_us, has_ready_us, has_end_us;
	int64_t start_us;		/* of a container: its process is made */
	int64_t exec_us;		/* its program runs */
	int64_t ready_us;		/* those that wait for it may start */
	int64_t end_us;			/* it ended the first time */
	const char *state;		/* of a container, as `slipway ctl status` has it; else NULL */
	const char *source;		/* how the time before PID 1 is known; else NULL */
	bool failed;
	uint32_t starts;		/* of a container, up to now */
	struct oci_strings after, requires;	/* names of services, or the network */
	/* Made by chart_finish(). */
	enum chart_kind kind;
	size_t place;			/* where it stood before */
	bool over;			/* it came to what it was for, or failed */
	int64_t finish_us;		/* when; `now_us` where it is not over */
};

/* What the end of the boot waited for, from the last to the first. */
struct chart_link {
	const char *kind_name, *name;
	int64_t at_us, took_us;		/* when it was over, and what of that was its own */
};

struct chart {
	const char *machine, *kernel, *arch, *version;	/* "" where not known */
	uint32_t cpus;			/* 0: not known */
	bool settled;			/* nothing of the boot is still to come */
	bool has_now_us, has_init_us, has_services_us;
	int64_t now_us, init_us, services_us;	/* of the look at it; PID 1 began; onboot was through */
	struct chart_span *spans;
	size_t spans_count;
	size_t needs_count;
	/* Made by chart_finish(). */
	struct oci_strings unknown;	/* "firmware", "loader": nobody could tell */
	int64_t first_us, last_us, total_us;	/* what the chart shows; the boot is from the first to the last that is over */
	int64_t init_end_us;		/* of PID 1's steps */
	struct chart_link *chain;
	size_t chain_count;
};

/*
 * Takes one record of a machine, in the order in which they come. Records of other kinds are passed over. Texts go to the arena.
 * An all-zero chart is the empty one.
 */
int chart_add_record(struct chart *chart, const struct record *record, struct arena *arena, struct error *err);

/* What the host has measured: so much passed before the kernel's clock began. Left out where it contradicts what the machine says. */
void chart_add_host(struct chart *chart, int64_t before_us, struct arena *arena);

/* Checks all of it, puts it in the order of time, and draws the conclusions. Before this nothing is to be believed. */
int chart_finish(struct chart *chart, struct arena *arena, struct error *err);

/* chain.c: a part of that. `names` are the spans, sorted by kind and name. */
void chart_find_chain(struct chart *chart, struct chart_span *const *names, struct arena *arena);

/* A span that waits for others before it begins: since when. False for those that do not. */
bool chart_waits(const struct chart *chart, const struct chart_span *span, int64_t *since_us);

/* Reads what chart_write_json() wrote, and finishes it. */
int chart_read_json(const char *json, size_t length, struct arena *arena, struct chart *chart, struct error *err);

/* The outputs, of a chart that is finished. */
int chart_write_json(const struct chart *chart, struct buffer *out, struct error *err);
void chart_write_text(const struct chart *chart, struct buffer *out);
void chart_write_svg(const struct chart *chart, struct buffer *out);

#endif
