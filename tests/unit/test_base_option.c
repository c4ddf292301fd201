/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

struct values {
	bool force, quiet;
	const char *output;
	unsigned int memory;
	struct option_list publish;
};

static const struct option options[] = {
	{ OPTION_FLAG, 'f', "force", NULL, "do it anyway", offsetof(struct values, force) },
	{ OPTION_FLAG, 'q', NULL, NULL, "say less", offsetof(struct values, quiet) },
	{ OPTION_STRING, 'o', "output", "FILE", "where to", offsetof(struct values, output) },
	{ OPTION_UNSIGNED, 'm', "memory", "MIB", "how much", offsetof(struct values, memory) },
	{ OPTION_LIST, 'p', "publish", "HOST:GUEST", "a port", offsetof(struct values, publish) },
	OPTION_TABLE_END,
};

static const struct option_command commands[] = {
	{ "build", "MANIFEST", "build an image", options, 1, 1, false, NULL },
	{ "image import", "FILE NAME", "take an image in", NULL, 2, 2, false, NULL },
	{ "image list", "", "show them", NULL, 0, 0, false, NULL },
	{ "exec", "ID COMMAND...", "run in a container", options, 2, UINT_MAX, true, NULL },
	{ NULL, NULL, NULL, NULL, 0, 0, false, NULL },
};
static const struct option_command *const build = &commands[0], *const exec_ = &commands[3];

/* Words up to a NULL, as a command line. */
#define ARGV(...) (char **)(const char *[]){ "command", __VA_ARGS__, NULL }

struct parsed {
	struct values values;
	struct option_list operands;
	struct arena arena;
	struct error err;
	int result;
};

static struct parsed parse(const struct option_command *command, char **argv)
{
	struct parsed p = { 0 };
	int argc = 0;

	while (argv[argc])
		argc++;
	p.result = option_parse(command, "slipway", argc, argv, &p.values, &p.operands, &p.arena, &p.err);
	return p;
}

