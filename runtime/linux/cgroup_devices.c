/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/cgroup_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define RULE(t, ma, mi, how) \
	{ .allow = true, .type = t, .has_major = (ma) >= 0, .has_minor = (mi) >= 0, .major = ma, .minor = mi, .access = how }

/*
 * Nodes may be made of any device, since making is not using; and the default
 * devices, with the pseudo-terminals, are always there to use.
 */
static const struct oci_device_rule defaults[] = {
	RULE("c", -1, -1, "m"), RULE("b", -1, -1, "m"),
	RULE("c", 1, 3, "rwm"), RULE("c", 1, 5, "rwm"), RULE("c", 1, 7, "rwm"), RULE("c", 1, 8, "rwm"),
	RULE("c", 1, 9, "rwm"), RULE("c", 5, 0, "rwm"), RULE("c", 5, 2, "rwm"), RULE("c", 136, -1, "rwm"),
};

static bool is_for_all(const struct oci_device_rule *rule)
{
	return (!rule->type || !*rule->type || strcmp(rule->type, "a") == 0) &&
	       (!rule->has_major || rule->major < 0) && (!rule->has_minor || rule->minor < 0) &&
	       (!rule->access || !*rule->access || (strchr(rule->access, 'r') && strchr(rule->access, 'w') &&
						     strchr(rule->access, 'm')));
}

static int check(const struct oci_device_rule *rule, struct error *err)
{
	const char *access = rule->access ? rule->access : "";

	if (rule->type && *rule->type && (strlen(rule->type) != 1 || !strchr("abc", rule->type[0])))
		return error_set(err, "unknown device type '%s'; use 'a', 'b' or 'c'", rule->type);
	if (access[strspn(access, "rwm")] != '\0')
		return error_set(err, "unknown device access '%s'; use letters of 'rwm'", access);
	return 0;
}

static void number(char *out, size_t size, bool has, int64_t value)
{
	if (has && value >= 0)
		(void)snprintf(out, size, "%lld", (long long)value);
	else
		(void)snprintf(out, size, "*");
}

static int write_v1(const struct cgroup_hierarchy *h, const struct oci_device_rule *rule, struct error *err)
{
	char text[64], major[24], minor[24];

	if (is_for_all(rule)) {
		(void)snprintf(text, sizeof(text), "a");
	} else {
		number(major, sizeof(major), rule->has_major, rule->major);
		number(minor, sizeof(minor), rule->has_minor, rule->minor);
		(void)snprintf(text, sizeof(text), "%s %s:%s %s", rule->type && *rule->type ? rule->type : "a", major,
			       minor, rule->access && *rule->access ? rule->access : "rwm");
	}
	return cgroup_write(h, rule->allow ? "devices.allow" : "devices.deny", text, err);
}

int cgroup_devices_v1(const struct cgroup_hierarchy *h, const struct oci_device_rule *rules, size_t count,
		      struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (check(&rules[i], err) < 0 || write_v1(h, &rules[i], err) < 0)
			return error_context(err, "linux.resources.devices[%zu]", i);
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (write_v1(h, &defaults[i], err) < 0)
			return -1;
	return 0;
}

/* ------------------------------------------------------------ version 2: a BPF program */

struct emitter {
	struct bpf_insn *at;
	size_t used, max;
};

static void emit(struct emitter *e, struct bpf_insn insn)
{
	if (e->used < e->max)
		e->at[e->used] = insn;
	e->used++;
}

/* A device number of the kernel has 12 bits for the major and 20 for the minor number. */
#define MAJOR_BITS 12
#define MINOR_BITS 20

/*
 * Registers. The last two hold type and major number, and all three, in one number: a rule is one comparison
 * for most, and the fewer branches the program has the less the kernel has to verify.
 */
enum { R_TYPE = 2, R_ACCESS = 3, R_MAJOR = 4, R_MINOR = 5, R_DRIVER = 6, R_DEVICE = 7 };

static void emit_prologue(struct emitter *e)
{
	/* access_type of struct bpf_cgroup_dev_ctx: the access in the upper half, the type in the lower. */
	emit(e, (struct bpf_insn){ .code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = R_TYPE, .src_reg = 1, .off = 0 });
	emit(e, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = R_ACCESS, .src_reg = R_TYPE });
	emit(e, (struct bpf_insn){ .code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = R_TYPE, .imm = 0xffff });
	emit(e, (struct bpf_insn){ .code = BPF_ALU | BPF_RSH | BPF_K, .dst_reg = R_ACCESS, .imm = 16 });
	emit(e, (struct bpf_insn){ .code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = R_MAJOR, .src_reg = 1, .off = 4 });
	emit(e, (struct bpf_insn){ .code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = R_MINOR, .src_reg = 1, .off = 8 });
	emit(e, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = R_DRIVER, .src_reg = R_TYPE });
	emit(e, (struct bpf_insn){ .code = BPF_ALU64 | BPF_LSH | BPF_K, .dst_reg = R_DRIVER, .imm = MAJOR_BITS });
	emit(e, (struct bpf_insn){ .code = BPF_ALU64 | BPF_OR | BPF_X, .dst_reg = R_DRIVER, .src_reg = R_MAJOR });
	emit(e, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = R_DEVICE, .src_reg = R_DRIVER });
	emit(e, (struct bpf_insn){ .code = BPF_ALU64 | BPF_LSH | BPF_K, .dst_reg = R_DEVICE, .imm = MINOR_BITS });
	emit(e, (struct bpf_insn){ .code = BPF_ALU64 | BPF_OR | BPF_X, .dst_reg = R_DEVICE, .src_reg = R_MINOR });
}

