/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a compose file in the words of the manifest. */
#include "tools/mkimage/compose/importer.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define PORTS_MAX 1000u

struct unit {
	const char *name;
	double factor;
};

/* The value of "1m30s" or "1.5gb": numbers, each with a unit. Below 0 where it is none. */
static double sum_of_units(const char *text, const struct unit *units, size_t count, bool bare)
{
	double sum = 0;

	if (!isdigit((unsigned char)*text))
		return -1;
	while (*text) {
		char *end;
		double number = strtod(text, &end);
		size_t length = strspn(end, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), u = 0;

		if (end == text || number < 0 || !isfinite(number))
			return -1;
		while (u < count && (strlen(units[u].name) != length || strncasecmp(units[u].name, end, length) != 0))
			u++;
		if (u == count && (!bare || length > 0))
			return -1;
		sum += number * (u < count ? units[u].factor : 1);
		text = end + length;
	}
	return sum;
}

const char *convert_duration(struct importer *importer, const struct node *node)
{
	static const struct unit units[] = { { "ns", 1e-6 }, { "us", 1e-3 }, { "ms", 1 }, { "s", 1e3 }, { "m", 6e4 }, { "h", 3.6e6 } };
	const char *text = node_text(importer, node);
	double ms = text ? sum_of_units(text, units, ARRAY_SIZE(units), false) : -1;

	if (!text)
		return NULL;
	if (ms < 0 || ms > MANIFEST_DURATION_MAX) {
		(void)place_error(&node->at, importer->err, "expected a time of at most an hour, such as '1m30s', got '%s'",
				  text_shown(text, importer->arena));
		return NULL;
	}
	if ((uint64_t)ms % 1000 == 0 && ms >= 1000)
		return arena_printf(importer->arena, "%.0fs", ms / 1000);
	return arena_printf(importer->arena, "%.0fms", ms < 1 ? 1 : ms);
}

const char *convert_size(struct importer *importer, const struct node *node)
{
	static const struct unit units[] = {
		{ "b", 1 }, { "k", 0x1p10 }, { "kb", 0x1p10 }, { "m", 0x1p20 }, { "mb", 0x1p20 }, { "g", 0x1p30 }, { "gb", 0x1p30 },
		{ "t", 0x1p40 }, { "tb", 0x1p40 },
	};
	static const struct unit shown[] = { { "G", 0x1p30 }, { "M", 0x1p20 }, { "K", 0x1p10 } };
	const char *text = node_text(importer, node);
	double bytes = text ? sum_of_units(text, units, ARRAY_SIZE(units), true) : -1;

	if (!text)
		return NULL;
	if (bytes < 1 || bytes > (double)MANIFEST_SIZE_MAX) {
		(void)place_error(&node->at, importer->err, "expected a size such as '512m', got '%s'",
				  text_shown(text, importer->arena));
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		if ((uint64_t)bytes % (uint64_t)shown[i].factor == 0)
			return arena_printf(importer->arena, "%.0f%s", bytes / shown[i].factor, shown[i].name);
	return arena_printf(importer->arena, "%.0f", bytes);
}

/* ------------------------------------------------------------ command lines */

/* The next word as a POSIX shell would have it, without expansions. NULL at the end, or where a quote has no end. */
static const char *next_word(const char **text, struct arena *arena, bool *bad)
{
	autobuffer struct buffer word = { 0 };
	const char *p = *text + strspn(*text, " \t\r\n");
	char quote = '\0';

	if (!*p)
		return NULL;
	for (; *p && (quote || !strchr(" \t\r\n", *p)); p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'') {
			quote = quote ? '\0' : *p;
			continue;
		}
		if (*p == '\\' && quote != '\'' && p[1] && (!quote || strchr("\"\\$`", p[1])))
			p++;
		buffer_add(&word, p, 1);
	}
	*bad = quote != '\0';
	*text = p;
	return *bad ? NULL : arena_strdup(arena, buffer_string(&word));
}

