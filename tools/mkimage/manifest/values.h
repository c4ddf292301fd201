/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of single values. Each check returns NULL where the text is good, else
 * what is wrong with it and what to do: the part of a message behind the key. In the arena.
 */
#ifndef MKIMAGE_MANIFEST_VALUES_H
#define MKIMAGE_MANIFEST_VALUES_H

#include <stdbool.h>

#include "base/arena.h"

typedef const char *value_check(const char *value, struct arena *arena);

/* values.c: names, paths and words out of a few */
value_check value_name;			/* of a container: letters, digits, '_', '.', '-' */
value_check value_volume_name;		/* LinuxKit: lower-case letters, digits, '_', '-' */
value_check value_image;		/* a reference, only roughly: oci/reference.h knows better */
value_check value_image_or_path;		/* or a directory with a Dockerfile: "./web" */
value_check value_image_prefix;		/* REGISTRY[/REPOSITORY], or "" */
value_check value_key_file;
value_check value_context;		/* such a directory, or a Dockerfile */
bool value_is_path(const char *value);
value_check value_hostname;
value_check value_module;
value_check value_interface;
value_check value_line;			/* one line */
value_check value_cmdline;		/* words; line breaks are as good as spaces */
value_check value_absolute;		/* an absolute path that does not climb */
value_check value_inside;		/* any path that does not climb above its start */
value_check value_file_path;		/* and is not the root itself */
value_check value_artifact;		/* both */
value_check value_net, value_namespace;	/* new, host, root, none or a path */
value_check value_userns;		/* and auto */
value_check value_propagation;
value_check value_control_exec, value_log_policy, value_log_sync, value_log_format;
/* schema_logs.c */
value_check value_syslog, value_log_memory, value_log_file;
value_check value_on_exit, value_on_failure, value_boot_failure, value_seccomp;
value_check value_reboot, value_panic, value_machine_oom, value_lockdown, value_verity;
value_check value_metadata, value_format;
value_check value_dhcp, value_bond_mode, value_lacp_rate;
value_check value_device_path;		/* an absolute path or "all" */
value_check value_device_type, value_rule_type, value_access;
value_check value_sysctl_key;
value_check value_state_filesystem, value_disk_filesystem, value_create, value_storage_failure, value_zram_algorithm;

/* disks.c: what `storage:` is written with */
value_check value_disk_label, value_partition_label, value_disk_uuid, value_partition_type;
value_check value_mount_option;
value_check value_mount_place;		/* an absolute path that hides nothing PID 1 needs */
value_check value_size, value_share;	/* "1G"; the same or "50%" */

/* syntax.c: values with parts */
value_check value_bind;			/* source:destination[:options] */
value_check value_tmpfs;		/* destination[:options] */
value_check value_port;			/* [[ADDRESS:]HOST:]PORT[/tcp|/udp] */
value_check value_env;			/* NAME=value */
value_check value_health;		/* image or none */
value_check value_ill, value_oom;	/* what is done then */
value_check value_device_short;		/* the path of a well-known device, or path:mode */
value_check value_credential;		/* a name */
value_check value_mode;			/* octal, at most 07777 */
value_check value_duration;
value_check value_seconds;		/* a duration of whole seconds, at least 1 */
value_check value_tty;			/* the name of a terminal below /dev */
value_check value_machine_id;		/* 32 hexadecimal digits */
value_check value_rtc;			/* utc, +HH:MM or -HH:MM */
value_check value_restart;
value_check value_ready;		/* exec, fd, fd:NUMBER or notify */
value_check value_signal;
value_check value_capability;		/* CAP_X, exactly; "all" and "none" in any case, as LinuxKit has it */
bool value_is_all_or_none(const char *value);
value_check value_rlimit;		/* name,soft,hard */
value_check value_platform;		/* linux/amd64 */
value_check value_cpuset;		/* 0-3,7: cpuset(7), "List format" */

/* endpoint.c */
value_check value_tcp;			/* PORT or ADDRESS:PORT */
value_check value_url;			/* http://ADDRESS[:PORT][/PATH] */
value_check value_url_path;

/* amounts.c */
value_check value_amount, value_amount_or_max;	/* a size or 0 */
value_check value_cpus;			/* 1.5 */
value_check value_io_max;		/* /dev/vda rbps=10M */
value_check value_period;		/* 5m, 7d */
value_check value_cron;			/* base/cron.h */
value_check value_schedule;		/* either of them */

/* values_network.c */
value_check value_link;			/* an interface, by its name */
value_check value_interface_pattern;	/* of glob(7) */
value_check value_interface_address;	/* with its prefix */
value_check value_host_address;		/* without one */
value_check value_route_to;		/* "default" or a network */
value_check value_mac, value_unicast_mac;

#endif
