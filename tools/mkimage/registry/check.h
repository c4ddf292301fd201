/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that have come are looked through by threads of their own, while others are still on their way. */
#ifndef MKIMAGE_REGISTRY_CHECK_H
#define MKIMAGE_REGISTRY_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "tools/mkimage/source/store.h"

#define CHECK_THREADS_MAX 4

struct check_job {
	struct store_writer *writer;	/* verified; put in place when the layer is sound */
	const struct digest *digest, *diff_id;	/* no diff_id: it is no layer, and put in place as it is */
	uint64_t size;
	struct check_job *next;		/* of check.c */
};

struct check;

struct check *check_new(void);
/* The job stays the caller's, and must stay where it is until check_finish(). */
void check_add(struct check *check, struct check_job *job);
/* One has failed: no use to go on. */
bool check_failed(struct check *check);
/* Waits for all, and frees the check. The error is that of the first that failed. */
int check_finish(struct check *check, struct error *err);

#endif
