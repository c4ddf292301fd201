/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests through libcurl, several at once in one thread. A request is sent once: who asked decides about
 * redirects, passwords and another try (exchange.h), so that nothing is ever sent to a host by itself.
 *
 * Bounds: HTTP_HEADER_BYTES_MAX of headers, a text of `text_max` bytes, and a transfer that stands still, or crawls, for
 * `timeout` seconds is ended. Proxies are those of the environment (https_proxy, no_proxy, ...).
 */
#ifndef MKIMAGE_REGISTRY_HTTP_H
#define MKIMAGE_REGISTRY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#define HTTP_HEADER_BYTES_MAX (64u << 10)
#define HTTP_HEADERS_MAX 6
#define HTTP_SLOW_BYTES 512		/* a second, below which a transfer crawls */
#define HTTP_TEXT_SECONDS_MAX 4		/* times the timeout, for a whole text */

struct http;

int http_open(unsigned int timeout, struct http **http, struct error *err);
void http_close(struct http *http);

/* How a host is to be reached. */
struct http_trust {
	bool insecure;			/* any certificate will do */
	const char *ca;			/* PEM of CAs that are trusted besides the system's; NULL */
	const char *certificate, *key;	/* files, of ours; NULL */
};

enum http_fault {
	HTTP_FINE,
	HTTP_FAULT_BROKEN,		/* no connection, or one that broke: may be better the next time */
	HTTP_FAULT_TLS,			/* no TLS there, or no trust in it */
	HTTP_FAULT_REFUSED,		/* by us: too much came, or the sink failed */
};

struct http_request {
	/* What is asked; all borrowed. */
	const char *method, *url;
	const char *headers[HTTP_HEADERS_MAX];	/* "Accept: ..." */
	const struct http_trust *trust;
	/* The body: bytes at hand, or `read` until it returns 0 (-1 with the error); `body_length` is exact. */
	const char *body;
	long (*read)(void *context, void *data, size_t length, struct error *err);
	uint64_t body_length;
	/* Takes the body of a response of 2xx, in pieces; NULL: it goes to `text`, as all others do. */
	int (*write)(void *context, const void *data, size_t length, struct error *err);
	void *context;
	size_t text_max;

	/* What came of it. */
	bool finished;
	int status;			/* 0 where no response came */
	enum http_fault fault;
	struct error err;		/* of the fault */
	struct buffer text;
	const char *content_type, *content_range, *location, *link, *authenticate, *retry_after, *docker_digest;
	const char *subject;		/* OCI-Subject */
	const char *range;		/* of an upload: "0-1023" is there */
	int64_t content_length;		/* -1: not said */
	const char *redirect;		/* where `location` leads, whole */

	/* Inside of http.c. */
	void *easy, *list;
	struct http *http;
	struct arena arena;		/* of the strings above */
	size_t header_bytes;
	char detail[256];		/* CURL_ERROR_SIZE: what curl says */
};

/* The request must not move until it is released. */
int http_start(struct http *http, struct http_request *request, struct error *err);

/* Works on all requests that were started, until one is finished or `milliseconds` have passed. */
int http_work(struct http *http, int milliseconds, struct error *err);

/* Frees what came, or ends what is under way. The request can be filled anew. Safe on an all-zero one. */
void http_release(struct http_request *request);

/* Percent-encoded, for a query or a form. */
const char *http_escape(const char *text, struct arena *arena);

/* Seconds since the epoch of a date in a header, -1 where it is none. */
int64_t http_date(const char *text);

/* Milliseconds of a clock that only goes forward. */
int64_t http_now(void);

#endif
