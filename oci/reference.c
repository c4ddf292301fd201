/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/reference.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_REGISTRY "docker.io"
#define OFFICIAL_PREFIX "library/"

/* distribution's limits */
#define REPOSITORY_LENGTH_MAX 255
#define TAG_LENGTH_MAX 128

static const char lower_alnum[] = "0123456789abcdefghijklmnopqrstuvwxyz";
static const char alnum[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* The pieces of a text, as they were found; each NULL or in the arena. */
struct pieces {
	char *domain, *path, *tag, *digest;
};

/* What is wrong with a text, after its name. Returns -1. */
static int refuse(const char *text, struct error *err, const char *why)
{
	char shown[160];
	size_t n = 0;

	/* A text that came from a file must not speak to the terminal. */
	for (; text[n] && n + 1 < sizeof(shown); n++)
		shown[n] = iscntrl((unsigned char)text[n]) ? '?' : text[n];
	shown[n] = '\0';
	return error_set(err, "'%s%s' is not an image reference: %s", shown, text[n] ? "..." : "", why);
}

/* alnum { "-" alnum }, parted by dots: of a host name, and of IPv4. */
static bool is_host(const char *s, size_t length)
{
	bool word = false;		/* the last character was a letter or digit */

	for (size_t i = 0; i < length; i++) {
		if (strchr(alnum, s[i]))
			word = true;
		else if (s[i] == '.' && word)
			word = false;
		else if (s[i] != '-' || i == 0 || s[i - 1] == '.' || i + 1 == length || s[i + 1] == '.')
			return false;
	}
	return word;
}

/* host [":" port], or "[" IPv6 "]" [":" port]. */
static bool is_domain(const char *s)
{
	size_t host = *s == '[' ? strcspn(s, "]") + 1 : strcspn(s, ":");

	if (*s == '[') {
		if (s[host - 1] != ']' || host < 4 || strspn(s + 1, "0123456789abcdefABCDEF:") != host - 2)
			return false;
	} else if (!is_host(s, host)) {
		return false;
	}
	s += host;
	return *s == '\0' || (*s == ':' && s[1] && s[1 + strspn(s + 1, "0123456789")] == '\0');
}

/* The length of a separator inside a path component: ".", "_", "__" or dashes; 0 where there is none. */
static size_t separator_length(const char *s)
{
	if (*s == '.')
		return 1;
	if (*s == '_')
		return s[1] == '_' ? 2 : 1;
	return strspn(s, "-");
}

/* Components of lower-case letters and digits with single separators between, parted by slashes. */
static bool is_path(const char *s)
{
	for (;;) {
		size_t n = strspn(s, lower_alnum);

		if (n == 0)
			return false;
		s += n;
		if (*s == '\0')
			return true;
		n = *s == '/' ? 1 : separator_length(s);
		if (n == 0)
			return false;
		s += n;
	}
}

static bool is_tag(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > TAG_LENGTH_MAX || *s == '.' || *s == '-')
		return false;
	for (; *s; s++)
		if (!strchr(alnum, *s) && !strchr("_.-", *s))
			return false;
	return true;
}

static bool has_upper(const char *s)
{
	for (; *s; s++)
		if (isupper((unsigned char)*s))
			return true;
	return false;
}

/*
 * Docker's rule for whether the part in front of the first slash is a registry:
 * it has a dot, a colon or an upper-case letter, or is "localhost".
 */
static bool names_registry(const char *first)
{
	return strpbrk(first, ".:") || strcmp(first, "localhost") == 0 || has_upper(first);
}

/* Parts the text at its marks; what is found is not checked yet. */
static void split(const char *text, struct arena *arena, struct pieces *pieces)
{
	char *rest = arena_strdup(arena, text), *at = strchr(rest, '@'), *slash, *colon;

	*pieces = (struct pieces){ 0 };
	if (at) {
		*at = '\0';
		pieces->digest = at + 1;
	}
	slash = strrchr(rest, '/');
	colon = strrchr(slash ? slash : rest, ':');
	if (colon) {
		*colon = '\0';
		pieces->tag = colon + 1;
	}
	pieces->path = rest;
	slash = strchr(rest, '/');
	if (!slash)
		return;
	*slash = '\0';
	if (names_registry(rest)) {
		pieces->domain = rest;
		pieces->path = slash + 1;
	} else {
		*slash = '/';
	}
}

static int check(const char *text, const struct pieces *pieces, struct error *err)
{
	if (strstr(text, "://"))
		return refuse(text, err, "leave out the scheme in front of '://'");
	if (pieces->domain && !is_domain(pieces->domain))
		return refuse(text, err, "the part in front of the first '/' is no host name with an optional port");
	if (*pieces->path == '\0')
		return refuse(text, err, "the repository is empty");
	if (has_upper(pieces->path))
		return refuse(text, err, "the repository must be in lower case");
	if (!is_path(pieces->path))
		return refuse(text, err, "the repository may only hold a-z, 0-9 and, between them, '.', '_', '-' and '/'");
	if (pieces->tag && !is_tag(pieces->tag))
		return refuse(text, err, "a tag is 1 to 128 of A-Z, a-z, 0-9, '_', '.' and '-', "
					 "and starts with none of '.' and '-'");
	/* So that the id of an image is never taken for the name of one. */
	if (!pieces->domain && strlen(pieces->path) == 64 && strspn(pieces->path, "0123456789abcdef") == 64)
		return refuse(text, err, "64 hexadecimal digits are the id of an image, not a name");
	return 0;
}

int reference_parse(const char *text, struct arena *arena, struct reference *reference, struct error *err)
{
	struct reference parsed = { 0 };
	struct pieces pieces;
	const char *prefix = "";

	if (*text == '\0')
		return error_set(err, "an image reference must not be empty");
	if (strlen(text) > REFERENCE_LENGTH_MAX)
		return refuse(text, err, "it is longer than 512 characters");
	split(text, arena, &pieces);
	if (check(text, &pieces, err) < 0)
		return -1;
	if (pieces.digest && digest_parse(pieces.digest, &parsed.digest, err) < 0)
		return error_context(err, "image reference '%.*s'", 128, pieces.path);

	parsed.registry = pieces.domain ? pieces.domain : DEFAULT_REGISTRY;
	if (strcmp(parsed.registry, "index.docker.io") == 0)
		parsed.registry = DEFAULT_REGISTRY;
	if (strcmp(parsed.registry, DEFAULT_REGISTRY) == 0 && !strchr(pieces.path, '/'))
		prefix = OFFICIAL_PREFIX;
	parsed.repository = arena_printf(arena, "%s%s", prefix, pieces.path);
	parsed.tag = pieces.tag || pieces.digest ? pieces.tag : "latest";
	parsed.name = arena_printf(arena, "%s/%s%s%s%s%s", parsed.registry, parsed.repository, parsed.tag ? ":" : "",
				   parsed.tag ? parsed.tag : "", pieces.digest ? "@" : "", parsed.digest.text);
	/* Measured as they are filed, so that the whole name can be read again. */
	if (strlen(parsed.repository) > REPOSITORY_LENGTH_MAX)
		return refuse(text, err, "the repository is longer than 255 characters");
	if (strlen(parsed.name) > REFERENCE_LENGTH_MAX)
		return refuse(text, err, "it is longer than 512 characters");
	*reference = parsed;
	return 0;
}
