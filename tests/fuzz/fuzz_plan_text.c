/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a plan. Whatever is read can be written, and read again to the same text. */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct error err;
	struct plan plan;
	autobuffer struct buffer once = { 0 }, twice = { 0 };

	if (plan_parse((const char *)data, size, &arena, &plan, &err) == 0 && plan_write(&plan, &once, &err) == 0) {
		if (plan_parse(once.data, once.length, &arena, &plan, &err) < 0 ||
		    plan_write(&plan, &twice, &err) < 0 || once.length != twice.length ||
		    memcmp(once.data, twice.data, once.length) != 0)
			abort();
	}
	arena_release(&arena);
	return 0;
}
