/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's buffer of messages: Documentation/ABI/testing/dev-kmsg. */
#include "init/dmesg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/session.h"

bool dmesg_parse(char *text, size_t length, struct dmesg_record *record)
{
	char *message, *end;
	unsigned long priority;

	text[length] = '\0';
	message = strchr(text, ';');
	if (!message)
		return false;
	*message++ = '\0';
	priority = strtoul(text, &end, 10);
	if (end == text || *end != ',')
		return false;
	record->priority = (unsigned int)priority & 7;
	record->facility = (unsigned int)priority >> 3;
	record->sequence = strtoull(end + 1, &end, 10);
	if (*end != ',')
		return false;
	record->monotonic_us = (int64_t)strtoull(end + 1, &end, 10);
	/* Behind the message's own line stand lines that begin with a space: what the kernel knows of the device. */
	message[strcspn(message, "\n")] = '\0';
	record->text = message;
	return true;
}

int64_t dmesg_boot_time(void)
{
	struct timespec real, monotonic;

	(void)clock_gettime(CLOCK_REALTIME, &real);
	(void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
	return (int64_t)(real.tv_sec - monotonic.tv_sec) * 1000000 + (real.tv_nsec - monotonic.tv_nsec) / 1000;
}

int session_dmesg(const struct machine *machine, int client, const struct record *request, struct error *err)
{
	autobuffer struct buffer out = { 0 };
	autoclose int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char text[DMESG_BYTES_MAX + 1];
	int64_t boot = dmesg_boot_time();
	ssize_t n;

	(void)machine;
	(void)request;
	if (fd < 0)
		return error_errno(err, "cannot open '/dev/kmsg'");
	session_begin(client);
	/* EPIPE: some were overwritten meanwhile, and the next is there. */
	while ((n = read(fd, text, DMESG_BYTES_MAX)) > 0 || (n < 0 && (errno == EPIPE || errno == EINTR))) {
		struct dmesg_record r;

		if (n < 0 || !dmesg_parse(text, (size_t)n, &r))
			continue;
		record_begin(&out, "line");
		record_add_number(&out, "realtime_us", boot + r.monotonic_us);
		record_add_number(&out, "monotonic_us", r.monotonic_us);
		record_add_number(&out, "priority", r.priority);
		record_add_number(&out, "facility", r.facility);
		record_add_number(&out, "sequence", (int64_t)r.sequence);
		record_add(&out, "text", r.text);
		record_end(&out);
		session_send(client, &out);
	}
	buffer_add_string(&out, "end\n");
	session_send(client, &out);
	return 0;
}