static void each_way_of_writing_an_option_is_read(void **state)
{
	char **lines[] = {
		ARGV("-f", "-q", "-o", "x", "-m", "96", "a.yml"),
		ARGV("-fqox", "-m96", "a.yml"),
		ARGV("a.yml", "--force", "-q", "--output=x", "--memory", "96"),
		ARGV("--output", "y", "--output=x", "-qf", "-m", "4", "a.yml", "-m", "096"),
		ARGV("-f", "-q", "-o", "x", "-m", "96", "--", "a.yml"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct parsed p = parse(build, lines[i]);

		if (p.result != 0)
			fail_msg("line %zu: %s", i, p.err.message);
		assert_true(p.values.force && p.values.quiet);
		assert_string_equal(p.values.output, "x");
		assert_int_equal(p.values.memory, 96);
		assert_int_equal(p.operands.count, 1);
		assert_string_equal(p.operands.items[0], "a.yml");
		arena_release(&p.arena);
	}
}

static void a_list_keeps_each_in_order(void **state)
{
	struct parsed p = parse(build, ARGV("-p", "1", "a", "--publish=2", "-p3", "--publish", "--"));

	(void)state;
	assert_int_equal(p.result, 0);
	assert_int_equal(p.values.publish.count, 4);
	assert_string_equal(p.values.publish.items[0], "1");
	assert_string_equal(p.values.publish.items[2], "3");
	assert_string_equal(p.values.publish.items[3], "--");
	arena_release(&p.arena);
}

static void nothing_is_an_option_after_two_dashes(void **state)
{
	struct parsed p = parse(exec_, ARGV("--", "--force", "-x", "--"));

	(void)state;
	assert_int_equal(p.result, 0);
	assert_false(p.values.force);
	assert_int_equal(p.operands.count, 3);
	assert_string_equal(p.operands.items[2], "--");
	arena_release(&p.arena);
}

static void where_asked_for_options_end_at_the_first_operand(void **state)
{
	struct parsed p = parse(exec_, ARGV("-f", "web", "ls", "-q", "--force=1"));

	(void)state;
	assert_int_equal(p.result, 0);
	assert_true(p.values.force && !p.values.quiet);
	assert_int_equal(p.operands.count, 4);
	arena_release(&p.arena);
}

static void a_single_dash_and_an_empty_word_are_operands(void **state)
{
	struct parsed p = parse(exec_, ARGV("-", ""));

	(void)state;
	assert_int_equal(p.result, 0);
	assert_string_equal(p.operands.items[0], "-");
	assert_string_equal(p.operands.items[1], "");
	arena_release(&p.arena);
}

static void a_refusal_says_what_to_write(void **state)
{
	const struct {
		char **argv;
		const char *error;
	} cases[] = {
		{ ARGV("--forc", "a"), "build: unknown option '--forc'; did you mean '--force'?" },
		{ ARGV("--memry=4", "a"), "build: unknown option '--memry'; did you mean '--memory'?" },
		{ ARGV("--zzzzzz", "a"), "build: unknown option '--zzzzzz'; see 'slipway build --help'" },
		{ ARGV("-x", "a"), "build: unknown option '-x'; see 'slipway build --help'" },
		{ ARGV("-fx", "a"), "build: unknown option '-x'; see 'slipway build --help'" },
		{ ARGV("--force=1", "a"), "option '--force' takes no value" },
		{ ARGV("a", "--output"), "option '--output' needs a value: FILE" },
		{ ARGV("a", "-o"), "option '-o' needs a value: FILE" },
		{ ARGV("-m", "x", "a"), "option '-m': expected a number, got 'x'" },
		{ ARGV("-m", "-1", "a"), "option '-m': expected a number, got '-1'" },
		{ ARGV("-m", "+1", "a"), "option '-m': expected a number, got '+1'" },
		{ ARGV("-m", " -1", "a"), "option '-m': expected a number, got ' -1'" },
		{ ARGV("-m", "", "a"), "option '-m': expected a number, got ''" },
		{ ARGV("--memory=4k", "a"), "option '--memory': expected a number, got '4k'" },
		{ ARGV("-m4294967296", "a"), "option '-m': expected a number, got '4294967296'" },
		{ ARGV("-f"), "build: missing operand; usage: slipway build MANIFEST" },
		{ ARGV("a", "b"), "build: unexpected operand 'b'; usage: slipway build MANIFEST" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parsed p = parse(build, cases[i].argv);

		if (p.result != -1)
			fail_msg("accepted; expected: %s", cases[i].error);
		assert_string_equal(p.err.message, cases[i].error);
		arena_release(&p.arena);
	}
}

/* What `print` writes to standard output, read back from a file. */
static int out_saved, out_file;

static void capture(void)
{
	char path[] = "/tmp/slipway-option-XXXXXX";

	fflush(stdout);
	out_saved = dup(STDOUT_FILENO);
	out_file = mkstemp(path);
	assert_true(out_file >= 0);
	unlink(path);
	dup2(out_file, STDOUT_FILENO);
}

static const char *captured(void)
{
	static char text[8192];
	ssize_t n;

	fflush(stdout);
	dup2(out_saved, STDOUT_FILENO);
	close(out_saved);
	n = pread(out_file, text, sizeof(text) - 1, 0);
	close(out_file);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void help_has_every_row_and_ends_the_command(void **state)
{
	char **lines[] = { ARGV("--help"), ARGV("-h"), ARGV("-fh"), ARGV("a", "b", "c", "--help") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const char *text;
		struct parsed p;

		capture();
		p = parse(build, lines[i]);
		text = captured();
		assert_int_equal(p.result, 1);
		assert_non_null(strstr(text, "usage: slipway build [OPTIONS] MANIFEST\n"));
		assert_non_null(strstr(text, "build an image"));
		assert_non_null(strstr(text, "-f, --force"));
		assert_non_null(strstr(text, "-m, --memory MIB"));
		assert_non_null(strstr(text, "say less"));
		arena_release(&p.arena);
	}
	capture();
	option_print_commands(commands, "slipway", "about it", NULL);
	assert_non_null(strstr(captured(), "  image import                   take an image in\n"));
}

static void a_command_has_one_word_or_two(void **state)
{
	const struct {
		char **argv;
		int words;
		const struct option_command *command;
		const char *error;
	} cases[] = {
		{ ARGV("build", "x"), 1, &commands[0], NULL },
		{ ARGV("image", "import", "x"), 2, &commands[1], NULL },
		{ ARGV("image", "list"), 2, &commands[2], NULL },
		{ ARGV("biuld"), 0, NULL, "unknown command 'biuld'; did you mean 'build'?" },
		{ ARGV("image", "lst"), 0, NULL, "unknown command 'image lst'; did you mean 'image list'?" },
		{ ARGV("zzzzzzzzzz"), 0, NULL, "unknown command 'zzzzzzzzzz'; see '--help'" },
		{ ARGV(NULL), 0, NULL, "no command given; see '--help'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = { 0 };
		int argc = 0, words;

		while (cases[i].argv[argc + 1])
			argc++;
		assert_ptr_equal(option_find_command(commands, argc, cases[i].argv + 1, &words, &err), cases[i].command);
		if (cases[i].command)
			assert_int_equal(words, cases[i].words);
		else
			assert_string_equal(err.message, cases[i].error);
	}
}

static void the_nearest_name_is_near(void **state)
{
	static const char *const names[] = { "services", "onboot", "onshutdown", "files", NULL };
	char word[200];

	(void)state;
	assert_string_equal(option_nearest("service", names), "services");
	assert_string_equal(option_nearest("onshutdwon", names), "onshutdown");
	assert_string_equal(option_nearest("file", names), "files");
	assert_null(option_nearest("kernel", names));
	assert_null(option_nearest("", names));
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(option_nearest(word, names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_of_writing_an_option_is_read),
		cmocka_unit_test(a_list_keeps_each_in_order),
		cmocka_unit_test(nothing_is_an_option_after_two_dashes),
		cmocka_unit_test(where_asked_for_options_end_at_the_first_operand),
		cmocka_unit_test(a_single_dash_and_an_empty_word_are_operands),
		cmocka_unit_test(a_refusal_says_what_to_write),
		cmocka_unit_test(help_has_every_row_and_ends_the_command),
		cmocka_unit_test(a_command_has_one_word_or_two),
		cmocka_unit_test(the_nearest_name_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