int convert_words(struct importer *importer, const struct node *node, struct compose_list *list)
{
	const char *text, *word;
	bool bad = false;

	if (node->kind == NODE_NULL)
		return 0;
	list->set = true;
	list->count = 0;
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++) {
		text = node_text(importer, node->items[i]);
		if (!text)
			return -1;
		list_add(importer, list, text);
	}
	if (node->kind == NODE_LIST)
		return 0;
	text = node_text(importer, node);
	if (!text)
		return -1;
	while ((word = next_word(&text, importer->arena, &bad)))
		list_add(importer, list, word);
	return bad ? place_error(&node->at, importer->err, "a quote is not closed") : 0;
}

/* ------------------------------------------------------------ ports */

static bool read_range(const char *text, unsigned int *from, unsigned int *to)
{
	int end = 0;

	if (sscanf(text, "%5u-%5u%n", from, to, &end) == 2 && text[end] == '\0')
		return *from >= 1 && *to >= *from && *to <= 65535;
	if (sscanf(text, "%5u%n", from, &end) != 1 || text[end] != '\0')
		return false;
	*to = *from;
	return *from >= 1 && *from <= 65535;
}

/* "[IP:]HOST:GUEST/PROTOCOL" of the mapping; NULL with the error set. */
static const char *port_mapping(struct importer *importer, const struct node *node)
{
	static const char *const keys[] = { "host_ip", "published", "target", "protocol" };
	const char *value[ARRAY_SIZE(keys)] = { "", "", NULL, "tcp" };
	struct arena *arena = importer->arena;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct node *found = node_find(node, keys[i]);

		if (found && !(value[i] = node_text(importer, found)))
			return NULL;
	}
	if (!value[2]) {
		(void)place_error(&node->at, importer->err, "'target' is missing; add 'target:' with the port of the container");
		return NULL;
	}
	if (!*value[1])
		return arena_printf(arena, "%s/%s", value[2], value[3]);
	return arena_printf(arena, "%s%s%s:%s/%s", value[0], *value[0] ? ":" : "", value[1], value[2], value[3]);
}

int convert_port(struct importer *importer, const struct node *node, struct compose_list *ports)
{
	struct arena *arena = importer->arena;
	const char *text = node->kind == NODE_MAP ? port_mapping(importer, node) : node_text(importer, node), *protocol;
	unsigned int guest, guest_last, host, host_last;
	char *copy, *guest_text, *host_text = NULL, *address = NULL;

	if (!text)
		return -1;
	copy = arena_strdup(arena, text);
	protocol = strchr(copy, '/');
	if (protocol)
		copy[protocol++ - copy] = '\0';
	guest_text = strrchr(copy, ':');
	if (guest_text) {
		*guest_text++ = '\0';
		host_text = strrchr(copy, ':');
		if (host_text) {
			*host_text++ = '\0';
			address = copy;
		} else {
			host_text = copy;
		}
	}
	/* "127.0.0.1::80": some port of the host; the same is as good as any. */
	if (!host_text || !*host_text)
		host_text = guest_text ? guest_text : copy;
	if (!read_range(guest_text ? guest_text : copy, &guest, &guest_last) || !read_range(host_text, &host, &host_last) ||
	    guest_last - guest != host_last - host || guest_last - guest >= PORTS_MAX)
		return place_error(&node->at, importer->err, "expected a port such as '8080:80', got '%s'", text_shown(text, arena));
	for (; guest <= guest_last; guest++, host++)
		list_add(importer, ports, arena_printf(arena, "%s%s%u:%u%s%s", address ? address : "", address ? ":" : "", host, guest,
						       protocol && strcmp(protocol, "tcp") != 0 ? "/" : "",
						       protocol && strcmp(protocol, "tcp") != 0 ? protocol : ""));
	return 0;
}
