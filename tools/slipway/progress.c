/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void progress_open(struct progress *progress, unsigned int steps, bool quiet)
{
	const char *term = getenv("TERM");

	*progress = (struct progress){
		.quiet = quiet, .steps = steps,
		.terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
	};
}

void progress_step(struct progress *progress, const char *format, ...)
{
	va_list ap;

	progress->step++;
	if (progress->quiet)
		return;
	fprintf(stderr, progress->terminal ? "\r\033[K[%u/%u] " : "slipway: [%u/%u] ", progress->step,
		progress->steps);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	if (!progress->terminal)
		fputc('\n', stderr);
	fflush(stderr);
}

void progress_close(struct progress *progress)
{
	if (progress->terminal && !progress->quiet && progress->step > 0) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
}
