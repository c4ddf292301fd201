/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/cleanup.h"
#include "tools/mkimage/registry/curl.h"

struct http {
	CURLM *multi;
	unsigned int timeout;		/* seconds */
};

/* The fields that are looked at. One that comes several times is joined by commas: RFC 9110, 5.3. */
static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{ "Content-Type", offsetof(struct http_request, content_type) },
	{ "Content-Range", offsetof(struct http_request, content_range) },
	{ "Location", offsetof(struct http_request, location) },
	{ "Link", offsetof(struct http_request, link) },
	{ "WWW-Authenticate", offsetof(struct http_request, authenticate) },
	{ "Retry-After", offsetof(struct http_request, retry_after) },
	{ "Docker-Content-Digest", offsetof(struct http_request, docker_digest) },
	{ "Range", offsetof(struct http_request, range) },
	{ "OCI-Subject", offsetof(struct http_request, subject) },
};

/* curl's codes that are more than a connection that broke. */
static const struct {
	CURLcode code;
	enum http_fault fault;
} faults[] = {
	{ CURLE_SSL_CONNECT_ERROR, HTTP_FAULT_TLS },
	{ CURLE_PEER_FAILED_VERIFICATION, HTTP_FAULT_TLS },
	{ CURLE_SSL_CERTPROBLEM, HTTP_FAULT_TLS },
	{ CURLE_SSL_CACERT_BADFILE, HTTP_FAULT_TLS },
	{ CURLE_SSL_ISSUER_ERROR, HTTP_FAULT_TLS },
	{ CURLE_URL_MALFORMAT, HTTP_FAULT_REFUSED },
	{ CURLE_UNSUPPORTED_PROTOCOL, HTTP_FAULT_REFUSED },
	{ CURLE_WRITE_ERROR, HTTP_FAULT_REFUSED },
	{ CURLE_ABORTED_BY_CALLBACK, HTTP_FAULT_REFUSED },
	{ CURLE_WEIRD_SERVER_REPLY, HTTP_FAULT_REFUSED },
	{ CURLE_BAD_CONTENT_ENCODING, HTTP_FAULT_REFUSED },
	{ CURLE_OUT_OF_MEMORY, HTTP_FAULT_REFUSED },
};

int64_t http_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t http_date(const char *text)
{
	return curl_load(NULL) < 0 ? -1 : curl.getdate(text, NULL);
}

const char *http_escape(const char *text, struct arena *arena)
{
	char *escaped = curl.easy_escape(NULL, text, 0);
	const char *copy;

	if (!escaped)
		arena_out_of_memory();
	copy = arena_strdup(arena, escaped);
	curl.free(escaped);
	return copy;
}

int http_open(unsigned int timeout, struct http **out, struct error *err)
{
	struct http *http;

	if (curl_load(err) < 0)
		return -1;
	http = calloc(1, sizeof(*http));
	if (!http)
		arena_out_of_memory();
	http->timeout = timeout;
	http->multi = curl.multi_init();
	if (!http->multi) {
		free(http);
		return error_set(err, "cannot start libcurl");
	}
	*out = http;
	return 0;
}

void http_close(struct http *http)
{
	if (!http)
		return;
	(void)curl.multi_cleanup(http->multi);
	free(http);
}

/* --- what comes ---------------------------------------------------------------------------- */

static void keep_field(struct http_request *r, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length), *value, *end = line + length;

	for (size_t i = 0; colon && i < ARRAY_SIZE(fields); i++) {
		const char **field = (const char **)(void *)((char *)r + fields[i].offset);

		if (strlen(fields[i].name) != (size_t)(colon - line) ||
		    strncasecmp(line, fields[i].name, (size_t)(colon - line)) != 0)
			continue;
		for (value = colon + 1; value < end && strchr(" \t", *value); value++)
			;
		while (end > value && strchr(" \t\r\n", end[-1]))
			end--;
		*field = arena_printf(&r->arena, "%s%s%.*s", *field ? *field : "", *field ? ", " : "",
				      (int)(end - value), value);
	}
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
	struct http_request *r = context;
	size_t length = size * count;

	r->header_bytes += length;
	if (r->header_bytes > HTTP_HEADER_BYTES_MAX) {
		(void)error_set(&r->err, "the response has more than %u bytes of headers", HTTP_HEADER_BYTES_MAX);
		return 0;
	}
	/* The headers of a "100 Continue", or of a proxy's answer, are not those of the response. */
	if (length > 5 && memcmp(line, "HTTP/", 5) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			*(const char **)(void *)((char *)r + fields[i].offset) = NULL;
	else if (!memchr(line, '\0', length))
		keep_field(r, line, length);
	return length;
}

