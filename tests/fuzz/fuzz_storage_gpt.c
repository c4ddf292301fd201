/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as the beginning of a disk whose partition is to grow, with a copy at its end. Whatever was grown can be mended. */
#include "init/storage/gpt.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoclose int fd = memfd_create("disk", MFD_CLOEXEC);
	struct error err;
	uint64_t grown;
	bool mended;

	if (fd < 0 || ftruncate(fd, 4 << 20) < 0 || write(fd, data, size) < 0 ||
	    (size > 512 && pwrite(fd, data + 512, size - 512, (4 << 20) - 512) < 0))
		return 0;
	for (unsigned int number = 0; number < 4; number++)
		(void)gpt_grow(fd, number, 34, &grown, &err);
	if (gpt_mend(fd, &mended, &err) == 0 && mended && (gpt_mend(fd, &mended, &err) < 0 || mended))
		abort();
	return 0;
}
