/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/oom.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"

int oom_score_adjust(int value, struct error *err)
{
	autoclose int fd = openat(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", value);

	if (fd < 0 || write(fd, text, (size_t)n) != n)
		return error_errno(err, "process.oomScoreAdj: cannot set %d", value);
	return 0;
}
