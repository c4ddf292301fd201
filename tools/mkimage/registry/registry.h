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
#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "oci/image.h"
#include "tools/mkimage/source/store.h"

#define REGISTRY_TIMEOUT_SECONDS 30
#define REGISTRY_ATTEMPTS 5
#define REGISTRY_PARALLEL 4
#define REGISTRY_PAGES_MAX 1000		/* of a list of tags */
#define REGISTRY_REFERRERS_PAGES_MAX 64	/* of a list of referrers, each a document */
#define REGISTRY_REFERRERS_LISTED_MAX 10000

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

/* Which signatures go along with an image. */
enum registry_signing {
	REGISTRY_SIGNING_NONE,
	REGISTRY_SIGNING_STORE,		/* those that the store has of it, under the name it is sent from */
	REGISTRY_SIGNING_SOURCE,	/* those that its own registry has now, which go to the store first */
};

/*
 * Sends an image of the store to a registry, under `to`. An index is sent whole and needs all its platforms; with
 * `platform`, that one image is sent alone. What the registry has is left out; what it has in the repository
 * `from` (NULL: none) it is asked to take from there. Signatures of each document go before it, and what the registry has of
 * them stays: the tag of cosign is replaced only by one with all that it had.
 */
int registry_push(struct registry *registry, struct store *store, const char *reference, const char *to,
		  const char *platform, const char *from, enum registry_signing signing, struct arena *arena,
		  struct digest *digest, struct error *err);

/* The tags of a repository. */
int registry_tags(struct registry *registry, const char *repository, struct arena *arena, struct oci_strings *tags,
		  struct error *err);

/* The digest that a name stands for in the registry, and its document (manifest or index) appended to `text`. */
int registry_look(struct registry *registry, const char *reference, struct arena *arena, struct digest *digest,
		  struct buffer *text, struct error *err);

/* What refers to the digest of a name (signatures, SBOMs, ...), from the API or the tag of the digest; may be empty. */
int registry_referrers(struct registry *registry, const char *reference, struct arena *arena, struct oci_index *index,
		       struct error *err);

/*
 * Brings the signatures of a document of the repository of `reference` into the store, beside what is there: those of cosign's
 * tag, and those that refer to it, as store_signatures.h files them. Of all that refers to it only what can be a
 * signature is taken; at most REGISTRY_REFERRERS_MAX, and REGISTRY_SIGNATURES_BYTES_MAX together. None is not an error.
 */
#define REGISTRY_REFERRERS_MAX 128
#define REGISTRY_SIGNATURES_BYTES_MAX (16u << 20)
int registry_signatures(struct registry *registry, struct store *store, const char *reference, const struct digest *digest,
			struct error *err);

/* Takes the document of a name, and with it all its tags, out of the registry. */
int registry_delete(struct registry *registry, const char *reference, struct arena *arena, struct error *err);

#endif
