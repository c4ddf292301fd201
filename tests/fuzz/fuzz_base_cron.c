/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a time that comes again. What is taken does come, and then again, later. */
#include "base/cron.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cron cron;
	int64_t first;

	if (cron_parse((const char *)data, size, &cron))
		return 0;
	first = cron_next(&cron, 0);
	if (first <= 0 || first == INT64_MAX || first % 60 != 0 || cron_next(&cron, first) <= first)
		abort();
	return 0;
}
