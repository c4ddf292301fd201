/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of PID 1 around the machine: device events, dates, ids, places of disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "init/clock.h"
#include "init/disk_names.h"
#include "init/identity.h"
#include "init/uevents.h"

#define EVENT(text) { text, sizeof(text) }

static void an_event_is_read(void **state)
{
	char text[] = "add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0SUBSYSTEM=block\0DEVNAME=vda1\0MODALIAS=virtio:d2\0SEQNUM=7";
	struct uevent event;

	(void)state;
	assert_true(uevent_parse(text, sizeof(text) - 1, &event));
	assert_string_equal(event.action, "add");
	assert_string_equal(event.subsystem, "block");
	assert_string_equal(event.name, "vda1");
	assert_string_equal(event.modalias, "virtio:d2");
}

static void what_an_event_does_not_say_is_empty(void **state)
{
	char text[] = "remove@/devices/x\0ACTION=remove";
	struct uevent event;

	(void)state;
	assert_true(uevent_parse(text, sizeof(text) - 1, &event));
	assert_string_equal(event.action, "remove");
	assert_string_equal(event.modalias, "");
}

static void other_messages_are_no_events(void **state)
{
	static const struct {
		char text[64];
		size_t length;
	} rows[] = {
		EVENT("libudev\0ACTION=add"), EVENT("add@/devices/x"), EVENT("add@/devices/x\0SUBSYSTEM=block"), { "", 0 }, { "", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[sizeof(rows[i].text) + 1];
		struct uevent event;

		memcpy(text, rows[i].text, sizeof(rows[i].text));
		assert_false(uevent_parse(text, rows[i].length, &event));
	}
}

static void the_kernel_tells_when_it_was_built(void **state)
{
	static const struct {
		const char *version;
		int64_t seconds;
	} rows[] = {
		{ "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-05)", 1793836800 },
		{ "#1 SMP Thu Nov  5 12:34:56 UTC 2026", 1793836800 },
		{ "#2 SMP PREEMPT_DYNAMIC Thu Feb 29 01:02:03 CET 2024", 1709164800 },
		{ "#1 SMP (none)", 0 },
		{ "#1 SMP (2026-13-05)", 0 },
		{ "#1 SMP Thu Xyz 5 12:34:56 UTC 2026", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(clock_built(rows[i].version), rows[i].seconds);
}

static void the_hardware_clock_may_be_ahead(void **state)
{
	(void)state;
	assert_int_equal(clock_offset("utc"), 0);
	assert_int_equal(clock_offset(NULL), 0);
	assert_int_equal(clock_offset("+01:30"), 5400);
	assert_int_equal(clock_offset("-05:00"), -18000);
}

static void a_uuid_is_an_id(void **state)
{
	char id[MACHINE_ID_LENGTH + 1];

	(void)state;
	assert_true(identity_from_uuid("4C4C4544-0051-3510-8052-B4C04F4A3132\n", id));
	assert_string_equal(id, "4c4c4544005135108052b4c04f4a3132");
	assert_true(identity_from_uuid("4c4c4544005135108052b4c04f4a3132", id));
	assert_false(identity_from_uuid("00000000-0000-0000-0000-000000000000", id));
	assert_false(identity_from_uuid("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", id));
	assert_false(identity_from_uuid("4C4C4544-0051-3510-8052-B4C04F4A313", id));
	assert_false(identity_from_uuid("4C4C4544-0051-3510-8052-B4C04F4A31321", id));
	assert_false(identity_from_uuid("Not Settable", id));
	assert_false(identity_from_uuid("", id));
}

static void a_disk_is_named_by_its_place(void **state)
{
	static const struct {
		const char *sysfs, *name;
	} rows[] = {
		{ "/sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda", "pci-0000:00:04.0" },
		{ "/sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda/vda12", "pci-0000:00:04.0-part12" },
		{ "/sys/devices/pci0000:00/0000:00:1c.0/0000:02:00.0/nvme/nvme0/nvme0n1", "pci-0000:02:00.0-nvme-1" },
		{ "/sys/devices/pci0000:00/0000:00:1c.0/0000:02:00.0/nvme/nvme0/nvme0n1/nvme0n1p2", "pci-0000:02:00.0-nvme-1-part2" },
		{ "/sys/devices/pci0000:00/0000:00:1f.2/ata3/host2/target2:0:0/2:0:0:0/block/sdb", "pci-0000:00:1f.2-ata-3" },
		{ "/sys/devices/pci0000:00/0000:00:10.0/virtio2/host0/target0:0:3/0:0:3:1/block/sda/sda1",
		  "pci-0000:00:10.0-scsi-0:0:3:1-part1" },
		{ "/sys/devices/virtual/block/dm-0", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[128];

		disk_names_of_path(rows[i].sysfs, name, sizeof(name));
		assert_string_equal(name, rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_read),
		cmocka_unit_test(what_an_event_does_not_say_is_empty),
		cmocka_unit_test(other_messages_are_no_events),
		cmocka_unit_test(the_kernel_tells_when_it_was_built),
		cmocka_unit_test(the_hardware_clock_may_be_ahead),
		cmocka_unit_test(a_uuid_is_an_id),
		cmocka_unit_test(a_disk_is_named_by_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
