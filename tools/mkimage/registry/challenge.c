/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/challenge.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* RFC 9110, 5.6.2: token */
static const char token_characters[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static const struct {
	const char *name;
	enum challenge_kind kind;
} schemes[] = {
	{ "Basic", CHALLENGE_BASIC },
	{ "Bearer", CHALLENGE_BEARER },
};

static const struct {
	const char *name;
	size_t offset;
} parameters[] = {
	{ "realm", offsetof(struct challenge, realm) },
	{ "service", offsetof(struct challenge, service) },
	{ "scope", offsetof(struct challenge, scope) },
};

struct scanner {
	const char *at;
	struct arena *arena;
};

static void skip(struct scanner *s, const char *characters)
{
	s->at += strspn(s->at, characters);
}

/* NULL where there is none. */
static const char *take_token(struct scanner *s)
{
	size_t n = strspn(s->at, token_characters);
	const char *token = n ? arena_strndup(s->arena, s->at, n) : NULL;

	s->at += n;
	return token;
}

/* RFC 9110, 5.6.4: quoted-string. NULL where it does not end, or holds what no header may. */
static const char *take_quoted(struct scanner *s)
{
	char *text = arena_alloc(s->arena, strlen(s->at) + 1), *out = text;

	for (const char *p = s->at + 1; *p; p++) {
		if (*p == '"') {
			s->at = p + 1;
			return text;
		}
		if (*p == '\\' && *++p == '\0')
			return NULL;
		if ((unsigned char)*p < ' ' && *p != '\t')
			return NULL;
		*out++ = *p;
	}
	return NULL;
}

static void keep(struct challenge *challenge, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++)
		if (strcasecmp(parameters[i].name, name) == 0)
			*(const char **)(void *)((char *)challenge + parameters[i].offset) = value;
}

/* name=value pairs, until the end or the scheme of the next challenge, whose name is given back. */
static int take_parameters(struct scanner *s, struct challenge *challenge, const char **next, struct error *err)
{
	const char *name, *value;

	*next = NULL;
	for (unsigned int n = 0; n <= CHALLENGE_PARAMETERS_MAX; n++) {
		skip(s, ", \t");
		if (*s->at == '\0')
			return 0;
		name = take_token(s);
		if (!name)
			return error_set(err, "the WWW-Authenticate field of the registry cannot be read");
		if (*s->at != '=') {
			*next = name;
			return 0;
		}
		s->at++;
		value = *s->at == '"' ? take_quoted(s) : take_token(s);
		if (!value)
			return error_set(err, "the WWW-Authenticate field of the registry cannot be read: "
					      "no value for '%.40s'", name);
		keep(challenge, name, value);
	}
	return error_set(err, "the WWW-Authenticate field of the registry has more than %d parameters",
			 CHALLENGE_PARAMETERS_MAX);
}

static enum challenge_kind find_scheme(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strcasecmp(schemes[i].name, name) == 0)
			return schemes[i].kind;
	return CHALLENGE_NONE;
}

int challenge_parse(const char *value, struct arena *arena, struct challenge *challenge, struct error *err)
{
	struct scanner s = { .at = value, .arena = arena };
	struct challenge best = { 0 };
	const char *name;

	skip(&s, ", \t");
	name = take_token(&s);
	for (unsigned int n = 0; name; n++) {
		struct challenge one = { .kind = find_scheme(name) };

		if (n == CHALLENGES_MAX)
			return error_set(err, "the registry offers more than %d ways to authenticate", CHALLENGES_MAX);
		if (take_parameters(&s, &one, &name, err) < 0)
			return -1;
		if (one.kind > best.kind && (one.kind != CHALLENGE_BEARER || one.realm))
			best = one;
	}
	if (*s.at)
		return error_set(err, "the WWW-Authenticate field of the registry cannot be read");
	*challenge = best;
	return 0;
}
