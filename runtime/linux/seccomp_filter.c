/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter is written from its end to its beginning, because jumps only go forward: what an instruction jumps to is
 * there when it is written. A label is the number of instructions from the one meant to the end, so it stays the same
 * while the filter grows.
 */
#include "runtime/linux/seccomp_filter.h"

#include <endian.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define JUMP_MAX 255			/* of a conditional jump; the other one goes anywhere */
#define ACTIONS_MAX 16			/* different ones whose place is remembered */

struct builder {
	struct sock_filter code[BPF_MAXINSNS];	/* filled from the end */
	unsigned int length;
	bool full;
	struct {
		uint32_t action;
		unsigned int label;
	} returns[ACTIONS_MAX];
	unsigned int returns_count;
};

/* From `start` up to the start of the next: one action, or a row of rules to go through. */
struct range {
	uint32_t start;
	bool has_label;
	unsigned int label;
	uint32_t action;
};

static unsigned int emit(struct builder *b, struct sock_filter instruction)
{
	if (b->length == BPF_MAXINSNS) {
		b->full = true;
		return b->length;
	}
	b->length++;
	b->code[BPF_MAXINSNS - b->length] = instruction;
	return b->length;
}

/* Where a jump from an instruction yet to be written, after `between` others, goes to reach the label. */
static unsigned int within_reach(struct builder *b, unsigned int label, unsigned int between)
{
	if (b->length + between - label <= JUMP_MAX)
		return label;
	return emit(b, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, b->length - label));
}

static unsigned int emit_test(struct builder *b, uint16_t test, uint32_t value, unsigned int yes, unsigned int no)
{
	/* The second may need a jump written in between, so the first has room for one. */
	yes = within_reach(b, yes, 1);
	no = within_reach(b, no, 0);
	return emit(b, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, value, (uint8_t)(b->length - yes),
						    (uint8_t)(b->length - no)));
}

