/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no single value says: names that must be there, names that must not be
 * there twice, keys that do not go together. The syntax of each value is the schema's.
 */
#ifndef MKIMAGE_MANIFEST_CHECK_H
#define MKIMAGE_MANIFEST_CHECK_H

#include "tools/mkimage/manifest/manifest.h"

/* Where a container is written; a bit each, for the table of keys that are not for all. */
enum check_stage { CHECK_ONBOOT = 1, CHECK_SERVICES = 2, CHECK_ONSHUTDOWN = 4, CHECK_LABEL = 8, CHECK_EMERGENCY = 16 };

struct checker {
	const struct manifest *manifest;	/* NULL for a label, that cannot know names */
	struct arena *arena;
	struct error *err;
};

int check_manifest(struct checker *checker, const struct manifest *manifest);

/* `where` is "services[0]", or "" for a label. */
int check_container(struct checker *checker, const struct manifest_container *container, const char *where,
		    enum check_stage stage);

/* supervision.c: `ready`, `health`, `schedule`, `credentials`. */
int check_supervision(struct checker *checker, const struct manifest_container *container, const char *where);

/* order.c: `after` and `requires` name services, and none waits for itself. Their own names are checked. */
int check_order(struct checker *checker, const struct manifest_containers *services);

/* storage.c: which disk is meant, what may be made of it, and what volumes need. */
int check_storage(struct checker *checker, const struct manifest *manifest);

/* trust.c: what each rule asks for. */
int check_trust(struct checker *checker, const struct manifest *manifest);

/* test.c: there is a service that is the test. */
int check_test(struct checker *checker, const struct manifest *manifest);

/* "FILE:LINE:COLUMN: where.key: problem"; returns -1. Either of the two may be "". For all files. */
int check_fail(struct checker *checker, const struct place *at, const char *where, const char *key,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* An id by name must be that of a container of the manifest, or root. `id` that is a number or absent is fine. */
int check_id(struct checker *checker, const struct manifest_id *id, const char *where, const char *key);

#endif
