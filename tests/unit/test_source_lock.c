/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/source/lock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/file.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static char directory[] = "/tmp/slipway-lock-XXXXXX";
static struct arena arena;
static struct error err;

static int enter(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	arena_release(&arena);
	return chdir("/") == 0 ? file_remove_tree(AT_FDCWD, directory, &err) : -1;
}

static int read_text(const char *text, struct lock *lock)
{
	assert_int_equal(file_write_atomic(AT_FDCWD, "app.lock", text, strlen(text), 0644, &err), 0);
	return lock_read("app.lock", &arena, lock, &err);
}

static void what_is_written_is_read(void **state)
{
	static const char text[] = "registry.example/app:v1 " A "\nregistry.example/many:v1 " B " " C "\n";
	autobuffer struct buffer written = { 0 };
	struct lock lock;

	(void)state;
	assert_int_equal(read_text(text, &lock), 0);
	assert_int_equal(lock.count, 2);
	assert_string_equal(lock_find(&lock, "registry.example/app:v1")->digest.text, A);
	assert_string_equal(lock_find(&lock, "registry.example/app:v1")->index.text, "");
	assert_string_equal(lock_find(&lock, "registry.example/many:v1")->digest.text, B);
	assert_string_equal(lock_find(&lock, "registry.example/many:v1")->index.text, C);
	assert_null(lock_find(&lock, "registry.example/app:v2"));
	assert_int_equal(lock_write("app.lock", &lock, &err), 0);
	assert_int_equal(file_read(AT_FDCWD, "app.lock", LOCK_BYTES_MAX, &written, &err), 0);
	assert_string_equal(buffer_string(&written), text);
}

static void lines_that_are_none_are_refused_with_their_number(void **state)
{
	static const char *const texts[] = { "name", "name sha256:aa", "name " A " ", "name " A " sha256:bb", "name " A " " B " " C,
					     "name  " A };
	struct lock lock;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(read_text(arena_printf(&arena, "# a comment\n%s\n", texts[i]), &lock), -1);
		assert_int_equal(strncmp(err.message, "app.lock:2: ", 12), 0);
	}
}

static void no_file_is_an_empty_lock(void **state)
{
	struct lock lock;

	(void)state;
	assert_int_equal(lock_read("none.lock", &arena, &lock, &err), 0);
	assert_false(lock.present);
	assert_int_equal(lock.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(lines_that_are_none_are_refused_with_their_number),
		cmocka_unit_test(no_file_is_an_empty_lock),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
