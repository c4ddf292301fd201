/* SPDX-License-Identifier: Apache-2.0 */
#include "init/times.h"

#include "init/loop.h"

struct times times;

void times_add(const char *name, bool failed)
{
	int64_t start = times.count ? times.steps[times.count - 1].end : times.init;

	if (times.count < TIMES_STEPS_MAX)
		times.steps[times.count++] = (struct times_step){ name, start, loop_now_us(), failed };
}
