/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <strings.h>

#include "base/cleanup.h"

/* What the kernel counts from and to; a C library keeps some of the real-time signals for itself. */
#define KERNEL_RTMIN 34
#define KERNEL_SIGNAL_MAX 64

#define ROW(name) { #name, SIG##name }

static const struct {
	const char *name;
	int number;
} rows[] = {
	ROW(HUP), ROW(INT), ROW(QUIT), ROW(ILL), ROW(TRAP), ROW(ABRT), ROW(IOT), ROW(BUS), ROW(FPE), ROW(KILL),
	ROW(USR1), ROW(SEGV), ROW(USR2), ROW(PIPE), ROW(ALRM), ROW(TERM), ROW(STKFLT), ROW(CHLD), ROW(CONT),
	ROW(STOP), ROW(TSTP), ROW(TTIN), ROW(TTOU), ROW(URG), ROW(XCPU), ROW(XFSZ), ROW(VTALRM), ROW(PROF),
	ROW(WINCH), ROW(IO), ROW(POLL), ROW(PWR), ROW(SYS),
};

static int number(const char *text, int low, int high)
{
	char *end;
	long n = strtol(text, &end, 10);

	return end == text || *end || n < low || n > high ? -1 : (int)n;
}

int signal_find(const char *text)
{
	if (*text >= '0' && *text <= '9')
		return number(text, 0, KERNEL_SIGNAL_MAX);
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcasecmp(rows[i].name, text) == 0)
			return rows[i].number;
	if (strcasecmp(text, "RTMIN") == 0)
		return KERNEL_RTMIN;
	if (strcasecmp(text, "RTMAX") == 0)
		return KERNEL_SIGNAL_MAX;
	if (strncasecmp(text, "RTMIN+", 6) == 0 && number(text + 6, 0, KERNEL_SIGNAL_MAX - KERNEL_RTMIN) >= 0)
		return KERNEL_RTMIN + number(text + 6, 0, KERNEL_SIGNAL_MAX - KERNEL_RTMIN);
	if (strncasecmp(text, "RTMAX-", 6) == 0 && number(text + 6, 0, KERNEL_SIGNAL_MAX - KERNEL_RTMIN) >= 0)
		return KERNEL_SIGNAL_MAX - number(text + 6, 0, KERNEL_SIGNAL_MAX - KERNEL_RTMIN);
	return -1;
}
