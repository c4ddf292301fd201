/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/compose/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define NAME_LENGTH_MAX 60

const char *const docker_capabilities[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
	"CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE", NULL,
};

/* A word that no reader of YAML takes for anything but itself. */
static bool is_plain(const char *text)
{
	static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off", "y", "n", "." };

	if (!isalpha((unsigned char)*text) && !strchr("/._", *text))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return false;
	/* ".5" and ".inf" are numbers. */
	if (*text == '.' && text[1] != '/' && text[1] != '.')
		return false;
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("/._-@+=", *p) && !(*p == ':' && p[1] && p[1] != ' '))
			return false;
	return *text != '\0';
}

/* Characters beyond ASCII that end a line, or that may not stand in a document as they are. */
static const struct {
	const char *bytes, *escape;
} unprintable[] = {
	{ "\xe2\x80\xa8", "\\L" }, { "\xe2\x80\xa9", "\\P" }, { "\xef\xbb\xbf", "\\uFEFF" },
	{ "\xef\xbf\xbe", "\\uFFFE" }, { "\xef\xbf\xbf", "\\uFFFF" },
};

/* Writes such a one, and says how many bytes it has; 0: it is none. */
static size_t escape_character(struct buffer *out, const char *text)
{
	unsigned char second = (unsigned char)text[1];

	/* U+0080 to U+009F, the next line among them. */
	if ((unsigned char)*text == 0xc2 && second >= 0x80 && second < 0xa0) {
		buffer_printf(out, "\\x%02x", second);
		return 2;
	}
	for (size_t i = 0; i < ARRAY_SIZE(unprintable); i++) {
		if (strncmp(text, unprintable[i].bytes, strlen(unprintable[i].bytes)) != 0)
			continue;
		buffer_add_string(out, unprintable[i].escape);
		return strlen(unprintable[i].bytes);
	}
	return 0;
}

void text_scalar(struct buffer *out, const char *text)
{
	size_t n;

	if (is_plain(text)) {
		buffer_add_string(out, text);
		return;
	}
	buffer_add_string(out, "\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		n = escape_character(out, text);
		if (n > 0)
			text += n - 1;
		else if (c == '\n')
			buffer_add_string(out, "\\n");
		else if (c == '\t')
			buffer_add_string(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			buffer_printf(out, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			buffer_printf(out, "\\%c", c);
		else
			buffer_add(out, text, 1);
	}
	buffer_add_string(out, "\"");
}

void text_key(struct buffer *out, const char *indent, const char *key, const char *value)
{
	buffer_printf(out, "%s%s: ", indent, key);
	text_scalar(out, value);
	buffer_add_string(out, "\n");
}

void text_list(struct buffer *out, const char *indent, const char *key, const char *const *items, size_t count)
{
	buffer_printf(out, "%s%s: [", indent, key);
	for (size_t i = 0; i < count; i++) {
		/* Commas and brackets end a plain scalar here; is_plain() has none of them. */
		buffer_add_string(out, i ? ", " : "");
		text_scalar(out, items[i]);
	}
	buffer_add_string(out, "]\n");
}

char *text_name(const char *text, struct arena *arena)
{
	char *name = arena_strndup(arena, text, NAME_LENGTH_MAX), *start;

	for (char *p = name; *p; p++)
		*p = (char)(isalnum((unsigned char)*p) || strchr("_-", *p) ? tolower((unsigned char)*p) : '-');
	for (start = name; *start && !isalnum((unsigned char)*start);)
		start++;
	for (size_t n = strlen(start); n > 0 && !isalnum((unsigned char)start[n - 1]); n--)
		start[n - 1] = '\0';
	return *start ? start : arena_strdup(arena, "app");
}

const char *const machine_binds[] = {
	"/etc/hosts:/etc/hosts:ro", "/run/resolvconf/resolv.conf:/etc/resolv.conf:ro", NULL,
};

void text_storage(struct buffer *out)
{
	buffer_add_string(out, "# Without a disk (slipway run --disk FILE,size=SIZE) volumes are in memory.\n"
			  "storage:\n  state: {create: blank, wait: 1s, on_failure: continue}\n");
}

void text_machine(struct buffer *out, const char *hostname, const char *const *names, const char *const *hosts)
{
	buffer_add_string(out, "kernel:\n  image: slipway/kernel-debian\n  cmdline: quiet\n  modules: []\n");
	text_key(out, "", "hostname", hostname);
	buffer_add_string(out, "network:\n  interfaces:\n    - {name: eth0, dhcp: ipv4, optional: true}\n");
	buffer_printf(out, "files:\n  - path: etc/hosts\n    mode: \"0644\"\n    contents: |\n      127.0.0.1 localhost\n"
		      "      ::1 localhost\n      127.0.0.1 %s", hostname);
	for (; *names; names++)
		if (strcmp(*names, hostname) != 0)
			buffer_printf(out, " %s", *names);
	buffer_add_string(out, "\n");
	for (; *hosts; hosts++)
		buffer_printf(out, "      %s\n", *hosts);
}
