/* SPDX-License-Identifier: Apache-2.0 */
/* The databases of rpm. That of sqlite, as rpm makes it, is in tests/functional/sbom.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/cleanup.h"
#include "tests/unit/rpm_maker.h"
#include "tools/mkimage/inspect/rpm.h"

enum { INT32 = 4, STRING = 6, NAME = 1000, VERSION = 1001, RELEASE = 1002, EPOCH = 1003, VENDOR = 1011, ARCH = 1022 };

#define TEXT(tag, text) { tag, STRING, 1, text, 0 }

static const struct rpm_value values[] = {
	TEXT(NAME, "a"), TEXT(VERSION, "1"), TEXT(RELEASE, "2"), { EPOCH, INT32, 1, NULL, 3 }, TEXT(VENDOR, "V\xff"), TEXT(ARCH, "noarch"),
};

static void check_package(const struct package_list *list)
{
	assert_int_equal(list->count, 1);
	assert_string_equal(list->items[0].name, "a");
	assert_string_equal(list->items[0].version, "1-2");
	assert_string_equal(list->items[0].epoch, "3");
	assert_string_equal(list->items[0].vendor, "V\xef\xbf\xbd");
	assert_string_equal(list->items[0].architecture, "noarch");
	assert_null(list->items[0].license);
}

static void ndb_is_read(void **state)
{
	autobuffer struct buffer header = { 0 }, db = { 0 };
	struct package_list list = { 0 };
	struct arena arena = { 0 };
	struct error err;

	(void)state;
	make_header(values, ARRAY_SIZE(values), &header);
	make_ndb(&header, &db);
	assert_int_equal(rpm_parse_ndb(db.data, db.length, &arena, &list, &err), 0);
	check_package(&list);
	arena_release(&arena);
}

/* What is changed of a good ndb: a number in little endian. */
static void ndb_lies_within_the_file(void **state)
{
	static const struct {
		size_t at;
		uint32_t number;
		const char *message;
	} rows[] = {
		{ 0, 0, "rpm database: it is no ndb of version 0" },
		{ 4, 1, "rpm database: it is no ndb of version 0" },
		{ 12, 0, "rpm database: its pages of slots are more than the file" },
		{ 12, UINT32_MAX, "rpm database: its pages of slots are more than the file" },
		{ 48, 0, "rpm database: slot 3 is none" },
		{ 40, UINT32_MAX, "rpm database: package 2: its blocks lie outside of the file" },
		{ 44, UINT32_MAX, "rpm database: package 2: its blocks lie outside of the file" },
		{ 44, 0, "rpm database: package 2: its blocks lie outside of the file" },
		{ 36, 9, "rpm database: package 9: its blocks are not what the slot says" },
		{ 4096 + 12, UINT32_MAX, "rpm database: package 2: its blocks are not what the slot says" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autobuffer struct buffer header = { 0 }, db = { 0 };
		struct package_list list = { 0 };
		struct arena arena = { 0 };
		struct error err;

		make_header(values, ARRAY_SIZE(values), &header);
		make_ndb(&header, &db);
		memcpy(db.data + rows[i].at, &rows[i].number, 4);
		assert_int_equal(rpm_parse_ndb(db.data, db.length, &arena, &list, &err), -1);
		assert_string_equal(err.message, rows[i].message);
		arena_release(&arena);
	}
}

static void ndb_has_no_block_twice(void **state)
{
	autobuffer struct buffer header = { 0 }, db = { 0 };
	struct package_list list = { 0 };
	struct arena arena = { 0 };
	struct error err;

	(void)state;
	make_header(values, ARRAY_SIZE(values), &header);
	make_ndb(&header, &db);
	for (size_t i = 3; i < 256; i++)
		memcpy(db.data + i * 16, db.data + 32, 16);
	assert_int_equal(rpm_parse_ndb(db.data, db.length, &arena, &list, &err), -1);
	assert_string_equal(err.message, "rpm database: package 2: it has blocks of others");
	arena_release(&arena);
}

static void header_lies_within_its_bytes(void **state)
{
	static const struct {
		struct rpm_value value;
		const char *message;
	} rows[] = {
		{ { NAME, STRING, 2, "x", 0 }, "tag 1000 has type 6 and 2 values, expected type 6 and one" },
		{ { NAME, INT32, 1, NULL, 0 }, "tag 1000 has type 4 and 1 values, expected type 6 and one" },
		{ { VERSION, STRING, 1, NULL, 0x61616161 }, "the value of tag 1001 lies outside of the header" },
		{ { NAME, STRING, 1, "x", 0 }, "a package without name, version or release" },
	};
	struct arena arena = { 0 };
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autobuffer struct buffer header = { 0 };
		struct package_list list = { 0 };

		make_header(&rows[i].value, 1, &header);
		assert_int_equal(rpm_add_header(header.data, header.length, &arena, &list, &err), -1);
		assert_string_equal(err.message, rows[i].message);
		assert_int_equal(rpm_add_header(header.data, header.length - 1, &arena, &list, &err), -1);
		assert_non_null(strstr(err.message, "says that it has 1 entries"));
		assert_int_equal(rpm_add_header(header.data, 7, &arena, &list, &err), -1);
		assert_string_equal(err.message, "a header of 7 bytes");
	}
	arena_release(&arena);
}

