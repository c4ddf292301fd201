/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define NAMES_MAX 64

static const struct option *find_long(const struct option *options, const char *name, size_t length)
{
	for (; options && options->kind != OPTION_END; options++)
		if (options->name && strlen(options->name) == length && memcmp(options->name, name, length) == 0)
			return options;
	return NULL;
}

static const struct option *find_letter(const struct option *options, char letter)
{
	for (; options && options->kind != OPTION_END; options++)
		if (options->letter && options->letter == letter)
			return options;
	return NULL;
}

static int store_unsigned(const char *value, const char *shown, unsigned int *out, struct error *err)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (errno || end == value || *end || *value == '-' || *value == '+' || n > UINT_MAX)
		return error_set(err, "option '%s': expected a number, got '%s'", shown, value);
	*out = (unsigned int)n;
	return 0;
}

static int store(const struct option *option, const char *shown, const char *value, void *values,
		 struct arena *arena, struct error *err)
{
	char *at = (char *)values + option->offset;
	struct option_list *list;

	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)(void *)at = true;
		return 0;
	case OPTION_STRING:
		*(const char **)(void *)at = value;
		return 0;
	case OPTION_UNSIGNED:
		return store_unsigned(value, shown, (unsigned int *)(void *)at, err);
	case OPTION_LIST:
		list = (struct option_list *)(void *)at;
		*(const char **)arena_push(arena, &list->items, &list->count, sizeof(*list->items)) = value;
		return 0;
	case OPTION_END:
		break;
	}
	return -1;
}

const char *option_nearest(const char *word, const char *const *names)
{
	const char *best = NULL;
	size_t n = strlen(word), best_distance = n / 2 + 1;
	size_t row[64];

	if (n + 1 > ARRAY_SIZE(row))
		return NULL;
	for (; *names; names++) {
		size_t diagonal, m = strlen(*names);

		/* Levenshtein distance, one row at a time. */
		for (size_t j = 0; j <= n; j++)
			row[j] = j;
		for (size_t i = 1; i <= m; i++) {
			diagonal = row[0];
			row[0] = i;
			for (size_t j = 1; j <= n; j++) {
				size_t cost = diagonal + ((*names)[i - 1] != word[j - 1]);

				diagonal = row[j];
				row[j] = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
				row[j] = row[j] < cost ? row[j] : cost;
			}
		}
		if (row[n] < best_distance) {
			best_distance = row[n];
			best = *names;
		}
	}
	return best;
}

static int unknown_option(const struct option_command *command, const char *program, const char *shown,
			  struct error *err)
{
	const char *names[NAMES_MAX + 1] = { "help" };
	const char *word = shown + strspn(shown, "-"), *nearest;
	size_t n = 1;

	for (const struct option *o = command->options; o && o->kind != OPTION_END && n < NAMES_MAX; o++)
		if (o->name)
			names[n++] = o->name;
	nearest = shown[1] == '-' ? option_nearest(word, names) : NULL;
	if (nearest)
		return error_set(err, "%s: unknown option '%s'; did you mean '--%s'?", command->name, shown, nearest);
	return error_set(err, "%s: unknown option '%s'; see '%s %s --help'", command->name, shown, program,
			 command->name);
}

/* One `--name`, `--name=value` or `--name value`. Returns like option_parse. */
static int parse_long(const struct option_command *command, const char *program, char **argv, int argc, int *i,
		      void *values, struct arena *arena, struct error *err)
{
	const char *word = argv[*i], *equals = strchr(word, '='), *value = NULL;
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	char *shown = arena_strndup(arena, word, length);
	const struct option *option = find_long(command->options, word + 2, length - 2);

	if (!option && strcmp(shown, "--help") == 0) {
		option_print_help(command, program);
		return 1;
	}
	if (!option)
		return unknown_option(command, program, shown, err);
	if (option->kind == OPTION_FLAG) {
		if (equals)
			return error_set(err, "option '%s' takes no value", shown);
	} else if (equals) {
		value = equals + 1;
	} else if (*i + 1 < argc) {
		value = argv[++*i];
	} else {
		return error_set(err, "option '%s' needs a value: %s", shown, option->argument);
	}
	return store(option, shown, value, values, arena, err);
}

/* One `-abc`, `-nvalue` or `-n value`. */
static int parse_letters(const struct option_command *command, const char *program, char **argv, int argc, int *i,
			 void *values, struct arena *arena, struct error *err)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		const char *shown = arena_printf(arena, "-%c", *p);
		const struct option *option = find_letter(command->options, *p);
		const char *value = NULL;

		if (!option && *p == 'h') {
			option_print_help(command, program);
			return 1;
		}
		if (!option)
			return unknown_option(command, program, shown, err);
		if (option->kind != OPTION_FLAG) {
			if (p[1])
				value = p + 1;
			else if (*i + 1 < argc)
				value = argv[++*i];
			else
				return error_set(err, "option '%s' needs a value: %s", shown, option->argument);
		}
		if (store(option, shown, value, values, arena, err) < 0)
			return -1;
		if (value)
			break;
	}
	return 0;
}

