/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a 401 to what is sent as Authorization: distribution's "Token Authentication Specification", "OAuth2 Token
 * Authentication", and RFC 7617. A password goes to the server that the registry names as its realm, as
 * that specification wants, but never without TLS unless that host is insecure by name.
 */
#include "tools/mkimage/registry/internal.h"

#include <string.h>

#include "base/buffer.h"
#include "oci/distribution.h"
#include "tools/mkimage/registry/credentials.h"
#include "tools/mkimage/source/base64.h"

#define TOKEN_SECONDS 60		/* "if omitted, this defaults to 60 seconds" */
#define TOKEN_SECONDS_MAX 3600
#define TOKEN_TRIES 3

const char *registry_granted(const struct registry *registry, const struct host *host, const char *scope)
{
	int64_t now = http_now();

	for (size_t i = registry->grants_count; i-- > 0;)
		if (registry->grants[i].host == host && strcmp(registry->grants[i].scope, scope) == 0)
			return registry->grants[i].expires > now ? registry->grants[i].authorization : NULL;
	return NULL;
}

static void grant(struct registry *registry, const struct host *host, const char *scope, const char *authorization,
		  int64_t expires)
{
	struct grant *grant = NULL;

	for (size_t i = 0; i < registry->grants_count && !grant; i++)
		if (registry->grants[i].host == host && strcmp(registry->grants[i].scope, scope) == 0)
			grant = &registry->grants[i];
	if (!grant)
		grant = arena_push(&registry->arena, &registry->grants, &registry->grants_count, sizeof(*grant));
	*grant = (struct grant){ host, arena_strdup(&registry->arena, scope),
				 arena_strdup(&registry->arena, authorization), expires };
}

static const char *basic(const struct credentials *who, struct arena *arena)
{
	const char *pair = arena_printf(arena, "%s:%s", who->user, who->password ? who->password : "");

	return arena_printf(arena, "Basic %s", base64_encode(pair, strlen(pair), arena));
}

