/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "oci/distribution.h"
#include "tools/mkimage/registry/header.h"

#define MIRROR_ATTEMPTS 2
#define BACK_OFF 500			/* milliseconds, doubled each time */

static const struct place *place_of(const struct exchange *e)
{
	return &e->places[e->at];
}

/* --- the body that comes -------------------------------------------------------------------------- */

static int begin_body(struct exchange *e, struct error *err)
{
	e->body_began = true;
	if (e->request.status == 206) {
		if (header_check_range(e->request.content_range, e->received, e->size, err) < 0)
			return -1;
	} else if (e->received > 0) {
		/* All of it again: this registry knows no ranges. */
		e->received = 0;
		if (e->sink->restart(e->sink->context, err) < 0)
			return -1;
	}
	if (e->request.content_length >= 0 && (uint64_t)e->request.content_length != e->size - e->received)
		return error_set(err, "the registry sends %" PRId64 " bytes, expected %" PRIu64, e->request.content_length,
				 e->size - e->received);
	return 0;
}

static int take(void *context, const void *data, size_t length, struct error *err)
{
	struct exchange *e = context;

	if (!e->body_began && begin_body(e, err) < 0)
		return -1;
	if (length > e->size - e->received)
		return error_set(err, "the registry sends more than the %" PRIu64 " bytes expected", e->size);
	if (e->sink->take(e->sink->context, data, length, err) < 0)
		return -1;
	e->received += length;
	registry_report(e->registry, &(struct registry_event){ .kind = REGISTRY_MOVING, .digest = e->digest,
							       .done = e->received, .total = e->size });
	return 0;
}

static long give(void *context, void *data, size_t length, struct error *err)
{
	struct exchange *e = context;
	long n = e->source->give(e->source->context, data, length, err);

	if (n > 0) {
		e->received += (uint64_t)n;
		registry_report(e->registry, &(struct registry_event){ .kind = REGISTRY_MOVING, .digest = e->digest,
								       .done = e->received, .total = e->size });
	}
	return n;
}

/* --- one request ---------------------------------------------------------------------------------- */

static const char *scope_of(const struct exchange *e, struct arena *arena)
{
	return arena_printf(arena, "repository:%s:%s", place_of(e)->repository, e->actions);
}

/* Scheme, host and port are those of the registry itself. */
static bool is_at_home(const struct exchange *e, const char *url, struct arena *arena)
{
	const char *origin = registry_origin(e->host, arena);
	size_t n = strlen(origin);

	return strncasecmp(url, origin, n) == 0 && (url[n] == '/' || url[n] == '?');
}

/* The trust of a host that a redirect leads to: never weaker than what the user said of it. */
static int trust_of(struct exchange *e, const char *url, const struct http_trust **trust, struct error *err)
{
	const char *name = strstr(url, "://"), *end;
	struct host *host;
	bool insecure;

	if (is_at_home(e, url, &e->arena)) {
		*trust = &e->host->trust;
		return 0;
	}
	name = name ? name + 3 : url;
	end = name + strcspn(name, "/?#");
	name = arena_strndup(&e->arena, name, (size_t)(end - name));
	if (strchr(name, '@'))
		name = strrchr(name, '@') + 1;
	insecure = places_is_named(name, e->registry->options.insecure, e->registry->options.insecure_count);
	if (registry_host(e->registry, name, insecure, &host, err) < 0)
		return -1;
	*trust = &host->trust;
	return 0;
}

static const char *target(struct exchange *e)
{
	if (e->redirect)
		return e->redirect;
	if (e->url)
		return e->url;
	return arena_printf(&e->arena, "%s/v2/%s%s", registry_origin(e->host, &e->arena), place_of(e)->repository, e->path);
}

