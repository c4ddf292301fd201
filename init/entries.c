/* SPDX-License-Identifier: Apache-2.0 */
#include "init/entries.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

struct dirent_raw {			/* getdents64(2) */
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

int entries_visit(const char *directory, int (*visit)(int dirfd, const char *name, void *context), void *context)
{
	_Alignas(struct dirent_raw) char entries[2048];
	autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n;

	if (fd < 0) {
		/* A machine without such devices has no such directory. */
		if (errno != ENOENT)
			log_warning("cannot open '%s': %s", directory, strerror(errno));
		return -1;
	}
	while ((n = syscall(SYS_getdents64, fd, entries, sizeof(entries))) > 0)
		for (long at = 0; at < n;) {
			const struct dirent_raw *entry = (const void *)(entries + at);
			int r = entry->name[0] == '.' ? -1 : visit(fd, entry->name, context);

			if (r != -1)
				return r;
			at += entry->length;
		}
	if (n < 0)
		log_warning("cannot read '%s': %s", directory, strerror(errno));
	return -1;
}
