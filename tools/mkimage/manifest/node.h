/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as a tree of nodes that know their place. Anchors are followed, merge
 * keys are applied, and keys are scalars that occur once in their mapping; so
 * whoever reads the tree sees plain mappings, lists and scalars.
 *
 * YAML 1.1 as libyaml reads it; the meaning of plain scalars is that of YAML 1.2's
 * core schema: `yes` is a string, `true` is not.
 */
#ifndef MKIMAGE_MANIFEST_NODE_H
#define MKIMAGE_MANIFEST_NODE_H

#include "tools/mkimage/manifest/manifest.h"

enum node_kind { NODE_NULL, NODE_BOOL, NODE_INT, NODE_STRING, NODE_LIST, NODE_MAP };

struct node_pair;

struct node {
	enum node_kind kind;
	struct place at;
	bool complete;			/* its end was read; until then an alias to it would be a cycle */
	size_t size;			/* nodes in this tree, itself included, each alias counted again */
	const char *value;		/* of a scalar: the text as written, without its quotes */
	struct node **items;		/* of a list */
	struct node_pair *pairs;	/* of a mapping, in the order of the document */
	size_t count;
};

struct node_pair {
	struct node *key, *value;
};

/*
 * Reads one document. With `places` false all places are line 0 of `path`,
 * which then stands for file:line:column. An empty document is an error.
 */
int node_parse(const char *path, bool places, const char *text, size_t length, struct arena *arena,
	       struct node **root, struct error *err);

/* The value of the key, or NULL; also where the node is no mapping. */
const struct node *node_find(const struct node *map, const char *key);

/* "a mapping", "the number '3'": for messages. In the arena. */
const char *node_describe(const struct node *node, struct arena *arena);

/* The text as it can stand in a message of one line: control characters escaped, the end cut off where it is long. */
const char *text_shown(const char *text, struct arena *arena);

#endif
