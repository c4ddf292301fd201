/* SPDX-License-Identifier: Apache-2.0 */
#include "control/render.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "control/json.h"

#define CELL_MAX 80
#define COLUMNS_MAX 16
#define METRIC_NAME "abcdefghijklmnopqrstuvwxyz_"

/* Keys whose values are numbers or flags, whatever the kind of the record. */
static const char *const number_keys[] = {
	"pid", "restarts", "exit", "since_us", "for_ms", "memory", "memory_max", "memory_peak", "swap", "cpu_us", "cpu_permille",
	"read_bytes", "written_bytes", "tasks", "oom_kills", "realtime_us", "monotonic_us", "lines", "dropped", "priority", "facility",
	"sequence", "value", "health_failures", "missed", "uptime_ms", NULL,
};
static const char *const flag_keys[] = { "ready", "partial", "critical", NULL };

static bool is_in(const char *key, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(*list, key) == 0)
			return true;
	return false;
}

/* ------------------------------------------------------------ values */

void render_time(int64_t realtime_us, char out[RENDER_TIME_MAX])
{
	time_t seconds = (time_t)(realtime_us / 1000000);
	struct tm tm;

	if (realtime_us < 0 || realtime_us > 253402300799000000 || !gmtime_r(&seconds, &tm)) {
		(void)strcpy(out, "-");
		return;
	}
	(void)snprintf(out, RENDER_TIME_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned int)(tm.tm_year + 1900) % 10000u,
		       (unsigned int)(tm.tm_mon + 1) % 100u, (unsigned int)tm.tm_mday % 100u, (unsigned int)tm.tm_hour % 100u,
		       (unsigned int)tm.tm_min % 100u, (unsigned int)tm.tm_sec % 100u,
		       (unsigned int)(realtime_us % 1000000));
}

/* ESC [ numbers m: colours and the like. Its length, 0 where it is something else. */
static size_t colour(const char *text)
{
	size_t n;

	if (text[0] != '\033' || text[1] != '[')
		return 0;
	n = strspn(text + 2, "0123456789;");
	return n <= 32 && text[2 + n] == 'm' ? n + 3 : 0;
}

void render_clean(struct buffer *out, const char *text)
{
	while (*text) {
		size_t n = colour(text);
		unsigned char c = (unsigned char)*text;

		if (n == 0 && (c < 0x20 || c == 0x7f) && c != '\t')
			buffer_add_string(out, "?");
		else
			buffer_add(out, text, n ? n : 1);
		text += n ? n : 1;
	}
}

