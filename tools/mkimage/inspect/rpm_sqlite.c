/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpmdb.sqlite: a table `Packages` with a header in each row. SQLite reads it from memory, and does nothing else for it: what its authors
 * advise for files of strangers is set (https://www.sqlite.org/security.html), and steps and bytes are counted.
 */
#include "tools/mkimage/inspect/rpm.h"

#include <sqlite3.h>
#include <stdint.h>

#include "base/cleanup.h"

#define STEPS_AT_ONCE 10000
#define STEPS_MAX (20u * PACKAGES_MAX)	/* a row takes fewer than ten */

/* "Database File Format", 1.3.3: versions of the file for writing and reading; 2 is a write-ahead log, 1 is none. */
#define FORMAT_AT 18
#define FORMAT_HEADER 100

static const struct {
	int limit, value;
} limits[] = {
	{ SQLITE_LIMIT_SQL_LENGTH, 100000 }, { SQLITE_LIMIT_COLUMN, 100 },	  { SQLITE_LIMIT_EXPR_DEPTH, 10 },
	{ SQLITE_LIMIT_COMPOUND_SELECT, 3 }, { SQLITE_LIMIT_VDBE_OP, 25000 },	  { SQLITE_LIMIT_FUNCTION_ARG, 8 },
	{ SQLITE_LIMIT_ATTACHED, 0 },	     { SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
};

static const struct {
	int option, value;
} settings[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
};

static int count_steps(void *context)
{
	unsigned int *steps = context;

	*steps += STEPS_AT_ONCE;
	return *steps > STEPS_MAX;
}

static int fail(sqlite3 *db, struct error *err)
{
	if (sqlite3_errcode(db) == SQLITE_INTERRUPT)
		return error_set(err, "it takes more than %u steps to read", STEPS_MAX);
	/* Not its longer message, which has words of the file. */
	return error_set(err, "sqlite: %s", sqlite3_errstr(sqlite3_errcode(db)));
}

static int open_memory(sqlite3 **db, unsigned char *data, size_t length, struct error *err)
{
	if (sqlite3_open_v2(":memory:", db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) != SQLITE_OK)
		return fail(*db, err);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		(void)sqlite3_limit(*db, limits[i].limit, limits[i].value);
	/* No value is longer than the file it stands in. */
	(void)sqlite3_limit(*db, SQLITE_LIMIT_LENGTH, (int)(length < RPM_HEADER_BYTES_MAX ? length : RPM_HEADER_BYTES_MAX));
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		(void)sqlite3_db_config(*db, settings[i].option, settings[i].value, NULL);
	(void)sqlite3_drop_modules(*db, NULL); /* no virtual tables */
	if (sqlite3_exec(*db, "PRAGMA cell_size_check = ON", NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_deserialize(*db, "main", data, (sqlite3_int64)length, (sqlite3_int64)length, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
		return fail(*db, err);
	return 0;
}

static int read_rows(sqlite3 *db, sqlite3_stmt *rows, size_t most, struct arena *arena, struct package_list *list, struct error *err)
{
	uint64_t bytes = 0;
	int step;

	for (size_t row = 1; (step = sqlite3_step(rows)) == SQLITE_ROW; row++) {
		const void *blob = sqlite3_column_blob(rows, 0);
		size_t length = (size_t)sqlite3_column_bytes(rows, 0);

		/* The same pages again and again are more than there are. */
		bytes += length;
		if (bytes > most)
			return error_set(err, "its headers have more bytes than itself");
		if (rpm_add_header(blob ? blob : "", length, arena, list, err) < 0)
			return error_context(err, "package %zu", row);
	}
	return step == SQLITE_DONE ? 0 : fail(db, err);
}

int rpm_parse_sqlite(void *data, size_t length, struct arena *arena, struct package_list *list, struct error *err)
{
	unsigned char *bytes = data;
	sqlite3_stmt *rows = NULL;
	unsigned int steps = 0;
	sqlite3 *db = NULL;
	int r = -1;

	if (length < FORMAT_HEADER)
		return error_set(err, "rpm database: %zu bytes are no database of sqlite", length);
	if (bytes[FORMAT_AT] == 2 && bytes[FORMAT_AT + 1] == 2)
		bytes[FORMAT_AT] = bytes[FORMAT_AT + 1] = 1;
	if (open_memory(&db, bytes, length, err) == 0) {
		sqlite3_progress_handler(db, STEPS_AT_ONCE, count_steps, &steps);
		if (sqlite3_prepare_v2(db, "SELECT blob FROM Packages", -1, &rows, NULL) != SQLITE_OK)
			r = fail(db, err) < 0 ? error_context(err, "table 'Packages'") : 0;
		else
			r = read_rows(db, rows, length, arena, list, err);
		(void)sqlite3_finalize(rows);
	}
	(void)sqlite3_close(db);
	return r < 0 ? error_context(err, "rpm database") : 0;
}
