/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registries: distribution-spec 1.1 over libcurl, and Docker's, which came before it. An image goes from a registry to the
 * local store and back; documents and layers stay the bytes they were.
 *
 * Where an image is looked for, and as whom, is said by the files that other tools have, too: places.h,
 * certificates.h, credentials.h. A host is spoken to without TLS only when it was named as insecure.
 * Nothing that was not verified stays in the store, and a name leads to an image only when all of it is there.
 *
 * Not for several threads at once. Waiting is bounded: each request by `timeout`, and its repetitions by `attempts`.
 */
#ifndef MKIMAGE_REGISTRY_REGISTRY_H
#define MKIMAGE_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "oci/image.h"
#include "tools/mkimage/source/store.h"

#define REGISTRY_TIMEOUT_SECONDS 30
#define REGISTRY_ATTEMPTS 5
#define REGISTRY_PARALLEL 4
#define REGISTRY_PAGES_MAX 1000		/* of a list of tags */

enum registry_event_kind {
	REGISTRY_THERE,			/* a blob that need not be moved */
	REGISTRY_MOVING,		/* `done` of `total` bytes */
	REGISTRY_MOVED,
	REGISTRY_AGAIN,			/* something went wrong that may go right the next time; `why` */
};

struct registry_event {
	enum registry_event_kind kind;
	const struct digest *digest;	/* NULL for a request that is not about a blob */
	uint64_t done, total;
	const char *why;
};

struct registry_options {
	const char *authfile, *certificates;	/* NULL: the usual places */
	const char *const *insecure;		/* hosts */
	size_t insecure_count;
	unsigned int timeout;			/* seconds in which something has to come; 0: the default */
	unsigned int attempts, parallel;	/* 0: the default */
	void (*report)(void *context, const struct registry_event *event);	/* may be NULL */
	void *context;
};

struct registry;

/* The options' strings are borrowed until the close. */
int registry_open(const struct registry_options *options, struct registry **registry, struct error *err);
void registry_close(struct registry *registry);

/*
 * Brings an image into the store under its normalised name, which it gives, with the digest the name stands for there.
 * Of an index it takes `platform` (NULL: this machine's), or all with "all"; the index is filed whole, so that its
 * digest stays. With a digest in the reference, that very document is taken. Each layer is read to its end as a tar.
 */
int registry_pull(struct registry *registry, struct store *store, const char *reference, const char *platform,
		  struct arena *arena, const char **name, struct digest *digest, struct error *err);

#endif
