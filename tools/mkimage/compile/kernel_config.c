/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/compile/kernel_config.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "CONFIG_"
#define OPTION_MAX 128			/* characters; the kernel's longest has 50 */

/* Lines that begin with `start`; the first from `text` on. */
static const char *find_line(const char *text, const char *start, size_t length)
{
	for (const char *at = text; (at = strstr(at, start)); at += length)
		if (at == text || at[-1] == '\n')
			return at;
	return NULL;
}

bool kernel_config_plausible(const char *text)
{
	return find_line(text, PREFIX, strlen(PREFIX)) != NULL;
}

enum kernel_option kernel_config_find(const char *text, const char *option)
{
	char start[OPTION_MAX + sizeof(PREFIX) + 1];
	int length = snprintf(start, sizeof(start), PREFIX "%.*s=", OPTION_MAX, option);
	const char *line = find_line(text, start, (size_t)length);

	if (!line)
		return KERNEL_OPTION_ABSENT;
	line += length;
	if (*line == 'm' && (line[1] == '\n' || line[1] == '\r' || !line[1]))
		return KERNEL_OPTION_MODULE;
	return *line == 'n' && (line[1] == '\n' || line[1] == '\r' || !line[1]) ? KERNEL_OPTION_ABSENT : KERNEL_OPTION_BUILT_IN;
}

enum kernel_option kernel_need_find(const char *text, const struct kernel_need *need)
{
	enum kernel_option best = KERNEL_OPTION_ABSENT;

	for (const char *at = need->option; *at; at += strcspn(at, "|"), at += *at == '|') {
		char name[OPTION_MAX + 1];
		enum kernel_option found;

		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "|"), at);
		found = kernel_config_find(text, name);
		if (found > best)
			best = found;
	}
	return best;
}
