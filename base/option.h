/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines as tables: parsing, checking and `--help` all come from the same
 * rows. GNU habits: `--name value`, `--name=value`, `-n value`, `-nvalue`, grouped flags,
 * options anywhere before `--`, unless the command asks to stop at the first operand.
 */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum option_kind {
	OPTION_FLAG,			/* bool: set to true */
	OPTION_STRING,			/* const char *: the last one given */
	OPTION_UNSIGNED,		/* unsigned int, decimal */
	OPTION_LIST,			/* struct option_list: each one given, in order */
	OPTION_END,
};

struct option_list {
	const char **items;		/* in the arena given to option_parse */
	size_t count;
};

struct option {
	enum option_kind kind;
	char letter;			/* 0 where there is none */
	const char *name;		/* long name without the dashes; NULL where there is none */
	const char *argument;		/* what the value is, for the help: "FILE"; NULL for a flag */
	const char *help;		/* one line, lower case, no full stop */
	size_t offset;			/* offsetof() in the struct of options */
};

#define OPTION_TABLE_END { OPTION_END, 0, NULL, NULL, NULL, 0 }

/* A command: `slipway build [OPTIONS] MANIFEST`. Tables of them end with a NULL name. */
struct option_command {
	const char *name;		/* words: "build", "image import" */
	const char *operands;		/* "MANIFEST", "DIR", "[--] COMMAND..." */
	const char *summary;		/* one line, lower case, no full stop */
	const struct option *options;	/* may be NULL */
	unsigned int operands_min, operands_max;
	bool stop_at_operand;		/* options end at the first operand (`exec ID COMMAND ...`) */
	int (*run)(int argc, char **argv);	/* argv[0] is the command's name; returns the exit status */
};

/*
 * Fills `values` from argv (argv[0] is skipped) and leaves the operands in
 * `operands`. Returns 0, 1 when `--help` was asked for and printed, -1 with the error.
 * `program` is the word in front: "slipway".
 */
int option_parse(const struct option_command *command, const char *program, int argc, char **argv,
		 void *values, struct option_list *operands, struct arena *arena, struct error *err);

/* The help of one command, and of a program with many, on standard output. */
void option_print_help(const struct option_command *command, const char *program);
void option_print_commands(const struct option_command *commands, const char *program, const char *about,
			   const struct option *globals);

/* The help of the commands of two words whose first is `group`; false, with nothing printed, where there are none. */
bool option_print_group(const struct option_command *commands, const char *program, const char *group);

/*
 * The command that argv names (one or two words) and how many words it took;
 * NULL with an error that names the nearest command.
 */
const struct option_command *option_find_command(const struct option_command *commands, int argc, char **argv,
						 int *words, struct error *err);

/* The name in `names` (ended by NULL) that is nearest to `word`, or NULL where none is near. */
const char *option_nearest(const char *word, const char *const *names);

#endif