static unsigned int emit_load(struct builder *b, size_t offset)
{
	return emit(b, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static unsigned int emit_return(struct builder *b, uint32_t action)
{
	unsigned int i, label;

	for (i = 0; i < b->returns_count; i++)
		if (b->returns[i].action == action && b->length + 1 - b->returns[i].label <= JUMP_MAX)
			return b->returns[i].label;
	for (i = 0; i < b->returns_count && b->returns[i].action != action; i++)
		;
	label = emit(b, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
	if (i < ACTIONS_MAX) {
		b->returns[i].action = action;
		b->returns[i].label = label;
		b->returns_count += i == b->returns_count;
	}
	return label;
}

/* ------------------------------------------------------------ conditions */

static size_t offset_of(unsigned int argument, bool high)
{
	bool second = high == (BYTE_ORDER == LITTLE_ENDIAN);

	return offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t) + (second ? sizeof(uint32_t) : 0);
}

/* `half` of an argument is loaded and masked in front of the test that was just written. */
static unsigned int emit_half(struct builder *b, const struct filter_condition *c, bool high)
{
	uint32_t mask = (uint32_t)(high ? c->mask >> 32 : c->mask);

	if (mask != UINT32_MAX)
		(void)emit(b, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	return emit_load(b, offset_of(c->argument, high));
}

static unsigned int emit_condition(struct builder *b, const struct filter_condition *c, bool narrow, unsigned int yes,
				   unsigned int no)
{
	static const uint16_t tests[] = {
		[FILTER_EQUAL] = BPF_JEQ, [FILTER_GREATER] = BPF_JGT, [FILTER_GREATER_OR_EQUAL] = BPF_JGE,
	};
	uint32_t high = (uint32_t)(c->value >> 32), low = (uint32_t)c->value;
	unsigned int then = c->negated ? no : yes, otherwise = c->negated ? yes : no, label;

	(void)emit_test(b, tests[c->test], low, then, otherwise);
	label = emit_half(b, c, false);
	if (narrow || (c->test == FILTER_EQUAL && c->mask >> 32 == 0))
		return label;
	(void)emit_test(b, BPF_JEQ, high, label, otherwise);
	if (c->test != FILTER_EQUAL)
		(void)emit_test(b, BPF_JGT, high, then, b->length);
	return emit_half(b, c, true);
}

static unsigned int emit_rule(struct builder *b, const struct filter_call *call, unsigned int next)
{
	unsigned int label = emit_return(b, call->rule->action);

	for (unsigned int i = call->rule->count; i-- > 0;)
		label = emit_condition(b, &call->rule->conditions[i], call->narrow, label, next);
	return label;
}

/* ------------------------------------------------------------ numbers */

/* Merges two sorted rows; of equal numbers those of the first come first. */
static void merge(const struct filter_call *a, size_t a_count, const struct filter_call *b, size_t b_count,
		  struct filter_call *out)
{
	while (a_count > 0 && b_count > 0) {
		bool second = b->number < a->number;

		*out++ = second ? *b++ : *a++;
		*(second ? &b_count : &a_count) -= 1;
	}
	memcpy(out, a, a_count * sizeof(*a));
	memcpy(out + a_count, b, b_count * sizeof(*b));
}

/*
 * By numbers, and where they are the same in the order of the profile. Not qsort(3): a profile has hundreds of calls, and
 * the C library's would be a good part of what a container's start costs.
 */
static void sort_calls(struct filter_call *calls, size_t count, struct arena *arena)
{
	struct filter_call *from = calls, *to = arena_array(arena, count, sizeof(*to)), *swap;

	for (size_t run = 1; run < count; run *= 2) {
		for (size_t at = 0; at < count; at += 2 * run) {
			size_t first = count - at < run ? count - at : run;
			size_t second = count - at - first < run ? count - at - first : run;

			merge(from + at, first, from + at + first, second, to + at);
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from != calls)
		memcpy(calls, from, count * sizeof(*calls));
}

/* The rules of one call. */
static struct range read_calls(struct builder *b, const struct filter_call *calls, size_t count, uint32_t otherwise)
{
	struct range r = { .start = calls->number, .has_label = true };

	for (size_t i = 0; i < count; i++)
		if (calls[i].rule->count == 0)
			return (struct range){ .start = calls->number, .action = calls[i].rule->action };
	r.label = emit_return(b, otherwise);
	for (size_t i = count; i-- > 0;)
		r.label = emit_rule(b, &calls[i], r.label);
	return r;
}

static void push_range(struct range *ranges, size_t *count, struct range r)
{
	const struct range *last = *count ? &ranges[*count - 1] : NULL;

	if (last && last->start == r.start)
		(*count)--;
	last = *count ? &ranges[*count - 1] : NULL;
	if (!last || last->has_label || r.has_label || last->action != r.action)
		ranges[(*count)++] = r;
}

/* From `start` on there is no rule, until another range says otherwise. */
static void push_gap(const struct filter_section *s, uint32_t otherwise, struct range *ranges, size_t *count,
		     uint32_t start)
{
	struct range r = { .start = start, .action = otherwise };

	if (s->has_beyond && start >= s->beyond_from && start <= s->beyond_to)
		r.action = s->beyond_action;
	push_range(ranges, count, r);
}

static size_t read_section(struct builder *b, const struct filter_section *s, uint32_t otherwise, struct range *ranges)
{
	size_t count = 0, next;
	bool entered = !s->has_beyond, left = !s->has_beyond || s->beyond_to == UINT32_MAX;

	push_gap(s, otherwise, ranges, &count, 0);
	for (size_t i = 0;; i = next) {
		uint64_t number = i < s->count ? s->calls[i].number : UINT64_MAX;

		if (!entered && s->beyond_from <= number) {
			push_gap(s, otherwise, ranges, &count, s->beyond_from);
			entered = true;
		}
		if (!left && s->beyond_to < number) {
			push_gap(s, otherwise, ranges, &count, s->beyond_to + 1);
			left = true;
		}
		if (i == s->count)
			return count;
		for (next = i + 1; next < s->count && s->calls[next].number == number; next++)
			;
		push_range(ranges, &count, read_calls(b, &s->calls[i], next - i, otherwise));
		if (number < UINT32_MAX)
			push_gap(s, otherwise, ranges, &count, (uint32_t)number + 1);
	}
}

static unsigned int emit_search(struct builder *b, const struct range *ranges, size_t count)
{
	size_t half = count / 2;
	unsigned int left, right;

	if (count == 1)
		return ranges->has_label ? ranges->label : emit_return(b, ranges->action);
	right = emit_search(b, ranges + half, count - half);
	left = emit_search(b, ranges, half);
	return emit_test(b, BPF_JGE, ranges[half].start, right, left);
}

static unsigned int emit_section(struct builder *b, struct filter_section *s, uint32_t otherwise, struct arena *arena)
{
	/* Each call opens a range and may leave one behind; the first, and both ends of what is beyond, come on top. */
	struct range *ranges = arena_array(arena, 2 * s->count + 3, sizeof(*ranges));
	size_t count;

	if (s->count > 0)
		sort_calls(s->calls, s->count, arena);
	count = read_section(b, s, otherwise, ranges);
	/* The search ends in front of what it was written after only if it is more than a return. */
	if (count == 1)
		return emit_search(b, ranges, 1);
	(void)emit_search(b, ranges, count);
	return emit_load(b, offsetof(struct seccomp_data, nr));
}

int filter_build(struct filter_section *sections, size_t count, uint32_t otherwise, uint32_t foreign,
		 struct arena *arena, struct sock_filter **filter, unsigned short *length, struct error *err)
{
	struct builder *b = arena_alloc(arena, sizeof(*b));
	unsigned int next = emit_return(b, foreign);

	/* The first section is to be asked for first, so it is written last. */
	for (size_t i = count; i-- > 0;) {
		unsigned int section = emit_section(b, &sections[i], otherwise, arena);

		next = emit_test(b, BPF_JEQ, sections[i].arch, section, next);
	}
	(void)emit_load(b, offsetof(struct seccomp_data, arch));
	if (b->full)
		return error_set(err, "the filter is longer than the %d instructions that the kernel takes", BPF_MAXINSNS);
	*filter = b->code + BPF_MAXINSNS - b->length;
	*length = (unsigned short)b->length;
	return 0;
}