static void one_text_is_not_many(void **state)
{
	autobuffer struct buffer header = { 0 };
	struct package_list list = { 0 };
	struct arena arena = { 0 };
	struct error err;

	(void)state;
	make_header((const struct rpm_value[]){ TEXT(NAME, "a"), TEXT(VERSION, "a") }, 2, &header);
	memset(header.data + 8 + 16 + 8, 0, 4); /* the offset of the version */
	header.data[header.length - 2] = 'b';
	assert_int_equal(rpm_add_header(header.data, header.length, &arena, &list, &err), -1);
	assert_string_equal(err.message, "a package without name, version or release");
	memset(header.data + header.length - 4, 'a', 3); /* now one text of three letters */
	assert_int_equal(rpm_add_header(header.data, header.length, &arena, &list, &err), -1);
	assert_string_equal(err.message, "the values of its tags lie in one another");
	arena_release(&arena);
}

static void keys_are_no_packages(void **state)
{
	autobuffer struct buffer header = { 0 };
	struct package_list list = { 0 };
	struct arena arena = { 0 };
	struct error err;

	(void)state;
	make_header((const struct rpm_value[]){ TEXT(NAME, "gpg-pubkey"), TEXT(VERSION, "1"), TEXT(RELEASE, "2") }, 3, &header);
	assert_int_equal(rpm_add_header(header.data, header.length, &arena, &list, &err), 0);
	assert_int_equal(list.count, 0);
	arena_release(&arena);
}

/* A database made by these statements; its bytes are SQLite's, to be freed. */
static unsigned char *make_sqlite(const char *sql, const struct buffer *header, size_t *length)
{
	sqlite3_stmt *insert;
	sqlite3_int64 size;
	unsigned char *data;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	if (header) {
		assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO Packages(blob) VALUES(?)", -1, &insert, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_bind_blob(insert, 1, header->data, (int)header->length, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
		assert_int_equal(sqlite3_finalize(insert), SQLITE_OK);
	}
	data = sqlite3_serialize(db, "main", &size, 0);
	assert_non_null(data);
	*length = (size_t)size;
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return data;
}

#define TABLE "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);"

static void sqlite_is_read(void **state)
{
	autobuffer struct buffer header = { 0 };
	struct package_list list = { 0 };
	struct arena arena = { 0 };
	struct error err;
	unsigned char *data;
	size_t length;

	(void)state;
	make_header(values, ARRAY_SIZE(values), &header);
	data = make_sqlite(TABLE, &header, &length);
	data[18] = data[19] = 2; /* as rpm leaves it: with a log, which is empty */
	assert_int_equal(rpm_parse_sqlite(data, length, &arena, &list, &err), 0);
	check_package(&list);
	sqlite3_free(data);
	arena_release(&arena);
}

/* What a database can have instead of a table of headers. */
static void sqlite_does_no_more_than_read(void **state)
{
	static const struct {
		const char *sql, *message;
	} rows[] = {
		{ "CREATE TABLE Other(x)", "rpm database: table 'Packages': sqlite: SQL logic error" },
		{ "CREATE TABLE Packages(x)", "rpm database: table 'Packages': sqlite: SQL logic error" },
		{ TABLE "INSERT INTO Packages(blob) VALUES('no header')", "rpm database: package 1: a header of 9 bytes says that" },
		{ TABLE "INSERT INTO Packages(blob) VALUES(1)", "rpm database: package 1: a header of 1 bytes" },
		{ "CREATE VIEW Packages AS WITH RECURSIVE c(x) AS (VALUES(1) UNION ALL SELECT x + 1 FROM c) SELECT x AS blob FROM c",
		  "rpm database: " },
		{ "CREATE TABLE Packages(x, blob AS (hex(zeroblob(60000000))));INSERT INTO Packages(x) VALUES(1)", "rpm database: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct package_list list = { 0 };
		struct arena arena = { 0 };
		struct error err;
		size_t length;
		unsigned char *data = make_sqlite(rows[i].sql, NULL, &length);

		assert_int_equal(rpm_parse_sqlite(data, length, &arena, &list, &err), -1);
		assert_memory_equal(err.message, rows[i].message, strlen(rows[i].message));
		sqlite3_free(data);
		arena_release(&arena);
	}
}

/* Nothing at all of what a page can say of others makes it run for long, or read elsewhere. */
static void sqlite_takes_any_damage(void **state)
{
	autobuffer struct buffer header = { 0 };
	size_t length;
	unsigned char *good, *data;

	(void)state;
	make_header(values, ARRAY_SIZE(values), &header);
	good = make_sqlite(TABLE, &header, &length);
	for (size_t at = 0; at < length; at += at < 120 ? 1 : 61) {
		struct package_list list = { 0 };
		struct arena arena = { 0 };
		struct error err = { 0 };

		data = sqlite3_malloc64(length);
		memcpy(data, good, length);
		data[at] ^= 0xff;
		(void)rpm_parse_sqlite(data, length, &arena, &list, &err);
		assert_true(list.count <= 1);
		sqlite3_free(data);
		arena_release(&arena);
	}
	sqlite3_free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ndb_is_read),
		cmocka_unit_test(ndb_lies_within_the_file),
		cmocka_unit_test(ndb_has_no_block_twice),
		cmocka_unit_test(header_lies_within_its_bytes),
		cmocka_unit_test(one_text_is_not_many),
		cmocka_unit_test(keys_are_no_packages),
		cmocka_unit_test(sqlite_is_read),
		cmocka_unit_test(sqlite_does_no_more_than_read),
		cmocka_unit_test(sqlite_takes_any_damage),
	};

	return cmocka_run_group_tests_name("inspect_rpm", tests, NULL, NULL);
}