static int start(struct exchange *e, struct error *err)
{
	const char *url, *authorization = NULL;
	unsigned int n = 0;

	http_release(&e->request);
	if (e->source) {
		int r = e->source->restart(e->source->context, err);

		if (r != 0) {
			e->state = EXCHANGE_DONE;
			return r < 0 ? -1 : 0;
		}
	}
	if (registry_host(e->registry, place_of(e)->host, place_of(e)->insecure, &e->host, err) < 0)
		return -1;
	url = target(e);
	e->place = place_of(e);
	e->body_began = false;
	e->request = (struct http_request){ .method = e->method, .url = url, .body = e->text, .body_length = e->length,
					    .text_max = e->text_max ? e->text_max : DISTRIBUTION_ERROR_BYTES_MAX };
	if (trust_of(e, url, &e->request.trust, err) < 0)
		return -1;
	if (is_at_home(e, url, &e->arena))
		authorization = registry_granted(e->registry, e->host, scope_of(e, &e->arena));
	if (authorization)
		e->request.headers[n++] = arena_printf(&e->arena, "Authorization: %s", authorization);
	if (e->accept)
		e->request.headers[n++] = arena_printf(&e->arena, "Accept: %s", e->accept);
	if (e->content_type)
		e->request.headers[n++] = arena_printf(&e->arena, "Content-Type: %s", e->content_type);
	if (e->sink) {
		e->request.write = take;
		e->request.context = e;
		if (e->received > 0)
			e->request.headers[n++] = arena_printf(&e->arena, "Range: bytes=%" PRIu64 "-%" PRIu64, e->received, e->size - 1);
	}
	if (e->content_range)
		e->request.headers[n++] = arena_printf(&e->arena, "Content-Range: %s", e->content_range);
	if (e->source) {
		e->request.read = give;
		e->request.context = e;
	}
	e->state = EXCHANGE_RUNNING;
	return http_start(e->registry->http, &e->request, err);
}

/* --- what comes of it ----------------------------------------------------------------------------- */

/* What the registry said, as an error of ours. */
static int describe(struct exchange *e, struct error *err)
{
	const struct http_request *r = &e->request;
	const char *where = e->redirect ? arena_strndup(&e->arena, e->redirect, strcspn(e->redirect, "?")) : e->place->host;
	const char *what = e->path ? arena_printf(&e->arena, "/v2/%s%s", e->place->repository, e->path) : "an upload";
	const char *why = distribution_error_parse(buffer_string(&r->text), r->text.length, &e->arena);

	if (r->fault == HTTP_FINE)
		error_set(err, "status %d%s%s", r->status, why ? ": " : "", why ? why : "");
	else
		error_set(err, "%.300s%s", r->err.message,
			  r->fault == HTTP_FAULT_TLS && !e->place->insecure ? "; name the host with --insecure where that is meant" : "");
	return error_context(err, "%.200s: %s %.300s", where, e->method, what);
}

/* The next place, or the end. */
static int give_up(struct exchange *e, struct error *err)
{
	if (e->at + 1 == e->places_count) {
		/* What happened on the way here is told, too. */
		if (err && e->first.message[0])
			return error_set(err, "%.450s (and before that, %.450s)", err->message, e->first.message);
		return -1;
	}
	if (err && !e->first.message[0])
		e->first = *err;
	registry_report(e->registry, &(struct registry_event){ .kind = REGISTRY_AGAIN, .digest = e->digest,
							       .why = err ? err->message : "" });
	e->at++;
	e->attempts = e->redirects = e->challenges = 0;
	e->redirect = NULL;
	e->not_before = 0;
	e->state = EXCHANGE_NEW;
	/* Nothing of what a mirror gave is taken for a part of what another has. */
	e->received = e->counted = 0;
	return e->sink ? e->sink->restart(e->sink->context, err) : 0;
}

