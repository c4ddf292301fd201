/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thing asked of a registry, until it is had or cannot be: on the mirrors first, with a token where one is
 * wanted, along redirects (the token stays behind when they lead to another host), again after what may pass, and with
 * what came already when a body broke off.
 */
#ifndef MKIMAGE_REGISTRY_EXCHANGE_H
#define MKIMAGE_REGISTRY_EXCHANGE_H

#include "base/digest.h"
#include "tools/mkimage/registry/internal.h"

#define EXCHANGE_REDIRECTS_MAX 8
#define EXCHANGE_WAIT_MAX 60000		/* milliseconds, that a registry can ask for */
#define EXCHANGE_BACK_OFF_MAX 20000
/* With so much that came, the attempts begin anew: a long body over a bad line gets through. */
#define EXCHANGE_PROGRESS_BYTES (1u << 20)

/* Takes a body whose length is known. */
struct exchange_sink {
	int (*take)(void *context, const void *data, size_t length, struct error *err);
	int (*restart)(void *context, struct error *err);	/* from the first byte */
	void *context;
};

/*
 * Gives a body. `restart` comes before each try, and may change what is asked: url, content_range, length. It returns 1 where nothing
 * is left to be sent: then the exchange is done.
 */
struct exchange_source {
	int (*restart)(void *context, struct error *err);
	long (*give)(void *context, void *data, size_t length, struct error *err);
	void *context;
};

struct exchange {
	/* What is asked; all borrowed. */
	const struct place *places;	/* tried in order */
	size_t places_count;
	const char *method;
	const char *path;		/* behind /v2/REPOSITORY */
	const char *url;		/* instead of that: one that the registry gave for an upload */
	const char *accept, *content_type, *content_range;
	const char *actions;		/* "pull", "pull,push" */
	const char *text;		/* a body at hand */
	const struct exchange_source *source;
	uint64_t length;		/* of the body that is sent */
	const struct exchange_sink *sink;	/* NULL: the body goes to request.text */
	uint64_t size;			/* bytes the sink must get, or of all that is sent in the end */
	size_t text_max;
	const struct digest *digest;	/* for reports */
	int also_fine;			/* a status outside of 2xx that is an answer, too; 0 */
	/* Called when the body is whole, to look at it; may be NULL. What fails here is asked of the next place. */
	int (*finished)(void *context, struct exchange *exchange, struct error *err);
	void *context;

	/* What came of it. */
	struct http_request request;
	const struct place *place;	/* where it was had */
	struct host *host;

	/* Inside of exchange.c. */
	enum { EXCHANGE_NEW, EXCHANGE_RUNNING, EXCHANGE_DONE } state;
	struct registry *registry;
	size_t at;			/* of the places */
	unsigned int attempts, redirects, challenges;
	const char *redirect;
	int64_t not_before;
	uint64_t received, counted;
	bool body_began;
	struct error first;		/* what a mirror said */
	struct arena arena;
};

/*
 * Works on all until each is done, or one has failed, which is the error and ends the others. At most
 * registry->options.parallel at once. Released by the caller in any case.
 */
int exchange_run(struct registry *registry, struct exchange *const *exchanges, size_t count, struct error *err);
int exchange_one(struct registry *registry, struct exchange *exchange, struct error *err);

void exchange_release(struct exchange *exchange);

#endif
