/* SPDX-License-Identifier: Apache-2.0 */
/* What text and SVG show alike. */
#ifndef BOOTCHART_DRAW_H
#define BOOTCHART_DRAW_H

#include "tools/bootchart/chart.h"

/* What a span does, one part after the other. */
enum draw_what { DRAW_WHOLE, DRAW_WAITS, DRAW_SET_UP, DRAW_GETS_READY };
extern const char *const draw_what_names[];	/* "runs", "waits", "is set up", "gets ready or done" */

struct draw_part {
	enum draw_what what;
	int64_t from_us, to_us;
};

#define DRAW_PARTS_MAX 3

/* How many there are: none of a container that was neither started nor waited. */
size_t draw_parts(const struct chart *chart, const struct chart_span *span, struct draw_part parts[DRAW_PARTS_MAX]);

/* From the start to the end of the boot for it; false where it has not started. */
bool draw_took(const struct chart_span *span, int64_t *us);

/* Of what is worth a word, that: "failed", the state of what is not over; else "". */
const char *draw_remark(const struct chart_span *span);

/* "812.3ms", "12.345s"; never longer than 24 bytes. */
#define DRAW_TIME_MAX 25
void draw_time(int64_t us, char out[DRAW_TIME_MAX]);

/*
 * At most `max` characters of the text, a longer one with "..." at its end; what moves a cursor, turns the direction of writing or is
 * no character of XML comes as '?'.
 */
void draw_label(struct buffer *out, const char *text, size_t max);

/* "web: Linux 6.12 x86_64, 1 CPU, slipway 0.1.0" */
void draw_title(struct buffer *out, const struct chart *chart);

/* "Startup finished in 812.3ms (kernel) + ... = 1.052s; firmware and loader unknown" */
void draw_summary(struct buffer *out, const struct chart *chart);

#endif