static void put_text(const struct record *record, const char *key, char cell[CELL_MAX])
{
	const char *text = record_get(record, key);

	(void)snprintf(cell, CELL_MAX, "%s", text ? text : "-");
	for (char *c = cell; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

static void put_age(int64_t ms, char cell[CELL_MAX])
{
	long long s = ms / 1000;

	if (s < 60)
		(void)snprintf(cell, CELL_MAX, "%lld.%llds", s, (long long)(ms % 1000 / 100));
	else if (s < 3600)
		(void)snprintf(cell, CELL_MAX, "%lldm%llds", s / 60, s % 60);
	else if (s < 86400)
		(void)snprintf(cell, CELL_MAX, "%lldh%lldm", s / 3600, s % 3600 / 60);
	else
		(void)snprintf(cell, CELL_MAX, "%lldd%lldh", s / 86400, s % 86400 / 3600);
}

static void put_bytes(int64_t bytes, char cell[CELL_MAX])
{
	static const char units[] = "\0KMGT";
	double n = (double)bytes;
	size_t unit = 0;

	for (; n >= 1000 && unit < 4; unit++)
		n /= 1024;
	(void)snprintf(cell, CELL_MAX, n < 10 && unit > 0 ? "%.1f%c" : "%.0f%c", n, units[unit]);
}

static void put_cell(const struct render_column *column, const struct record *record, char cell[CELL_MAX])
{
	int64_t n;

	if (column->form == RENDER_TEXT || !record_number(record, column->key, &n) || n < 0)
		put_text(record, column->key, cell);
	else if (column->form == RENDER_AGE)
		put_age(n, cell);
	else if (column->form == RENDER_BYTES)
		put_bytes(n, cell);
	else
		(void)snprintf(cell, CELL_MAX, "%lld.%lld", (long long)(n / 10), (long long)(n % 10));
}

/* ------------------------------------------------------------ tables */

void render_table_add(struct render_table *table, const struct record *record)
{
	struct record *row = arena_push(&table->arena, &table->rows, &table->count, sizeof(*row));

	*row = *record;
	row->kind = arena_strdup(&table->arena, record->kind);
	for (size_t i = 0; i < row->count; i++)
		row->fields[i] = (struct record_field){ arena_strdup(&table->arena, record->fields[i].key),
							arena_strdup(&table->arena, record->fields[i].value) };
}

void render_table_release(struct render_table *table)
{
	arena_release(&table->arena);
	table->rows = NULL;
	table->count = 0;
}

static bool is_shown(const struct render_table *table, const struct render_column *column)
{
	for (size_t i = 0; i < table->count; i++)
		if (record_get(&table->rows[i], column->key))
			return true;
	return false;
}

static void print_cell(const struct render_column *column, const char *cell, int width, bool last)
{
	if (column->right)
		printf("%*s%s", width, cell, last ? "" : "  ");
	else
		printf("%-*s%s", last ? 0 : width, cell, last ? "" : "  ");
}

void render_table_print(const struct render_table *table)
{
	const struct render_column *shown[COLUMNS_MAX];
	int widths[COLUMNS_MAX];
	char cell[CELL_MAX];
	size_t count = 0;

	for (const struct render_column *c = table->columns; c->heading && count < COLUMNS_MAX; c++) {
		if (!is_shown(table, c))
			continue;
		shown[count] = c;
		widths[count] = (int)strlen(c->heading);
		for (size_t i = 0; i < table->count; i++) {
			put_cell(c, &table->rows[i], cell);
			if ((int)strlen(cell) > widths[count])
				widths[count] = (int)strlen(cell);
		}
		count++;
	}
	for (size_t k = 0; k < count; k++)
		print_cell(shown[k], shown[k]->heading, widths[k], k + 1 == count);
	printf("\n");
	for (size_t i = 0; i < table->count; i++) {
		for (size_t k = 0; k < count; k++) {
			put_cell(shown[k], &table->rows[i], cell);
			print_cell(shown[k], cell, widths[k], k + 1 == count);
		}
		printf("\n");
	}
}

/* ------------------------------------------------------------ for programs */

/* A number as RFC 8259 has it, without an exponent: no leading zero, digits behind a point. */
static bool is_number(const char *text)
{
	size_t whole, rest;

	text += *text == '-';
	whole = strspn(text, "0123456789");
	if (whole == 0 || whole > 18 || (whole > 1 && *text == '0'))
		return false;
	if (text[whole] == '\0')
		return true;
	rest = strspn(text + whole + 1, "0123456789");
	return text[whole] == '.' && rest > 0 && rest <= 18 && text[whole + 1 + rest] == '\0';
}

void render_json(struct buffer *out, const struct record *record)
{
	buffer_add_string(out, "{");
	for (size_t i = 0; i < record->count; i++) {
		const struct record_field *f = &record->fields[i];

		buffer_add_string(out, i ? "," : "");
		json_add_string(out, f->key, strlen(f->key));
		buffer_add_string(out, ":");
		if (is_in(f->key, flag_keys))
			buffer_add_string(out, strcmp(f->value, "1") == 0 ? "true" : "false");
		else if (is_in(f->key, number_keys) && is_number(f->value))
			buffer_add_string(out, f->value);
		else
			json_add_string(out, f->value, strlen(f->value));
	}
	buffer_add_string(out, "}");
}

/* Quotes, backslashes and line ends are what a label's value may not have as they are. */
static void add_label(struct buffer *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\n')
			buffer_add_string(out, "\\n");
		else if (*value == '"' || *value == '\\')
			buffer_printf(out, "\\%c", *value);
		else
			buffer_add(out, value, 1);
	}
}

void render_metric(struct buffer *out, const struct record *record, const char *name_before)
{
	static const char *const own[] = { "metric", "type", "help", "value", NULL };
	const char *name = record_get(record, "metric"), *help = record_get(record, "help");
	const char *type = record_get(record, "type"), *value = record_get(record, "value");
	size_t labels = 0;

	if (!name || !value || !is_number(value) || name[strspn(name, METRIC_NAME)] != '\0')
		return;
	if (!name_before || strcmp(name, name_before) != 0)
		buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help ? help : "", name, type ? type : "untyped");
	buffer_add_string(out, name);
	for (size_t i = 0; i < record->count; i++) {
		const char *key = record->fields[i].key;

		if (is_in(key, own) || key[strspn(key, METRIC_NAME)] != '\0')
			continue;
		buffer_printf(out, "%s%s=\"", labels++ ? "," : "{", key);
		add_label(out, record->fields[i].value);
		buffer_add_string(out, "\"");
	}
	buffer_printf(out, "%s %s\n", labels ? "}" : "", value);
}
