/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test leaves, written to a directory of the host. The machine that sends it is hostile: each path stays inside, nothing but
 * files and directories is made, none twice, and there is a limit for their number and their bytes. All of it appears at once or not at all.
 */
#ifndef SLIPWAY_TEST_ARTIFACTS_H
#define SLIPWAY_TEST_ARTIFACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define ARTIFACT_FILES_MAX 10000

struct artifacts {
	char *directory, *temporary;	/* owned; NULL: not open */
	int root, file;			/* directory; the file that is being written, -1: none */
	uint64_t bytes, bytes_max;
	size_t files;
};

/* An error where it is neither empty nor not there: what comes of two tests is not mixed. */
int artifacts_check(const char *directory, struct error *err);

/* Makes a directory beside `directory`, which must be empty or not there. Without its parent that is made, too. */
int artifacts_open(struct artifacts *artifacts, const char *directory, uint64_t bytes_max, struct error *err);

/* A file begins: `path` of `length` bytes, of any kind. Then its bytes, in pieces, and its end. */
int artifacts_file(struct artifacts *artifacts, const char *path, size_t length, bool executable, struct error *err);
int artifacts_bytes(struct artifacts *artifacts, const void *data, size_t length, struct error *err);
int artifacts_file_end(struct artifacts *artifacts, struct error *err);

/* Puts what has come in the place of `directory`. */
int artifacts_commit(struct artifacts *artifacts, struct error *err);

/* Takes away what was not committed; safe on an all-zero struct, and after a commit. */
void artifacts_close(struct artifacts *artifacts);

#endif
