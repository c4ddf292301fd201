/* SPDX-License-Identifier: Apache-2.0 */
/* The service of bench/boot-wall.sh, and PID 1 of one of its machines: it says a line and stays. */
#include <unistd.h>

static const char line[] = "hello from a program\n";

int main(void)
{
	if (write(STDOUT_FILENO, line, sizeof(line) - 1) < 0)
		return 1;
	for (;;)
		(void)pause();
}