static int access_bits(const char *access)
{
	if (!access || !*access)
		access = "rwm";
	return (strchr(access, 'r') ? BPF_DEVCG_ACC_READ : 0) | (strchr(access, 'w') ? BPF_DEVCG_ACC_WRITE : 0) |
	       (strchr(access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0);
}

static void emit_return(struct emitter *e, int value)
{
	emit(e, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = value });
	emit(e, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* The jump that leaves the rule where a register does not have the value; the last place is for emit_rule() to mend. */
static size_t emit_unless(struct emitter *e, uint8_t reg, uint64_t value)
{
	if (value <= INT32_MAX) {
		emit(e, (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = reg & 15u, .imm = (int)value });
		return e->used - 1;
	}
	emit(e, (struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .imm = (int)(uint32_t)value });
	emit(e, (struct bpf_insn){ .imm = (int)(value >> 32) });
	emit(e, (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_X, .dst_reg = reg & 15u, .src_reg = 1 });
	return e->used - 1;
}

/* Jumps that leave the rule are mended once it is known where it ends. */
static void emit_rule(struct emitter *e, const struct oci_device_rule *rule)
{
	bool major = rule->has_major && rule->major >= 0, minor = rule->has_minor && rule->minor >= 0;
	uint64_t type = 0, driver;
	size_t jumps[4], n = 0;
	int bits = access_bits(rule->access);

	/* No device has such a number. */
	if ((major && rule->major >> MAJOR_BITS) || (minor && rule->minor >> MINOR_BITS))
		return;
	if (rule->type && *rule->type && *rule->type != 'a')
		type = *rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	driver = type << MAJOR_BITS | (uint64_t)(major ? rule->major : 0);
	if (type && major && minor)
		jumps[n++] = emit_unless(e, R_DEVICE, driver << MINOR_BITS | (uint64_t)rule->minor);
	else if (type && major)
		jumps[n++] = emit_unless(e, R_DRIVER, driver);
	else if (type)
		jumps[n++] = emit_unless(e, R_TYPE, type);
	else if (major)
		jumps[n++] = emit_unless(e, R_MAJOR, (uint64_t)rule->major);
	if (minor && !(type && major))
		jumps[n++] = emit_unless(e, R_MINOR, (uint64_t)rule->minor);
	if (bits != (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)) {
		/* Allowed where all that is asked is in the rule; denied where any of it is. */
		emit(e, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = R_ACCESS });
		emit(e, (struct bpf_insn){ .code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = 1,
					   .imm = rule->allow ? ~bits & 7 : bits });
		jumps[n++] = e->used;
		emit(e, (struct bpf_insn){ .code = BPF_JMP | (rule->allow ? BPF_JNE : BPF_JEQ) | BPF_K, .dst_reg = 1,
					   .imm = 0 });
	}
	emit_return(e, rule->allow);
	for (size_t i = 0; i < n; i++)
		if (jumps[i] < e->max)
			e->at[jumps[i]].off = (short)(e->used - jumps[i] - 1);
}

int cgroup_devices_program(const struct oci_device_rule *rules, size_t count, struct bpf_insn *program, size_t max,
			   struct error *err)
{
	struct emitter e = { program, 0, max };
	bool decided = false;

	emit_prologue(&e);
	/* The last rule decides: it is asked first, and after one for all none is asked. */
	for (size_t i = count; i > 0 && !decided; i--) {
		if (check(&rules[i - 1], err) < 0)
			return error_context(err, "linux.resources.devices[%zu]", i - 1);
		decided = is_for_all(&rules[i - 1]);
		if (decided)
			emit_return(&e, rules[i - 1].allow);
		else
			emit_rule(&e, &rules[i - 1]);
	}
	if (!decided)
		emit_return(&e, 0);
	if (e.used > max)
		return error_set(err, "linux.resources.devices: too many rules");
	return (int)e.used;
}

int cgroup_devices_v2(const struct cgroup_hierarchy *h, const struct oci_device_rule *rules, size_t count,
		      struct error *err)
{
	static const char license[] = "Apache-2.0";
	struct arena_room room;
	struct arena arena = arena_in(&room);
	size_t total = count + ARRAY_SIZE(defaults), max = 14 + total * 8;
	struct oci_device_rule *all;
	struct bpf_insn *program;
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE };
	autoclose int fd = -1, directory = -1;
	int length;

	if (count > DEVICE_RULES_MAX)
		return error_set(err, "linux.resources.devices: more than %d rules", DEVICE_RULES_MAX);
	all = arena_array(&arena, total, sizeof(*all));
	program = arena_array(&arena, max, sizeof(*program));
	memcpy(all, rules, count * sizeof(*all));
	memcpy(all + count, defaults, sizeof(defaults));
	length = cgroup_devices_program(all, total, program, max, err);
	if (length >= 0) {
		attr.insn_cnt = (unsigned int)length;
		attr.insns = (uint64_t)(uintptr_t)program;
		attr.license = (uint64_t)(uintptr_t)license;
		fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	}
	arena_release(&arena);
	if (length < 0)
		return -1;
	if (fd < 0)
		return error_errno(err, "cannot load the program that checks devices (kernel option CGROUP_BPF)");
	directory = cgroup_open_directory(h, err);
	attr = (union bpf_attr){ .attach_type = BPF_CGROUP_DEVICE, .attach_flags = BPF_F_ALLOW_MULTI };
	attr.target_fd = (unsigned int)directory;
	attr.attach_bpf_fd = (unsigned int)fd;
	if (directory < 0)
		return -1;
	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		return error_errno(err, "cannot attach the program that checks devices to '%s'", h->directory);
	return 0;
}
