/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The BPF program is so short that it is written down instruction by instruction:
 * no compiler for it is needed where pagewire is built.
 */
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "pw_kcount.h"

struct pw_kcount {
	int map; /* an array of one uint64_t */
	int prog;
	int link;
};

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})

/* @return its descriptor or -errno */
static int
load_program(int map, pid_t pid)
{
	const struct bpf_insn insn[] = {
		/* r0 = thread group and thread; those of others go to the end */
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_current_pid_tgid),
		INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 4, pid),
		/* r1 = address of the count (two slots); add 1 */
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 1),
		INSN(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_1, BPF_REG_2, 0, BPF_ADD),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "pw_syscalls", "Dual BSD/GPL", insn,
		RTE_DIM(insn), NULL);

	return fd < 0 ? -errno : fd;
}

static int
attach(struct pw_kcount *k, pid_t pid)
{
	k->map = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "pw_syscalls", sizeof(uint32_t), sizeof(uint64_t), 1, NULL);
	if (k->map < 0)
		return -errno;
	k->prog = load_program(k->map, pid);
	if (k->prog < 0)
		return k->prog;
	k->link = bpf_raw_tracepoint_open("sys_enter", k->prog);
	return k->link < 0 ? -errno : 0;
}

struct pw_kcount *
pw_kcount_open(pid_t pid, const char **why)
{
	struct pw_kcount *k = calloc(1, sizeof(*k));
	int rc = -ENOMEM;

	if (k != NULL) {
		libbpf_set_print(NULL);
		k->map = k->prog = k->link = -1;
		rc = attach(k, pid);
	}
	if (rc == 0)
		return k;
	*why = rc == -EPERM ? "BPF programs need root's rights"
			    : "this kernel takes no BPF program at sys_enter";
	pw_kcount_close(k);
	return NULL;
}

uint64_t
pw_kcount_read(const struct pw_kcount *k)
{
	uint64_t count = 0;
	uint32_t key = 0;

	if (k != NULL)
		bpf_map_lookup_elem(k->map, &key, &count);
	return count;
}

void
pw_kcount_close(struct pw_kcount *k)
{
	if (k == NULL)
		return;
	if (k->link >= 0)
		close(k->link);
	if (k->prog >= 0)
		close(k->prog);
	if (k->map >= 0)
		close(k->map);
	free(k);
}
