/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces: runtime-spec, config-linux.md, "Namespaces" and "User namespace mappings".
 */
#ifndef RUNTIME_LINUX_NAMESPACES_H
#define RUNTIME_LINUX_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "oci/config.h"

#define NAMESPACE_TYPES 8

/* A kind of namespace: "network", CLONE_NEWNET, "net" of /proc/PID/ns/net. */
struct namespace_type {
	const char *name;
	unsigned int flag;
	const char *proc_name;
};

extern const struct namespace_type namespace_types[NAMESPACE_TYPES];

struct namespaces {
	unsigned int make;			/* CLONE_NEW* of those to make */
	unsigned int join;			/* CLONE_NEW* of those to join */
	int fds[NAMESPACE_TYPES];		/* what to join, in the order of namespace_types; -1 where not */
	int outside;				/* a socket in the network namespace of before, for linux.netDevices; -1 */
};

#define NAMESPACES_NONE { .fds = { -1, -1, -1, -1, -1, -1, -1, -1 }, .outside = -1 }

/*
 * Reads what the config asks for and opens what is to be joined; a path of
 * another kind of namespace is refused here. The runtime's own namespace given as a path
 * is simply kept.
 */
int namespaces_open(const struct oci_config *config, struct namespaces *namespaces, struct error *err);
void namespaces_close(struct namespaces *namespaces);

/*
 * Joins those of `which` that are to be joined. With a user namespace among them: before it what this process
 * has the rights to, for they end there; behind it what it owns.
 */
int namespaces_join(const struct namespaces *namespaces, unsigned int which, struct error *err);

/* Makes those of `which` that are to be made, in this process. */
int namespaces_unshare(const struct namespaces *namespaces, unsigned int which, struct error *err);

/*
 * Enters the new time namespace, with the offsets of the config: a clock cannot be set once a process is in.
 * Nothing where none is made.
 */
int namespaces_enter_time(const struct namespaces *namespaces, const struct oci_linux *config, struct error *err);

/*
 * True where what is joined has to be joined before the process is made, by one that is no runtime's:
 * clone_inside() of namespaces_join().
 */
bool namespaces_made_inside(const struct namespaces *namespaces);

/* In a user namespace: its root, where it has one. */
int namespaces_become_root(struct error *err);

/* Then also the owner of our own files in /proc, which the set-up writes to; and who others may look into. */
int namespaces_own_files(struct error *err);

/* sethostname and setdomainname; NULL is passed over. */
int namespaces_set_names(const char *hostname, const char *domainname, struct error *err);

/* CLONE_NEWNET for "network"; 0 where there is no such kind. */
unsigned int namespace_flag(const char *name);

/* "network" and so on for one CLONE_NEW* flag. */
const char *namespace_name(unsigned int flag);

#endif