static int status_of(struct http_request *r)
{
	long status = 0;

	(void)curl.easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

/* The length that was announced is known to be too much before the bytes come. */
static int check_text(struct http_request *r, size_t length)
{
	if (r->text.length + length > r->text_max)
		return error_set(&r->err, "the response has more than the %zu bytes allowed", r->text_max);
	return 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct http_request *r = context;
	size_t length = size * count;

	if (r->status == 0) {
		curl_off_t announced = -1;

		(void)curl.easy_getinfo(r->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
		r->content_length = announced;
		r->status = status_of(r);
	}
	if (r->write && r->status / 100 == 2)
		return r->write(r->context, data, length, &r->err) < 0 ? 0 : length;
	if (check_text(r, length) < 0)
		return 0;
	buffer_add(&r->text, data, length);
	return length;
}

static size_t give_body(char *data, size_t size, size_t count, void *context)
{
	struct http_request *r = context;
	long n = r->read(r->context, data, size * count, &r->err);

	return n < 0 ? CURL_READFUNC_ABORT : (size_t)n;
}

/* --- one request --------------------------------------------------------------------------- */

static void set_trust(CURL *easy, const struct http_trust *trust)
{
	if (!trust)
		return;
	if (trust->insecure) {
		(void)curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	/* The system's directory of CAs stays beside it. */
	if (trust->ca) {
		struct curl_blob ca = { (void *)(uintptr_t)trust->ca, strlen(trust->ca), CURL_BLOB_COPY };

		(void)curl.easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
	}
	if (trust->certificate) {
		(void)curl.easy_setopt(easy, CURLOPT_SSLCERT, trust->certificate);
		(void)curl.easy_setopt(easy, CURLOPT_SSLKEY, trust->key ? trust->key : trust->certificate);
	}
}

static void set_body(CURL *easy, struct http_request *r)
{
	if (strcmp(r->method, "HEAD") == 0)
		(void)curl.easy_setopt(easy, CURLOPT_NOBODY, 1L);
	if (r->read) {
		(void)curl.easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		(void)curl.easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
		(void)curl.easy_setopt(easy, CURLOPT_READDATA, r);
		(void)curl.easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body_length);
	} else if (r->body || strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0) {
		(void)curl.easy_setopt(easy, CURLOPT_POSTFIELDS, r->body ? r->body : "");
		(void)curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_length);
	}
}

static void set_bounds(CURL *easy, const struct http *http, const struct http_request *r)
{
	long timeout = (long)http->timeout;

	(void)curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, timeout);
	(void)curl.easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_SLOW_BYTES);
	(void)curl.easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, timeout);
	if (!r->write && !r->read)
		(void)curl.easy_setopt(easy, CURLOPT_TIMEOUT, timeout * HTTP_TEXT_SECONDS_MAX);
	/* Ours to decide about: see the head of http.h. */
	(void)curl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl.easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
}

static void set_headers(CURL *easy, struct http_request *r)
{
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < HTTP_HEADERS_MAX; i++)
		if (r->headers[i])
			list = curl.slist_append(list, r->headers[i]);
	/* Waiting for a "100 Continue" costs a second where a registry does not know it. */
	list = curl.slist_append(list, "Expect:");
	if (r->body_length == 0)
		list = curl.slist_append(list, "Content-Type:");
	r->list = list;
	(void)curl.easy_setopt(easy, CURLOPT_HTTPHEADER, list);
	(void)curl.easy_setopt(easy, CURLOPT_USERAGENT, "slipway/" SLIPWAY_VERSION);
}

int http_start(struct http *http, struct http_request *r, struct error *err)
{
	CURL *easy = curl.easy_init();

	if (!easy)
		arena_out_of_memory();
	r->easy = easy;
	r->http = http;
	r->content_length = -1;
	r->err = (struct error){ 0 };
	set_bounds(easy, http, r);
	set_trust(easy, r->trust);
	set_body(easy, r);
	set_headers(easy, r);
	(void)curl.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
	(void)curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl.easy_setopt(easy, CURLOPT_HEADERDATA, r);
	(void)curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl.easy_setopt(easy, CURLOPT_WRITEDATA, r);
	(void)curl.easy_setopt(easy, CURLOPT_PRIVATE, r);
	(void)curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, r->detail);
	if (curl.easy_setopt(easy, CURLOPT_URL, r->url) != CURLE_OK ||
	    curl.multi_add_handle(http->multi, easy) != CURLM_OK)
		return error_set(err, "cannot start a request for '%.300s'", r->url);
	return 0;
}

static enum http_fault fault_of(CURLcode code)
{
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (faults[i].code == code)
			return faults[i].fault;
	return code == CURLE_OK ? HTTP_FINE : HTTP_FAULT_BROKEN;
}

static void finish(struct http_request *r, CURLcode code)
{
	char *redirect = NULL;

	r->finished = true;
	r->status = status_of(r);
	r->fault = fault_of(code);
	if (r->err.message[0])
		r->fault = HTTP_FAULT_REFUSED; /* a callback said why it stopped the transfer */
	else if (code == CURLE_OUT_OF_MEMORY)
		(void)error_set(&r->err, "a header is too long, or memory is out"); /* libcurl does not tell which */
	else if (code != CURLE_OK)
		(void)error_set(&r->err, "%s", r->detail[0] ? r->detail : curl.easy_strerror(code));
	(void)curl.easy_getinfo(r->easy, CURLINFO_REDIRECT_URL, &redirect);
	r->redirect = redirect ? arena_strdup(&r->arena, redirect) : NULL;
}

int http_work(struct http *http, int milliseconds, struct error *err)
{
	int64_t until = http_now() + milliseconds;
	bool any = false;
	CURLMsg *message;
	int running, left;

	do {
		int64_t rest = until - http_now();

		if (curl.multi_perform(http->multi, &running) != CURLM_OK)
			return error_set(err, "libcurl failed");
		while ((message = curl.multi_info_read(http->multi, &left))) {
			char *request = NULL;

			if (message->msg != CURLMSG_DONE)
				continue;
			(void)curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
			finish((struct http_request *)(void *)request, message->data.result);
			any = true;
		}
		if (any || rest <= 0)
			return 0;
		if (curl.multi_poll(http->multi, NULL, 0, (int)rest, NULL) != CURLM_OK)
			return error_set(err, "libcurl failed");
	} while (true);
}

void http_release(struct http_request *r)
{
	if (r->easy) {
		(void)curl.multi_remove_handle(r->http->multi, r->easy);
		curl.easy_cleanup(r->easy);
	}
	if (r->list)
		curl.slist_free_all(r->list);
	buffer_release(&r->text);
	arena_release(&r->arena);
	*r = (struct http_request){ 0 };
}
