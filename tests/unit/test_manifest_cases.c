/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each directory of tests/data/manifests/invalid is a test: its input.yml (or the file that the last word of `command`
 * names) is refused with exactly the line in `error`, that begins with the program's name as on a terminal.
 * tests/cases.sh runs the same directories through the program; here they run through the library, and so under
 * sanitizers with SAN=1.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/manifest/manifest.h"

#define CASES_MAX   1000
#define CASES_LEAST 45 /* fewer means that they were not found */
#define DIRECTORY   "tests/data/manifests/invalid"
#define PROGRAM     "slipway: "

static int top = -1;

/* "input.yml", or the last word of the file `command`. In the arena. */
static const char *case_path(struct arena *arena)
{
	autobuffer struct buffer command = { 0 };
	struct error err;
	char *text, *space;

	if (access("command", F_OK) < 0)
		return "input.yml";
	assert_int_equal(file_read(AT_FDCWD, "command", 4096, &command, &err), 0);
	text = arena_strdup(arena, buffer_string(&command));
	text[strcspn(text, "\n")] = '\0';
	space = strrchr(text, ' ');
	return space ? space + 1 : text;
}

static void refused_with_the_expected_line(void **state)
{
	const char *name = *state;
	autobuffer struct buffer expected = { 0 };
	struct arena arena = { 0 };
	struct manifest manifest = { .path = "untouched" };
	struct error err = { 0 };
	char line[ERROR_MESSAGE_MAX + sizeof(PROGRAM) + 1];

	assert_int_equal(fchdir(top), 0);
	assert_int_equal(chdir(DIRECTORY), 0);
	assert_int_equal(chdir(name), 0);
	assert_int_equal(file_read(AT_FDCWD, "error", sizeof(line), &expected, &err), 0);
	assert_int_equal(manifest_read(case_path(&arena), &arena, &manifest, &err), -1);
	(void)snprintf(line, sizeof(line), PROGRAM "%s\n", err.message);
	assert_string_equal(line, buffer_string(&expected));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_string_equal(manifest.path, "untouched");
	arena_release(&arena);
	assert_int_equal(fchdir(top), 0);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(void)
{
	static struct CMUnitTest tests[CASES_MAX];
	const char *directory = getenv("TOP");
	struct dirent **entries = NULL;
	int count, r;

	top = open(directory ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0 || fchdir(top) < 0 ||
	    (count = scandir(DIRECTORY, &entries, visible, alphasort)) < CASES_LEAST || count > CASES_MAX) {
		fprintf(stderr,
			"%s: not found, or not between %d and %d cases; run it at the top of the tree\n",
			DIRECTORY, CASES_LEAST, CASES_MAX);
		return EXIT_FAILURE;
	}
	for (int i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){ .name = entries[i]->d_name,
						.test_func = refused_with_the_expected_line,
						.initial_state = entries[i]->d_name };
	r = _cmocka_run_group_tests("manifest cases", tests, (size_t)count, NULL, NULL);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	close(top);
	return r;
}
