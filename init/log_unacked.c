/* SPDX-License-Identifier: Apache-2.0 */
#include "init/log_unacked.h"

static struct log_unacked_line *at(struct log_unacked *unacked, unsigned int index)
{
	return &unacked->lines[(unacked->first + index) % LOG_UNACKED_MAX];
}

void log_unacked_add(struct log_unacked *unacked, struct log_unacked_line line, size_t bytes)
{
	unacked->sent += bytes;
	line.end = unacked->sent;
	*at(unacked, unacked->count++) = line;
}

bool log_unacked_oldest(struct log_unacked *unacked, uint64_t waiting, struct log_unacked_line *line)
{
	if (unacked->count == 0 || at(unacked, 0)->end + waiting > unacked->sent)
		return false;
	*line = *at(unacked, 0);
	unacked->first = (unacked->first + 1) % LOG_UNACKED_MAX;
	unacked->count--;
	return true;
}

bool log_unacked_newest(struct log_unacked *unacked, struct log_unacked_line *line)
{
	if (unacked->count == 0)
		return false;
	*line = *at(unacked, --unacked->count);
	return true;
}