/* RFC 9110, 10.2.3, in milliseconds; 0 where nothing was said. */
static int64_t asked_to_wait(const struct http_request *r)
{
	const char *text = r->retry_after;
	int64_t seconds;

	if (!text || !*text)
		return 0;
	if (strspn(text, "0123456789") == strlen(text))
		seconds = strlen(text) > 9 ? INT32_MAX : strtol(text, NULL, 10);
	else
		seconds = http_date(text) - (int64_t)time(NULL);
	return seconds < 0 ? 0 : seconds * 1000;
}

/* Doubled each time; with a random part, so that many clients do not come back together. */
static int64_t back_off(unsigned int attempts)
{
	int64_t wait = attempts < 8 ? (int64_t)BACK_OFF << (attempts - 1) : EXCHANGE_BACK_OFF_MAX;
	unsigned char random = 128;

	(void)!getrandom(&random, 1, GRND_NONBLOCK);
	if (wait > EXCHANGE_BACK_OFF_MAX)
		wait = EXCHANGE_BACK_OFF_MAX;
	return wait * (192 + random / 2) / 256;
}

static int again(struct exchange *e, struct error *err)
{
	unsigned int most = e->at + 1 < e->places_count ? MIRROR_ATTEMPTS : e->registry->options.attempts;
	int64_t asked = e->request.fault == HTTP_FINE ? asked_to_wait(&e->request) : 0;

	if (e->sink && e->received >= e->counted + EXCHANGE_PROGRESS_BYTES)
		e->attempts = 0;
	e->counted = e->received;
	(void)describe(e, err);
	if (asked > EXCHANGE_WAIT_MAX) {
		(void)error_context(err, "the registry asks to wait %" PRId64 " seconds", asked / 1000);
		return give_up(e, err);
	}
	if (++e->attempts >= most)
		return give_up(e, err);
	registry_report(e->registry, &(struct registry_event){ .kind = REGISTRY_AGAIN, .digest = e->digest,
							       .why = err ? err->message : "" });
	/* From the top: what a redirect led to may have run out. */
	e->redirect = NULL;
	e->redirects = 0;
	e->not_before = http_now() + (asked ? asked : back_off(e->attempts));
	e->state = EXCHANGE_NEW;
	return 0;
}

static int follow(struct exchange *e, struct error *err)
{
	const char *to = e->request.redirect;
	bool from_plain = strncmp(e->request.url, "http://", 7) == 0;

	if (!to)
		(void)error_set(err, "a redirect that does not say where to");
	else if (strcmp(e->method, "GET") != 0 && strcmp(e->method, "HEAD") != 0)
		(void)error_set(err, "a redirect of something that is sent");
	else if (++e->redirects > EXCHANGE_REDIRECTS_MAX)
		(void)error_set(err, "more than %d redirects", EXCHANGE_REDIRECTS_MAX);
	else if (strncasecmp(to, "https://", 8) != 0 && !(from_plain && strncasecmp(to, "http://", 7) == 0))
		(void)error_set(err, "a redirect to '%.200s', which has no TLS", to);
	else {
		e->redirect = arena_strdup(&e->arena, to);
		e->state = EXCHANGE_NEW;
		return 0;
	}
	(void)error_context(err, "%s: %s", e->place->host, e->path ? e->path : "an upload");
	return give_up(e, err);
}

static int challenged(struct exchange *e, struct error *err)
{
	/* Elsewhere, nobody has our name; and who was given a fresh token does not need another. */
	if (e->challenges++ || !is_at_home(e, e->request.url, &e->arena)) {
		(void)describe(e, err);
		(void)error_context(err, "access denied");
		return give_up(e, err);
	}
	if (registry_authenticate(e->registry, e->host, e->place->repository, scope_of(e, &e->arena), e->request.authenticate,
				  err) < 0) {
		(void)error_context(err, "%s", e->place->host);
		return give_up(e, err);
	}
	e->redirect = NULL;
	e->state = EXCHANGE_NEW;
	return 0;
}

