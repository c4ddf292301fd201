/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of keys that a service is read by. A key that has no row is an error; one with a note cannot be kept. */
#ifndef MKIMAGE_COMPOSE_ROWS_H
#define MKIMAGE_COMPOSE_ROWS_H

#include "tools/mkimage/compose/importer.h"

struct row;

/* Reads the value of the row's key into `target`, what the row's offset leads to. */
typedef int row_reader(struct importer *importer, const struct node *node, const struct row *row, void *target);

struct row {
	const char *key;
	row_reader *read;		/* NULL: it means nothing here, or what `note` says */
	size_t offset;			/* of what it is read into, in what the table is for */
	const char *note;
};

#define SERVICE(member) offsetof(struct compose_service, member)

int rows_read(struct importer *importer, const struct node *node, const struct row *rows, size_t count, void *target);

/* row_values.c: into const char *, bool, struct compose_list, struct manifest_pairs. Limits of 0 and -1 are none. */
row_reader row_text;
row_reader row_flag;
row_reader row_duration;
row_reader row_size;
row_reader row_limit;
row_reader row_list;
row_reader row_names;
row_reader row_words;
row_reader row_pairs;
bool row_is_number(const char *text);

/* row_life.c: into struct compose_service, or the text that SERVICE() leads to. */
row_reader row_depends_on;
row_reader row_healthcheck;
row_reader row_restart;
row_reader row_cpu_shares;
row_reader row_deploy;
row_reader row_replicas;

#endif
