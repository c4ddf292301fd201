/* SPDX-License-Identifier: Apache-2.0 */
/* What is on a device, as libblkid and a look at its bytes tell. Nothing here writes. */
#ifndef INIT_STORAGE_PROBE_H
#define INIT_STORAGE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define PROBE_EDGE (1u << 20)		/* a blank device has nothing but zeros in so many first and last bytes */
#define PROBE_TEXT 64

struct probe {
	int error;			/* errno where it could not be read; nothing else counts then */
	bool readonly;
	uint64_t size;			/* bytes */
	bool ambiguous;			/* there are signatures of more than one thing */
	char type[PROBE_TEXT];		/* "ext4", "crypto_LUKS", "swap"; "" where nothing is known */
	char table[PROBE_TEXT];		/* a partition table: "gpt", "dos" */
	char label[PROBE_TEXT], uuid[PROBE_TEXT];
	char part_label[PROBE_TEXT], part_uuid[PROBE_TEXT], part_type[PROBE_TEXT];	/* of the partition it is */
	bool zeros;			/* in the first and the last PROBE_EDGE bytes */
	bool begun;			/* something of ours was being made when the power went */
	bool damaged_ext;		/* the magic of an ext file system, whose superblock is not right */
};

/* Looks at the open device or file. */
void probe_device(int fd, struct probe *probe);

#endif