static int succeed(struct exchange *e, struct error *err)
{
	struct http_request *r = &e->request;

	if (e->sink && r->status != 200 && r->status != 206) {
		(void)describe(e, err);
		return give_up(e, err);
	}
	if (e->sink && e->received < e->size) {
		r->fault = HTTP_FAULT_BROKEN;
		(void)error_set(&r->err, "the body ended after %" PRIu64 " of %" PRIu64 " bytes", e->received, e->size);
		return again(e, err);
	}
	if (e->finished && e->finished(e->context, e, err) < 0) {
		(void)error_context(err, "%s: %s", e->place->host, e->path ? e->path : "an upload");
		return give_up(e, err);
	}
	e->state = EXCHANGE_DONE;
	return 0;
}

static bool may_pass(int status)
{
	return status == 408 || status == 425 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

static int judge(struct exchange *e, struct error *err)
{
	const struct http_request *r = &e->request;

	if (r->fault == HTTP_FAULT_BROKEN)
		return again(e, err);
	if (r->fault == HTTP_FAULT_TLS && place_of(e)->insecure && !e->host->plain && !e->redirect && !e->url) {
		e->host->plain = true;
		e->state = EXCHANGE_NEW;
		return 0;
	}
	if (r->fault == HTTP_FINE) {
		if (r->status / 100 == 2 || (e->also_fine && r->status == e->also_fine))
			return succeed(e, err);
		if (r->status == 301 || r->status == 302 || r->status == 303 || r->status == 307 || r->status == 308)
			return follow(e, err);
		if (r->status == 401)
			return challenged(e, err);
		/* The registry has less, more or nothing of it: what it has is asked before the next try. */
		if (e->source && (r->status == 416 || r->status == 404))
			return again(e, err);
		if (e->sink && r->status == 416 && e->received > 0) {
			e->received = 0;
			if (e->sink->restart(e->sink->context, err) < 0)
				return -1;
			return again(e, err);
		}
		if (may_pass(r->status))
			return again(e, err);
	}
	(void)describe(e, err);
	return give_up(e, err);
}

/* --- many at once --------------------------------------------------------------------------------- */

/* Starts what may be; says how long there is nothing to start. */
static int start_some(struct registry *registry, struct exchange *const *exchanges, size_t count, int *wait,
		      struct error *err)
{
	unsigned int running = 0;
	int64_t now = http_now();

	*wait = 1000;
	for (size_t i = 0; i < count; i++)
		running += exchanges[i]->state == EXCHANGE_RUNNING;
	for (size_t i = 0; i < count && running < registry->options.parallel; i++) {
		if (exchanges[i]->state != EXCHANGE_NEW)
			continue;
		if (exchanges[i]->not_before > now) {
			if (exchanges[i]->not_before - now < *wait)
				*wait = (int)(exchanges[i]->not_before - now);
			continue;
		}
		if (start(exchanges[i], err) < 0)
			return -1;
		running++;
	}
	return 0;
}

int exchange_run(struct registry *registry, struct exchange *const *exchanges, size_t count, struct error *err)
{
	struct error own = { 0 };
	size_t done;
	int wait;

	if (!err)
		err = &own;
	for (size_t i = 0; i < count; i++)
		exchanges[i]->registry = registry;
	do {
		if (start_some(registry, exchanges, count, &wait, err) < 0 || http_work(registry->http, wait, err) < 0)
			return -1;
		done = 0;
		for (size_t i = 0; i < count; i++) {
			struct exchange *e = exchanges[i];

			if (e->state == EXCHANGE_RUNNING && e->request.finished && judge(e, err) < 0)
				return -1;
			done += e->state == EXCHANGE_DONE;
		}
	} while (done < count);
	return 0;
}

int exchange_one(struct registry *registry, struct exchange *exchange, struct error *err)
{
	return exchange_run(registry, &exchange, 1, err);
}

void exchange_release(struct exchange *exchange)
{
	http_release(&exchange->request);
	arena_release(&exchange->arena);
	exchange->redirect = NULL;
}