/* What a header may hold: RFC 6750, 2.1 has fewer characters, and registries have more. */
static bool is_token(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* The host of the realm is one to trust as any other; a password needs TLS there. */
static int realm_host(struct registry *registry, const struct host *host, const char *realm, struct host **found,
		      struct arena *arena, struct error *err)
{
	bool secure = strncmp(realm, "https://", 8) == 0, plain = strncmp(realm, "http://", 7) == 0;
	const char *begin = realm + (secure ? 8 : 7), *name = NULL;
	bool insecure;

	if (secure || plain)
		name = arena_strndup(arena, begin, strcspn(begin, "/?#"));
	if (!name || !*name || strchr(name, '@'))
		return error_set(err, "'%.200s' is no token server", realm);
	insecure = (host->trust.insecure && strcmp(name, host->name) == 0) ||
		   places_is_named(name, registry->options.insecure, registry->options.insecure_count);
	if (plain && !insecure)
		return error_set(err, "the token server '%.200s' has no TLS; name '%s' as insecure if that is meant", realm,
				 name);
	return registry_host(registry, name, insecure, found, err);
}

static void add_query(struct buffer *url, const char *name, const char *value, struct arena *arena)
{
	if (!value)
		return;
	buffer_printf(url, "%s%s=%s", strchr(buffer_string(url), '?') ? "&" : "?", name, http_escape(value, arena));
}

/* The request for a token, in the arena. */
static void prepare(struct http_request *request, const struct challenge *challenge, const char *scope,
		    const struct credentials *who, const struct host *server, struct arena *arena)
{
	autobuffer struct buffer url = { 0 };

	*request = (struct http_request){ .method = "GET", .trust = &server->trust, .text_max = DISTRIBUTION_TOKEN_BYTES_MAX };
	buffer_add_string(&url, challenge->realm);
	if (who->identity_token) {
		autobuffer struct buffer form = { 0 };

		buffer_printf(&form, "grant_type=refresh_token&client_id=slipway&service=%s&scope=%s&refresh_token=%s",
			      http_escape(challenge->service ? challenge->service : "", arena), http_escape(scope, arena),
			      http_escape(who->identity_token, arena));
		request->method = "POST";
		request->body = arena_strdup(arena, buffer_string(&form));
		request->body_length = form.length;
		request->headers[0] = "Content-Type: application/x-www-form-urlencoded";
	} else {
		add_query(&url, "service", challenge->service, arena);
		add_query(&url, "scope", scope, arena);
		if (who->user)
			request->headers[0] = arena_printf(arena, "Authorization: %s", basic(who, arena));
	}
	request->url = arena_strdup(arena, buffer_string(&url));
}

static int take_token(struct registry *registry, const struct host *host, const char *scope,
		      const struct http_request *request, struct arena *arena, struct error *err)
{
	struct distribution_token token;
	const char *text;
	uint64_t seconds;

	if (distribution_token_parse(buffer_string(&request->text), request->text.length, arena, &token, err) < 0)
		return error_context(err, "the answer of the token server");
	text = token.token ? token.token : token.access_token;
	if (!text)
		return error_set(err, "the token server gave no token");
	if (!is_token(text))
		return error_set(err, "the token server gave a token that no header may hold");
	seconds = token.expires_in ? token.expires_in : TOKEN_SECONDS;
	if (seconds > TOKEN_SECONDS_MAX)
		seconds = TOKEN_SECONDS_MAX;
	/* A little early, so that it does not run out on the way. */
	grant(registry, host, scope, arena_printf(arena, "Bearer %s", text),
	      http_now() + (int64_t)seconds * 1000 * 9 / 10);
	return 0;
}

static bool is_passing(const struct http_request *request)
{
	return request->fault == HTTP_FAULT_BROKEN || (request->fault == HTTP_FINE && (request->status == 429 || request->status >= 500));
}

static int refused(const struct http_request *request, const struct host *host, bool anonymous, struct arena *arena,
		   struct error *err)
{
	const char *why = distribution_error_parse(buffer_string(&request->text), request->text.length, arena);

	if (request->fault != HTTP_FINE)
		return error_set(err, "%s", request->err.message);
	if (request->status == 401 || request->status == 403)
		return error_set(err, "access denied%s%s; %s 'podman login %s'", why ? ": " : "", why ? why : "",
				 anonymous ? "log in with" : "the password may be wrong: log in again with", host->name);
	return error_set(err, "status %d%s%s", request->status, why ? ": " : "", why ? why : "");
}

static int ask(struct registry *registry, const struct host *host, const struct challenge *challenge, const char *scope,
	       const struct credentials *who, struct arena *arena, struct error *err)
{
	struct http_request request = { 0 };
	struct host *server;
	int r = 0;

	if (realm_host(registry, host, challenge->realm, &server, arena, err) < 0)
		return -1;
	for (unsigned int n = 0; n < TOKEN_TRIES; n++) {
		http_release(&request);
		prepare(&request, challenge, scope, who, server, arena);
		if (n)
			r = http_work(registry->http, 500 << n, err);
		if (r == 0)
			r = http_start(registry->http, &request, err);
		while (r == 0 && !request.finished)
			r = http_work(registry->http, 1000, err);
		if (r < 0 || !is_passing(&request))
			break;
	}
	if (r == 0 && request.fault == HTTP_FINE && request.status == 200)
		r = take_token(registry, host, scope, &request, arena, err);
	else if (r == 0)
		r = refused(&request, host, !who->user && !who->identity_token, arena, err);
	http_release(&request);
	return r < 0 ? error_context(err, "token server '%.200s'", challenge->realm) : 0;
}

int registry_authenticate(struct registry *registry, const struct host *host, const char *repository, const char *scope,
			  const char *authenticate, struct error *err)
{
	struct arena arena = { 0 };
	struct challenge challenge;
	struct credentials who;
	int r = -1;

	if (challenge_parse(authenticate ? authenticate : "", &arena, &challenge, err) < 0 ||
	    credentials_find(registry->options.authfile, host->name, repository, &arena, &who, err) < 0) {
		r = -1;
	} else if (challenge.kind == CHALLENGE_BEARER) {
		r = ask(registry, host, &challenge, scope, &who, &arena, err);
	} else if (challenge.kind == CHALLENGE_BASIC && who.user) {
		grant(registry, host, scope, basic(&who, &arena), INT64_MAX);
		r = 0;
	} else if (challenge.kind == CHALLENGE_BASIC) {
		r = error_set(err, "access denied; log in with 'podman login %s'", host->name);
	} else {
		r = error_set(err, "access denied, and no way to authenticate that is known here (basic, bearer) is offered");
	}
	arena_release(&arena);
	return r;
}