static int check_operands(const struct option_command *command, const char *program,
			  const struct option_list *operands, struct error *err)
{
	if (operands->count < command->operands_min)
		return error_set(err, "%s: missing operand; usage: %s %s %s", command->name, program, command->name,
				 command->operands);
	if (operands->count > command->operands_max)
		return error_set(err, "%s: unexpected operand '%s'; usage: %s %s %s", command->name,
				 operands->items[command->operands_max], program, command->name, command->operands);
	return 0;
}

int option_parse(const struct option_command *command, const char *program, int argc, char **argv,
		 void *values, struct option_list *operands, struct arena *arena, struct error *err)
{
	bool only_operands = false;
	int r;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (only_operands || word[0] != '-' || word[1] == '\0') {
			*(const char **)arena_push(arena, &operands->items, &operands->count, sizeof(word)) = word;
			only_operands |= command->stop_at_operand;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			only_operands = true;
			continue;
		}
		r = (word[1] == '-' ? parse_long : parse_letters)(command, program, argv, argc, &i, values, arena, err);
		if (r != 0)
			return r;
	}
	return check_operands(command, program, operands, err);
}

static void print_options(const struct option *options)
{
	for (const struct option *o = options; o && o->kind != OPTION_END; o++) {
		char left[64];

		(void)snprintf(left, sizeof(left), "%c%c%s%s%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			       o->letter && o->name ? ", " : "  ", o->name ? "--" : "", o->name ? o->name : "",
			       o->argument ? " " : "", o->argument ? o->argument : "");
		printf("  %-30s %s\n", left, o->help);
	}
	printf("  %-30s %s\n", "-h, --help", "show this help");
}

void option_print_help(const struct option_command *command, const char *program)
{
	printf("usage: %s %s [OPTIONS]%s%s\n\n%s\n\noptions:\n", program, command->name, *command->operands ? " " : "",
	       command->operands, command->summary);
	print_options(command->options);
}

void option_print_commands(const struct option_command *commands, const char *program, const char *about,
			   const struct option *globals)
{
	printf("usage: %s %sCOMMAND [OPTIONS] ...\n\n%s\n\ncommands:\n", program, globals ? "[GLOBAL OPTIONS] " : "",
	       about);
	for (; commands->name; commands++)
		printf("  %-30s %s\n", commands->name, commands->summary);
	printf("\n%s:\n", globals ? "global options" : "options");
	print_options(globals);
	if (!find_long(globals, "version", strlen("version")))
		printf("  %-30s %s\n", "    --version", "show the version");
	printf("\nSee '%s COMMAND --help' for one command.\n", program);
}

/* How many words of argv are the command's name; 0 where it is another. */
static int words_matched(const char *name, int argc, char **argv)
{
	int words = 0;

	while (*name) {
		size_t n = strcspn(name, " ");

		if (words >= argc || strlen(argv[words]) != n || memcmp(argv[words], name, n) != 0)
			return 0;
		words++;
		name += n + (name[n] == ' ');
	}
	return words;
}

bool option_print_group(const struct option_command *commands, const char *program, const char *group)
{
	size_t n = strlen(group);
	bool found = false;

	for (; commands->name; commands++) {
		if (strncmp(commands->name, group, n) != 0 || commands->name[n] != ' ')
			continue;
		if (!found)
			printf("usage: %s %s COMMAND [OPTIONS] ...\n\ncommands:\n", program, group);
		found = true;
		printf("  %-30s %s\n", commands->name, commands->summary);
	}
	if (found)
		printf("\nSee '%s %s COMMAND --help' for one command.\n", program, group);
	return found;
}

const struct option_command *option_find_command(const struct option_command *commands, int argc, char **argv,
						 int *words, struct error *err)
{
	const char *names[NAMES_MAX + 1] = { NULL };
	const char *nearest;
	char said[128];
	size_t n = 0;

	for (const struct option_command *c = commands; c->name; c++) {
		*words = words_matched(c->name, argc, argv);
		if (*words)
			return c;
		if (n < NAMES_MAX)
			names[n++] = c->name;
	}
	if (argc < 1) {
		(void)error_set(err, "no command given; see '--help'");
		return NULL;
	}
	(void)snprintf(said, sizeof(said), "%s%s%s", argv[0], argc > 1 && argv[1][0] != '-' ? " " : "",
		       argc > 1 && argv[1][0] != '-' ? argv[1] : "");
	nearest = option_nearest(said, names);
	if (!nearest)
		nearest = option_nearest(argv[0], names);
	if (nearest)
		(void)error_set(err, "unknown command '%s'; did you mean '%s'?", said, nearest);
	else
		(void)error_set(err, "unknown command '%s'; see '--help'", said);
	return NULL;
}
