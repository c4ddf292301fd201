/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A message is one line, and says nothing to a terminal: what is quoted may have come from anywhere. */
static void tame(char *message)
{
	for (; *message; message++)
		if ((unsigned char)*message < ' ' || *message == 0x7f)
			*message = '?';
}

static int set(struct error *err, int number, const char *format, va_list ap)
{
	int n;

	if (!err)
		return -1;
	err->number = number;
	n = vsnprintf(err->message, sizeof(err->message), format, ap);
	if (number != 0 && n >= 0 && (size_t)n < sizeof(err->message))
		(void)snprintf(err->message + n, sizeof(err->message) - (size_t)n, ": %s", strerror(number));
	tame(err->message);
	return -1;
}

int error_set(struct error *err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)set(err, 0, format, ap);
	va_end(ap);
	return -1;
}

int error_errno(struct error *err, const char *format, ...)
{
	int number = errno;
	va_list ap;

	va_start(ap, format);
	(void)set(err, number, format, ap);
	va_end(ap);
	return -1;
}

int error_number(struct error *err, int number, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)set(err, number, format, ap);
	va_end(ap);
	return -1;
}

int error_context(struct error *err, const char *format, ...)
{
	char place[ERROR_MESSAGE_MAX / 2];
	size_t length, room;
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, format);
	(void)vsnprintf(place, sizeof(place) - 2, format, ap);
	va_end(ap);
	strcat(place, ": ");
	length = strlen(place);
	/* What does not fit any more is cut off at the end. */
	room = sizeof(err->message) - length;
	memmove(err->message + length, err->message, room);
	memcpy(err->message, place, length);
	err->message[sizeof(err->message) - 1] = '\0';
	tame(err->message);
	return -1;
}

void error_print(const struct error *err, const char *program)
{
	char line[ERROR_MESSAGE_MAX + 64];
	int n = snprintf(line, sizeof(line), "%s: %s\n", program, err->message);

	if (n >= (int)sizeof(line)) {
		n = (int)sizeof(line);
		line[n - 1] = '\n';
	}
	/* Nothing is left to tell when standard error itself is gone. */
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
