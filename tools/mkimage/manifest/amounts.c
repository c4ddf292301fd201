/* SPDX-License-Identifier: Apache-2.0 */
/* How much and how often: sizes, processors, limits of block devices, schedules. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cron.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/manifest/node.h"
#include "tools/mkimage/manifest/values.h"

#define PROCESSORS_MAX 4096u

bool manifest_amount(const char *text, int64_t *bytes)
{
	uint64_t size = 0;

	if (strcmp(text, "0") != 0 && !manifest_size(text, &size))
		return false;
	*bytes = (int64_t)size;
	return true;
}

const char *value_amount(const char *value, struct arena *arena)
{
	int64_t ignored;

	if (manifest_amount(value, &ignored))
		return NULL;
	return arena_printf(arena, "expected a size in bytes such as '64M' or '1G', got '%s'", text_shown(value, arena));
}

const char *value_amount_or_max(const char *value, struct arena *arena)
{
	return strcmp(value, "max") == 0 ? NULL : value_amount(value, arena);
}

bool manifest_cpus(const char *text, unsigned int *thousandths)
{
	size_t whole = strspn(text, "0123456789");
	const char *fraction = text[whole] == '.' ? text + whole + 1 : "";
	size_t places = strspn(fraction, "0123456789");
	unsigned long value;

	if (whole == 0 || whole > 4 || places > 3 || (text[whole] && (text[whole] != '.' || places == 0 || fraction[places])))
		return false;
	value = strtoul(text, NULL, 10) * 1000;
	for (size_t i = 0, factor = 100; i < places; i++, factor /= 10)
		value += (unsigned long)(fraction[i] - '0') * factor;
	if (value < 10 || value > PROCESSORS_MAX * 1000)
		return false;
	*thousandths = (unsigned int)value;
	return true;
}

const char *value_cpus(const char *value, struct arena *arena)
{
	unsigned int ignored;

	if (manifest_cpus(value, &ignored))
		return NULL;
	return arena_printf(arena, "expected processors such as '0.5' or '2', from 0.01 to %u, got '%s'", PROCESSORS_MAX,
			    text_shown(value, arena));
}

/* "rbps=10M" as "rbps=10485760", behind what is there. */
static bool add_rate(const char *word, size_t length, struct arena *arena, const char **rates)
{
	static const char *const keys[] = { "rbps=", "wbps=", "riops=", "wiops=" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t n = strlen(keys[i]);
		const char *amount;
		int64_t value;

		if (length <= n || strncmp(word, keys[i], n) != 0)
			continue;
		amount = arena_strndup(arena, word + n, length - n);
		if (strcmp(amount, "max") != 0 && (!manifest_amount(amount, &value) || value == 0))
			return false;
		*rates = strcmp(amount, "max") == 0 ?
			 arena_printf(arena, "%s%s%smax", *rates, **rates ? " " : "", keys[i]) :
			 arena_printf(arena, "%s%s%s%lld", *rates, **rates ? " " : "", keys[i], (long long)value);
		return true;
	}
	return false;
}

const char *manifest_io_max(const char *text, struct arena *arena, struct manifest_io_max *limit)
{
	size_t length = strcspn(text, " ");
	struct manifest_io_max out = { arena_strndup(arena, text, length), "" };

	for (const char *word = text + length; *word; word += length) {
		word += strspn(word, " ");
		length = strcspn(word, " ");
		if (length && !add_rate(word, length, arena, &out.rates))
			return arena_printf(arena, "expected 'rbps=', 'wbps=', 'riops=' or 'wiops=' and an amount such as "
					    "'10M', got '%s'", text_shown(arena_strndup(arena, word, length), arena));
	}
	if (strncmp(out.device, "/dev/", 5) != 0 || !*out.rates || strstr(out.device, ".."))
		return arena_printf(arena, "expected a device and its limits such as '/dev/vda rbps=10M wiops=100', got '%s'",
				    text_shown(text, arena));
	*limit = out;
	return NULL;
}

const char *value_io_max(const char *value, struct arena *arena)
{
	struct manifest_io_max ignored;

	return manifest_io_max(value, arena, &ignored);
}

const char *value_period(const char *value, struct arena *arena)
{
	unsigned int ignored;

	if (manifest_period(value, &ignored))
		return NULL;
	return arena_printf(arena, "expected a time from 100ms to 30d such as '5m' or '24h', got '%s'", text_shown(value, arena));
}

const char *value_cron(const char *value, struct arena *arena)
{
	struct cron ignored;
	const char *problem = cron_parse(value, strlen(value), &ignored);

	return problem ? arena_printf(arena, "'%s': %s", text_shown(value, arena), problem) : NULL;
}

const char *value_schedule(const char *value, struct arena *arena)
{
	bool times = *value == '@' || strchr(value, ' ') || *value == '*';

	return times ? value_cron(value, arena) : value_period(value, arena);
}
