/* SPDX-License-Identifier: Apache-2.0 */
/* What .dockerignore leaves out, as buildah and BuildKit have it; and how builders are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "tools/mkimage/builder/builders.h"
#include "tools/mkimage/builder/context.h"
#include "tools/mkimage/builder/ignore.h"

static struct arena arena;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void patterns_leave_out_what_they_say(void **state)
{
	static const struct {
		const char *patterns, *path;
		bool ignored;
	} rows[] = {
		{ "", "a", false },
		{ "a", "a", true },
		{ "a", "b/a", false },
		{ "a", "a/b/c", true },
		{ "/a/", "a", true },
		{ "./a/../b", "b", true },
		{ "# a\na", "a", true },
		{ "# a", "# a", false },
		{ " \t a \r\n", "a", true },
		{ "\xef\xbb\xbf" "a", "a", true },
		{ "*.log", "x.log", true },
		{ "*.log", "d/x.log", false },
		{ "*/*.log", "d/x.log", true },
		{ "**/*.log", "x.log", true },
		{ "**/*.log", "d/e/x.log", true },
		{ "d/**", "d/e/x", true },
		{ "d/**", "d", true },
		{ "d/**/x", "d/x", true },
		{ "d/**/x", "d/e/f/x", true },
		{ "d/**/x", "e/x", false },
		{ "**/d/**/x", "a/d/b/d/x", true },
		{ "**/a/**/b/**/c", "a/a/a/b/b/x/c", true },
		{ "**/a/**/b/**/c", "a/a/a/x/x/x/c", false },
		{ "?", "a", true },
		{ "?", "ab", false },
		{ "[a-c]", "b", true },
		{ "[^a-c]", "b", false },
		{ "\\*", "*", true },
		{ "\\*", "a", false },
		{ "*", ".hidden", true },
		{ "*\n!keep", "keep", false },
		{ "*\n!keep", "keep/inside", false },
		{ "*\n!keep\nkeep/x", "keep/x", true },
		{ "!keep\n*", "keep", true },
		{ "d\n!d/e", "d/e/f", false },
		{ "d\n!d/e", "d/g", true },
		{ ".", "anything", true },
		/* Builders differ: kept rather than missed. */
		{ "a**b", "a/b", false },
		{ "*\n!a**b", "c", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ignore ignore = { 0 };

		ignore_parse(&ignore, rows[i].patterns, &arena);
		if (ignore_matches(&ignore, rows[i].path) != rows[i].ignored)
			fail_msg("'%s' of '%s' should be %s", rows[i].path, rows[i].patterns, rows[i].ignored ? "ignored" : "kept");
	}
}

static void a_path_is_taken_as_it_is(void **state)
{
	struct ignore ignore = { 0 };

	(void)state;
	ignore_path(&ignore, "a*[b]?\\c", &arena);
	assert_true(ignore_matches(&ignore, "a*[b]?\\c"));
	assert_false(ignore_matches(&ignore, "axb?\\c"));
	assert_false(ignore_matches(&ignore, "a*b?\\c"));
}

static void many_stars_end_in_time(void **state)
{
	struct ignore ignore = { 0 };
	autobuffer struct buffer pattern = { 0 }, path = { 0 };

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		buffer_add_string(&pattern, "**/a/");
		buffer_add_string(&path, "a/");
	}
	buffer_add_string(&pattern, "b");
	buffer_add_string(&path, "c");
	ignore_parse(&ignore, buffer_string(&pattern), &arena);
	assert_false(ignore_matches(&ignore, buffer_string(&path)));
}

static const char *command_text(const char *name, bool save, const struct build_job *job)
{
	struct error err = { 0 };
	const struct builder *builder = builder_find(name, &err);
	autobuffer struct buffer text = { 0 };

	assert_non_null(builder);
	for (const char *const *word = builder_command(builder, save, job, &arena); *word; word++)
		buffer_printf(&text, "%s%s", text.length ? " " : "", *word);
	return arena_strdup(&arena, buffer_string(&text));
}

static void each_builder_is_called_as_it_wants(void **state)
{
	static const char *const args[] = { "A=1", "B=two words" };
	const struct builder_request request = { .context = "./web", .target = "final", .platform = "linux/amd64", .args = args,
						 .args_count = 2 };
	struct builder_options options = { .pull = "never" };
	struct build_job job = { .request = &request, .options = &options, .dockerfile = "./web/Dockerfile",
				 .ignore_file = "/t/ignore", .tag = "localhost/x:1", .id_file = "/t/id",
				 .archive = "/t/image.tar" };
	static const char settings[] = "--file ./web/Dockerfile --target final --platform linux/amd64 --build-arg A=1 "
				       "--build-arg B=two words";
	static const char common[] = "--format docker --layers --timestamp 0 --isolation chroot --pull=never --ignorefile "
				     "/t/ignore --tag localhost/x:1 --iidfile /t/id";

	(void)state;
	(void)unsetenv("BUILDAH_ISOLATION");
	assert_string_equal(command_text("buildah", false, &job),
			    arena_printf(&arena, "buildah build %s %s ./web", common, settings));
	assert_string_equal(command_text("buildah", true, &job), "buildah push --quiet localhost/x:1 docker-archive:/t/image.tar");
	assert_string_equal(command_text("podman", false, &job),
			    arena_printf(&arena, "podman build %s %s ./web", common, settings));
	assert_string_equal(command_text("podman", true, &job),
			    "podman save --quiet --format docker-archive --output /t/image.tar localhost/x:1");
	options = (struct builder_options){ .rebuild = true, .pull = "always" };
	assert_string_equal(command_text("docker", false, &job),
			    arena_printf(&arena, "docker buildx build --progress plain --provenance=false --load --pull --tag localhost/x:1 %s "
					 "--no-cache ./web", settings));
	assert_string_equal(command_text("docker", true, &job), "docker save --output /t/image.tar localhost/x:1");
	(void)setenv("BUILDAH_ISOLATION", "oci", 1);
	assert_null(strstr(command_text("buildah", false, &job), "--isolation"));
}

static void words_that_are_not_known_are_refused(void **state)
{
	static const struct {
		struct builder_options options;
		const char *message;
	} rows[] = {
		{ { .builder = "biuldah" }, "--builder: unknown builder 'biuldah'; did you mean 'buildah'?" },
		{ { .builder = "kaniko" }, "--builder: unknown builder 'kaniko'; known are buildah, podman and docker" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };

		assert_int_equal(builder_options_check(&rows[i].options, &err), -1);
		assert_string_equal(err.message, rows[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(patterns_leave_out_what_they_say, release),
		cmocka_unit_test_teardown(a_path_is_taken_as_it_is, release),
		cmocka_unit_test_teardown(many_stars_end_in_time, release),
		cmocka_unit_test_teardown(each_builder_is_called_as_it_wants, release),
		cmocka_unit_test_teardown(words_that_are_not_known_are_refused, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
