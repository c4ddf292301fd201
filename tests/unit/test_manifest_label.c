/* SPDX-License-Identifier: Apache-2.0 */
/* The label of an image: a container's keys as JSON, from an image that may be newer than we are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/mkimage/manifest/manifest.h"

static struct arena arena;
static struct error err;
static struct manifest_container c;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static int parse(const char *json)
{
	return manifest_parse_label("image 'web'", json, strlen(json), &arena, &c, &err);
}

static void refuse(const char *json, const char *message)
{
	memset(&c, 0, sizeof(c));
	c.devices_count = 77;
	assert_int_equal(parse(json), -1);
	assert_string_equal(err.message, message);
	assert_int_equal(c.devices_count, 77);
}

static void the_keys_are_those_of_the_manifest(void **state)
{
	(void)state;
	assert_int_equal(
		parse("{\"binds\":[\"/dev:/dev\",\"/var:/var:rshared,rbind\"],\"capabilities\":[\"all\"],"
		      "\"devices\":[{\"path\":\"all\",\"type\":\"b\"},"
		      "{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,\"mode\":\"0666\"}],"
		      "\"net\":\"new\",\"oomScoreAdj\":-800,\"readonly\":true,\"rootfsPropagation\":"
		      "\"shared\","
		      "\"tmpfs\":[\"/tmp\"],\"mounts\":[{\"type\":\"cgroup\",\"options\":[\"rw\"]}]}"),
		0);
	assert_int_equal(c.binds.count, 2);
	assert_string_equal(c.binds.items[1].value, "/var:/var:rshared,rbind");
	assert_string_equal(c.capabilities.items[0].value, "all");
	assert_int_equal(c.devices_count, 2);
	assert_int_equal(c.devices[1].minor.value, 229);
	assert_string_equal(c.net.value, "new");
	assert_int_equal(c.oom_score_adj.value, -800);
	assert_true(c.readonly.set && c.readonly.value);
	assert_string_equal(c.mounts[0].type, "cgroup");
	assert_null(c.name.value);
}

static void our_own_keys_may_stand_in_a_label(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"restart\": \"on-failure\", \"stop_timeout\": \"30s\", \"on_failure\": "
			       "\"continue\"}"),
			 0);
	assert_string_equal(c.restart.value, "on-failure");
}

static void unknown_keys_are_passed_over_at_every_level(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"holograms\": [1, {\"a\": null}], \"net\": \"host\", \"resources\": "
			       "{\"gpu\": 1, \"pids\": "
			       "{\"limit\": 5, \"soft\": 3}}, \"mounts\": [{\"type\": \"tmpfs\", "
			       "\"destination\": \"/t\", \"x\": 1}]}"),
			 0);
	assert_string_equal(c.net.value, "host");
	assert_int_equal(c.resources.pids_limit.value, 5);
	assert_int_equal(c.mounts_count, 1);
}

static void places_name_the_image(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"cwd\": \"/srv\"}"), 0);
	assert_string_equal(c.cwd.at.file, "image 'web'");
	assert_int_equal(c.cwd.at.line, 0);
	assert_int_equal(place_error(&c.cwd.at, &err, "no"), -1);
	assert_string_equal(err.message, "image 'web': no");
}

static void wrong_labels_are_refused_with_the_image_and_the_key(void **state)
{
	(void)state;
	refuse("{\"binds\": \"/a:/b\"}",
	       "image 'web': binds: expected a list of strings, got the string '/a:/b'");
	refuse("{\"binds\": [\"/a\"]}",
	       "image 'web': binds[0]: expected 'source:destination[:options]', got '/a'");
	refuse("{\"mounts\": [{\"destination\": \"/a\"}]}",
	       "image 'web': mounts[0]: 'type' is missing; add 'type:'");
	refuse("{\"capabilities\": [\"CAP_SYS_ADMN\"]}", "image 'web': capabilities[0]: unknown capability "
							 "'CAP_SYS_ADMN'; did you mean 'CAP_SYS_ADMIN'?");
	refuse("{\"resources\": {\"memory\": {\"limit\": \"1\"}}}",
	       "image 'web': resources.memory.limit: expected a whole number, got the string '1'");
	refuse("{\"name\": \"x\"}", "image 'web': 'name' cannot be set by a label; remove it from the label");
	refuse("{\"image\": \"x\"}",
	       "image 'web': 'image' cannot be set by a label; remove it from the label");
	refuse("[]", "image 'web': expected a mapping, got a list");
	refuse("", "image 'web': the document is empty; write keys and values, such as 'name: value'");
	refuse("{\"net\": \"host\", \"net\": \"new\"}",
	       "image 'web': duplicate key 'net'; remove one of them");
	refuse("{\"net\": ", "image 'web': not valid YAML: did not find expected node content; "
			     "check the indentation and the quotes before it");
}

/* Names of containers and volumes are the manifest's: what uses a label looks them up. */
static void names_of_the_manifest_are_not_looked_up(void **state)
{
	(void)state;
	assert_int_equal(
		parse("{\"uid\": \"redis\", \"additionalGids\": [\"redis\"], \"binds\": [\"data:/data\"]}"),
		0);
	assert_string_equal(c.uid.name, "redis");
}

static void bytes_need_no_nul_at_their_end(void **state)
{
	static const char json[] = { '{', '}' };
	char *copy = malloc(sizeof(json));

	(void)state;
	assert_non_null(copy);
	memcpy(copy, json, sizeof(json));
	assert_int_equal(manifest_parse_label("image", copy, sizeof(json), &arena, &c, &err), 0);
	free(copy);
	assert_int_equal(manifest_parse_label("image", "{}\0{}", 5, &arena, &c, &err), -1);
	assert_non_null(strstr(err.message, "a NUL byte"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_keys_are_those_of_the_manifest, release),
		cmocka_unit_test_teardown(our_own_keys_may_stand_in_a_label, release),
		cmocka_unit_test_teardown(unknown_keys_are_passed_over_at_every_level, release),
		cmocka_unit_test_teardown(places_name_the_image, release),
		cmocka_unit_test_teardown(wrong_labels_are_refused_with_the_image_and_the_key, release),
		cmocka_unit_test_teardown(names_of_the_manifest_are_not_looked_up, release),
		cmocka_unit_test_teardown(bytes_need_no_nul_at_their_end, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
