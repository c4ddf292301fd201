/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a request. What is read can be written, and read again to the same. */
#include "control/record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct record *record, struct buffer *out)
{
	record_begin(out, record->kind);
	for (size_t i = 0; i < record->count; i++)
		record_add(out, record->fields[i].key, record->fields[i].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autobuffer struct buffer line = { 0 }, once = { 0 }, copy = { 0 }, twice = { 0 };
	struct record record;
	struct error err;

	if (size > RECORD_LINE_MAX || memchr(data, '\0', size) || memchr(data, '\n', size))
		return 0;
	buffer_add(&line, data, size);
	if (!line.data || record_parse(line.data, &record, &err) < 0)
		return 0;
	write_again(&record, &once);
	buffer_add(&copy, once.data, once.length);
	if (record_parse(copy.data, &record, &err) < 0)
		abort();
	write_again(&record, &twice);
	if (once.length != twice.length || memcmp(once.data, twice.data, once.length) != 0)
		abort();
	return 0;
}
