/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DESCRIPTOR(type, hex, size) "{\"mediaType\":\"" type "\",\"digest\":\"sha256:" hex "\",\"size\":" size
#define CONFIG DESCRIPTOR(MEDIA_TYPE_CONFIG, HEX_A, "0") "}"
#define LAYER DESCRIPTOR(MEDIA_TYPE_LAYER_GZIP, HEX_B, "9223372036854775807") "}"

static const char index_text[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_INDEX "\",\"manifests\":["
	DESCRIPTOR(MEDIA_TYPE_MANIFEST, HEX_A, "7") ",\"annotations\":{\"" ANNOTATION_REF_NAME "\":\"docker.io/library/redis:7\"},"
	"\"platform\":{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}},"
	DESCRIPTOR(MEDIA_TYPE_MANIFEST, HEX_B, "8") "}]}";

static const char manifest_text[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_MANIFEST "\",\"config\":" CONFIG
	",\"layers\":[" LAYER "," LAYER "],\"annotations\":{\"a\":\"b\"}}";

static const char image_text[] =
	"{\"created\":\"1970-01-01T00:00:00Z\",\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{"
	"\"User\":\"redis:redis\",\"ExposedPorts\":{\"53/udp\":{},\"6379/tcp\":{}},\"Env\":[\"PATH=/bin\"],"
	"\"Entrypoint\":[\"/entry\"],\"Cmd\":[\"serve\",\"\"],\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/data\","
	"\"Labels\":{\"z\":\"1\",\"a\":\"\"},\"StopSignal\":\"SIGINT\"},"
	"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX_A "\",\"sha256:" HEX_B "\"]}}";

#define ROUND_TRIP(kind, text) \
	do { \
		autobuffer struct buffer out = { 0 }; \
		struct arena arena = { 0 }; \
		struct oci_##kind document; \
		struct error err = { 0 }; \
\
		if (oci_##kind##_parse(text, strlen(text), &arena, &document, &err) < 0 || \
		    oci_##kind##_write(&document, &out, &err) < 0) \
			fail_msg("%s", err.message); \
		assert_string_equal(buffer_string(&out), text); \
		arena_release(&arena); \
	} while (0)

static void what_was_read_is_written_byte_for_byte(void **state)
{
	(void)state;
	ROUND_TRIP(index, index_text);
	ROUND_TRIP(manifest, manifest_text);
	ROUND_TRIP(image_config, image_text);
}

static void lists_that_are_required_are_written_when_empty(void **state)
{
	(void)state;
	ROUND_TRIP(index, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_INDEX "\",\"manifests\":[]}");
	ROUND_TRIP(manifest, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_MANIFEST "\",\"config\":" CONFIG
			     ",\"layers\":[]}");
	ROUND_TRIP(image_config, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
}

static void an_index_gives_its_descriptors(void **state)
{
	struct arena arena = { 0 };
	struct oci_index index;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(oci_index_parse(index_text, strlen(index_text), &arena, &index, &err), 0);
	assert_int_equal(index.count, 2);
	assert_string_equal(index.manifests[0].digest.text, "sha256:" HEX_A);
	assert_int_equal(index.manifests[0].size, 7);
	assert_string_equal(index.manifests[0].platform.variant, "v7");
	assert_null(index.manifests[1].platform.os);
	assert_string_equal(oci_pairs_find(&index.manifests[0].annotations, ANNOTATION_REF_NAME),
			    "docker.io/library/redis:7");
	arena_release(&arena);
}

static void docker_twins_are_read_and_a_missing_media_type_is_the_specification_s(void **state)
{
	static const char list[] = "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_DOCKER_LIST "\",\"manifests\":[]}";
	static const char manifest[] = "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[]}";
	autobuffer struct buffer out = { 0 };
	struct arena arena = { 0 };
	struct oci_index index;
	struct oci_manifest m;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(oci_index_parse(list, strlen(list), &arena, &index, &err), 0);
	assert_string_equal(index.media_type, MEDIA_TYPE_DOCKER_LIST);
	assert_int_equal(oci_index_write(&index, &out, &err), 0);
	assert_non_null(strstr(buffer_string(&out), "\"" MEDIA_TYPE_INDEX "\""));
	assert_int_equal(oci_manifest_parse(manifest, strlen(manifest), &arena, &m, &err), 0);
	assert_string_equal(m.media_type, MEDIA_TYPE_MANIFEST);
	arena_release(&arena);
}

static void an_image_config_gives_what_a_container_starts_from(void **state)
{
	static const char docker[] =
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"User\":\"\",\"Env\":null,\"Cmd\":null,"
		"\"Volumes\":{\"/b\":{},\"/a\":null},\"WorkingDir\":\"\",\"OnBuild\":null,\"Tty\":false},"
		"\"container_config\":{\"Cmd\":1},\"history\":[{}],"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX_A "\"]}}";
	struct arena arena = { 0 };
	struct oci_image_config c;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(oci_image_config_parse(image_text, strlen(image_text), &arena, &c, &err), 0);
	assert_string_equal(c.config.exposed_ports.items[0], "53/udp");
	assert_string_equal(c.config.labels.items[0].key, "z");
	assert_string_equal(c.config.cmd.items[1], "");
	assert_string_equal(c.diff_ids[1].text, "sha256:" HEX_B);
	assert_null(c.variant);
	assert_int_equal(oci_image_config_parse(docker, strlen(docker), &arena, &c, &err), 0);
	assert_null(c.config.user);
	assert_int_equal(c.config.env.count, 0);
	assert_string_equal(c.config.volumes.items[0], "/a");
	assert_string_equal(c.config.volumes.items[1], "/b");
	arena_release(&arena);
}

enum document { INDEX, MANIFEST, IMAGE, DOCKER_ARCHIVE };

static int parse(enum document which, const char *json, struct arena *arena, struct error *err)
{
	union {
		struct oci_index index;
		struct oci_manifest manifest;
		struct oci_image_config image;
		struct docker_archive archive;
	} d;

	switch (which) {
	case INDEX:
		return oci_index_parse(json, strlen(json), arena, &d.index, err);
	case MANIFEST:
		return oci_manifest_parse(json, strlen(json), arena, &d.manifest, err);
	case IMAGE:
		return oci_image_config_parse(json, strlen(json), arena, &d.image, err);
	case DOCKER_ARCHIVE:
		break;
	}
	return docker_archive_parse(json, strlen(json), arena, &d.archive, err);
}

static const struct {
	enum document which;
	const char *json, *error;
} refused[] = {
	{ INDEX, "{}", "schemaVersion: is missing" },
	{ INDEX, "{\"schemaVersion\":1}", "schemaVersion: expected 2, got 1" },
	{ INDEX, "{\"schemaVersion\":2}", "manifests: is missing" },
	{ INDEX, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_MANIFEST "\",\"manifests\":[]}",
	  "mediaType: expected '" MEDIA_TYPE_INDEX "' or '" MEDIA_TYPE_DOCKER_LIST "', got \"" MEDIA_TYPE_MANIFEST "\"" },
	{ INDEX, "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}",
	  "layers: belongs in an image manifest, not in an index" },
	{ INDEX, "{\"schemaVersion\":2,\"manifests\":[{}]}", "manifests[0].mediaType: is missing" },
	{ INDEX, "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"m\",\"digest\":\"md5:1\"}]}",
	  "manifests[0].digest: 'md5:1' is not a digest: expected 'sha256:' or 'sha512:' and hex digits" },
	{ INDEX, "{\"schemaVersion\":2,\"manifests\":[" DESCRIPTOR("m", HEX_A, "-1") "}]}",
	  "manifests[0].size: expected an integer from 0 to 9223372036854775807, got -1" },
	{ INDEX, "{\"schemaVersion\":2,\"manifests\":[" DESCRIPTOR("m", HEX_A, "9223372036854775808") "}]}",
	  "manifests[0].size: expected a size in bytes below 2^63, got 9223372036854775808" },
	{ MANIFEST, "{\"schemaVersion\":1,\"fsLayers\":[]}",
	  "fsLayers: belongs in a manifest of schema 1, which is not supported; push the image again with a newer tool" },
	{ MANIFEST, "{\"schemaVersion\":2,\"manifests\":[]}", "manifests: belongs in an image index, not in a manifest" },
	{ MANIFEST, "{\"schemaVersion\":2,\"layers\":[]}", "config: is missing" },
	{ MANIFEST, "{\"schemaVersion\":2,\"config\":" CONFIG "}", "layers: is missing" },
	{ MANIFEST, "{\"schemaVersion\":2,\"config\":" CONFIG ",\"config\":" CONFIG "}",
	  "line 1, column 185: not JSON: duplicate object key near '\"config\"'" },
	{ IMAGE, "{}", "rootfs: is missing" },
	{ IMAGE, "{\"rootfs\":{\"diff_ids\":[]}}", "rootfs.type: is missing" },
	{ IMAGE, "{\"rootfs\":{\"type\":\"x\"}}", "rootfs.type: expected 'layers', got \"x\"" },
	{ IMAGE, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:AA\"]}}",
	  "rootfs.diff_ids[0]: 'sha256:AA' is not a digest: expected 64 lower-case hex digits after 'sha256:'" },
	{ IMAGE, "{\"config\":{\"Cmd\":\"sh\"}}", "config.Cmd: expected an array of strings, got \"sh\"" },
	{ IMAGE, "{\"config\":{\"Volumes\":{\"/a\":1}}}", "config.Volumes[\"/a\"]: expected an empty object, got 1" },
	{ DOCKER_ARCHIVE, "{}", "expected an array, got an object" },
	{ DOCKER_ARCHIVE, "[]", "the archive names no image" },
	{ DOCKER_ARCHIVE, "[{\"Layers\":[]}]", "[0].Config: is missing" },
	{ DOCKER_ARCHIVE, "[{\"Config\":\"c\",\"Layers\":[1]}]", "[0].Layers[0]: expected a string, got 1" },
};

static void a_refusal_names_the_place_and_what_stood_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct arena arena = { 0 };
		struct error err = { 0 };

		if (parse(refused[i].which, refused[i].json, &arena, &err) == 0)
			fail_msg("accepted: %s", refused[i].json);
		assert_string_equal(err.message, refused[i].error);
		arena_release(&arena);
	}
}

static void more_layers_than_the_limit_are_refused(void **state)
{
	for (size_t count = OCI_LAYERS_MAX; count <= OCI_LAYERS_MAX + 1; count++) {
		autobuffer struct buffer text = { 0 };
		struct arena arena = { 0 };
		struct oci_manifest manifest;
		struct error err = { 0 };
		int r;

		(void)state;
		buffer_add_string(&text, "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER);
		for (size_t i = 1; i < count; i++)
			buffer_add_string(&text, "," LAYER);
		buffer_add_string(&text, "]}");
		r = oci_manifest_parse(text.data, text.length, &arena, &manifest, &err);
		assert_int_equal(r, count > OCI_LAYERS_MAX ? -1 : 0);
		if (r < 0)
			assert_string_equal(err.message, "layers: 513 items are more than the 512 allowed");
		arena_release(&arena);
	}
}

static void a_docker_archive_gives_its_images(void **state)
{
	static const char text[] =
		"[{\"Config\":\"abc.json\",\"RepoTags\":[\"redis:7\",\"redis:latest\"],\"Layers\":[\"1/layer.tar\","
		"\"2/layer.tar\"]},{\"Config\":\"blobs/sha256/x\",\"RepoTags\":null,\"Layers\":null,"
		"\"LayerSources\":{}}]";
	struct arena arena = { 0 };
	struct docker_archive archive;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(docker_archive_parse(text, strlen(text), &arena, &archive, &err), 0);
	assert_int_equal(archive.count, 2);
	assert_string_equal(archive.images[0].config, "abc.json");
	assert_string_equal(archive.images[0].layers.items[1], "2/layer.tar");
	assert_string_equal(archive.images[0].repo_tags.items[0], "redis:7");
	assert_int_equal(archive.images[1].repo_tags.count, 0);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_read_is_written_byte_for_byte),
		cmocka_unit_test(lists_that_are_required_are_written_when_empty),
		cmocka_unit_test(an_index_gives_its_descriptors),
		cmocka_unit_test(docker_twins_are_read_and_a_missing_media_type_is_the_specification_s),
		cmocka_unit_test(an_image_config_gives_what_a_container_starts_from),
		cmocka_unit_test(a_refusal_names_the_place_and_what_stood_there),
		cmocka_unit_test(more_layers_than_the_limit_are_refused),
		cmocka_unit_test(a_docker_archive_gives_its_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
