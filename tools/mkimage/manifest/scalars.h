/* SPDX-License-Identifier: Apache-2.0 */
/* What values of a manifest are before they mean anything: each with the place where it was written. */
#ifndef MKIMAGE_MANIFEST_SCALARS_H
#define MKIMAGE_MANIFEST_SCALARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place {				/* where in the manifest; line and column from 1, line 0 is "nowhere" */
	const char *file;
	unsigned int line, column;
};

struct manifest_string {
	const char *value;		/* NULL where absent */
	struct place at;
};

struct manifest_strings {		/* `set` tells an empty list from an absent one */
	bool set;
	struct manifest_string *items;
	size_t count;
	struct place at;
};

struct manifest_pair {
	const char *key, *value;
	struct place at;
};

struct manifest_pairs {
	bool set;
	struct manifest_pair *items;
	size_t count;
};

struct manifest_bool {
	bool set, value;
	struct place at;
};

struct manifest_int {
	bool set;
	int64_t value;
	struct place at;
};

/* A uid or gid: a number, or the name of a container whose allocated id is meant. */
struct manifest_id {
	bool set;
	bool is_number;
	uint32_t number;
	const char *name;
	struct place at;
};

struct manifest_id_mapping {
	struct place at;
	struct manifest_int container_id, host_id, size;
};

struct manifest_id_mappings {
	bool set;
	struct manifest_id_mapping *items;
	size_t count;
};

#endif
