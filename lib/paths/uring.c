/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * io_uring(7): reads into registered buffers run ahead of the sends, and one system
 * call hands over what is to be done and waits for what is done. Sends follow each
 * other, for a stream has an order. A buffer that was sent without a copy (SEND_ZC) is
 * free again when a second completion says so.
 */
#include <stdlib.h>
#include <liburing.h>
#include "paths_priv.h"

#define BUFFERS 8
#define ENTRIES 32

/* Of linux/io_uring.h since 6.2: ask whether it was copied after all, and the answer. */
#define ZC_REPORT_USAGE (1U << 3)
#define ZC_COPIED	(1U << 31)

enum state {
	FREE,
	READING,
	READY,	 /* read, its turn to be sent will come */
	SENDING, /* the send is under way */
	SENT,	 /* but the kernel still holds it */
};

struct buffer {
	enum state state;
	char *at;
	uint32_t len;	  /* bytes wanted from the file */
	uint32_t done;	  /* bytes read; when it is being sent, bytes sent */
	uint32_t n_notes; /* notifications to come */
	uint64_t off;	  /* in the file */
};

struct ur {
	struct io_uring ring;
	bool ring_up;
	char *memory;
	struct buffer buffer[BUFFERS];
	struct path_file file;
	uint64_t next_off; /* of the file: read from here */
	uint32_t read_at;  /* buffer that is filled next */
	uint32_t send_at;  /* buffer that is sent next */
	bool zc;
};

/* What a completion is about. */
enum {
	OP_READ,
	OP_SEND
};
#define TAG(op, i)  ((uint64_t)(op) << 8 | (i))
#define TAG_OP(tag) ((tag) >> 8)
#define TAG_AT(tag) ((tag)&0xff)

static int
has_op(struct ur *u, int op)
{
	struct io_uring_probe *p = io_uring_get_probe_ring(&u->ring);
	int has = p != NULL && io_uring_opcode_supported(p, op);

	io_uring_free_probe(p);
	return has;
}

static int
register_memory(struct ur *u)
{
	struct iovec all = {.iov_len = BUFFERS * PATH_CHUNK};
	uint32_t i;

	u->memory = path_buffer(BUFFERS * PATH_CHUNK);
	if (u->memory == NULL)
		return -ENOMEM;
	all.iov_base = u->memory;
	for (i = 0; i < BUFFERS; i++)
		u->buffer[i].at = u->memory + (size_t)i * PATH_CHUNK;
	return io_uring_register_buffers(&u->ring, &all, 1);
}

static int
open_ring(struct pw_path_run *run, bool zc)
{
	struct ur *u = calloc(1, sizeof(*u));
	int rc;

	run->room = u;
	if (u == NULL)
		return -ENOMEM;
	u->zc = zc;
	run->lacks = "io_uring";
	rc = io_uring_queue_init(ENTRIES, &u->ring, 0);
	if (rc != 0)
		return rc;
	u->ring_up = true;
	run->lacks = zc ? "io_uring's SEND_ZC" : "io_uring's SEND";
	if (!has_op(u, zc ? IORING_OP_SEND_ZC : IORING_OP_SEND))
		return -EOPNOTSUPP;
	run->lacks = "registered buffers (locked memory of 1 MiB)";
	return register_memory(u);
}

static int
open_send(struct pw_path_run *run)
{
	return open_ring(run, false);
}

static int
open_send_zc(struct pw_path_run *run)
{
	return open_ring(run, true);
}

static void
ask_read(struct ur *u, uint32_t i)
{
	struct buffer *b = &u->buffer[i];
	struct io_uring_sqe *e = io_uring_get_sqe(&u->ring);

	io_uring_prep_read_fixed(
		e, u->file.fd, b->at + b->done, b->len - b->done, b->off + b->done, 0);
	io_uring_sqe_set_data64(e, TAG(OP_READ, i));
	b->state = READING;
}

static void
ask_send(struct pw_path_run *run, uint32_t i)
{
	struct ur *u = run->room;
	struct buffer *b = &u->buffer[i];
	struct io_uring_sqe *e = io_uring_get_sqe(&u->ring);
	const char *from = b->at + b->done;
	uint32_t n = b->len - b->done;

	if (u->zc)
		io_uring_prep_send_zc_fixed(e, run->sock, from, n, MSG_WAITALL, ZC_REPORT_USAGE, 0);
	else
		io_uring_prep_send(e, run->sock, from, n, MSG_WAITALL);
	io_uring_sqe_set_data64(e, TAG(OP_SEND, i));
	b->state = SENDING;
}

/* Read ahead into every free buffer, and send the next when it is ready. */
static void
ask(struct pw_path_run *run)
{
	struct ur *u = run->room;
	struct buffer *b;

	while (u->next_off < u->file.size && u->buffer[u->read_at].state == FREE) {
		b = &u->buffer[u->read_at];
		b->off = u->next_off;
		b->len = (uint32_t)pw_min(u->file.size - u->next_off, PATH_CHUNK);
		b->done = 0;
		u->next_off += b->len;
		ask_read(u, u->read_at);
		u->read_at = (u->read_at + 1) % BUFFERS;
	}
	b = &u->buffer[u->send_at];
	if (b->state == READY) {
		b->done = 0;
		ask_send(run, u->send_at);
	}
}

static int
on_read(struct pw_path_run *run, uint32_t i, int got)
{
	struct ur *u = run->room;
	struct buffer *b = &u->buffer[i];

	if (got <= 0 && got != -EINTR && got != -EAGAIN)
		return got == 0 ? -ESTALE : got;
	if (got > 0) {
		b->done += (uint32_t)got;
		run->count.read_bytes += (uint64_t)got;
	}
	if (b->done < b->len)
		ask_read(u, i);
	else
		b->state = READY;
	return 0;
}

static void
let_go(struct buffer *b)
{
	b->state = b->n_notes == 0 ? FREE : SENT;
}

static int
on_sent(struct pw_path_run *run, uint32_t i, int sent)
{
	struct ur *u = run->room;
	struct buffer *b = &u->buffer[i];

	if (sent < 0 && sent != -EINTR && sent != -EAGAIN)
		return sent;
	if (sent > 0) {
		b->done += (uint32_t)sent;
		run->count.bytes += (uint64_t)sent;
	}
	if (b->done < b->len) {
		ask_send(run, i);
		return 0;
	}
	let_go(b);
	u->send_at = (u->send_at + 1) % BUFFERS;
	return 0;
}

static void
on_note(struct pw_path_run *run, uint32_t i, uint32_t usage)
{
	struct ur *u = run->room;
	struct buffer *b = &u->buffer[i];

	run->count.zc_sends++;
	run->count.zc_copied += usage & ZC_COPIED ? 1 : 0;
	b->n_notes--;
	if (b->state == SENT)
		let_go(b);
}

static int
on_completion(struct pw_path_run *run, const struct io_uring_cqe *c)
{
	struct ur *u = run->room;
	uint32_t i = (uint32_t)TAG_AT(c->user_data);

	if (c->flags & IORING_CQE_F_NOTIF) {
		on_note(run, i, (uint32_t)c->res);
		return 0;
	}
	if (TAG_OP(c->user_data) == OP_READ)
		return on_read(run, i, c->res);
	if (c->flags & IORING_CQE_F_MORE)
		u->buffer[i].n_notes++;
	return on_sent(run, i, c->res);
}

/* One system call, then all completions that there are. */
static int
turn(struct pw_path_run *run)
{
	struct ur *u = run->room;
	struct io_uring_cqe *c;
	uint32_t head;
	uint32_t n = 0;
	int bad;
	int rc;

	run->count.calls++;
	rc = io_uring_submit_and_wait(&u->ring, 1);
	if (rc < 0)
		return rc == -EINTR ? 0 : rc;
	rc = 0;
	io_uring_for_each_cqe(&u->ring, head, c)
	{
		bad = on_completion(run, c);
		rc = rc != 0 ? rc : bad;
		n++;
	}
	io_uring_cq_advance(&u->ring, n);
	return rc;
}

/* Does the kernel hold a buffer that was sent? */
static bool
holds_any(const struct ur *u)
{
	uint32_t i;

	for (i = 0; i < BUFFERS; i++)
		if (u->buffer[i].state == SENT)
			return true;
	return false;
}

/* Until all is sent; buffers that only wait for notifications may go on to wait. */
static bool
all_sent(const struct ur *u)
{
	return u->next_off == u->file.size &&
	       (u->buffer[u->send_at].state == FREE || u->buffer[u->send_at].state == SENT);
}

static int
ur_send(struct pw_path_run *run)
{
	struct ur *u = run->room;
	int rc = path_file_open(run, &u->file);

	u->next_off = 0;
	while (rc == 0) {
		ask(run);
		if (all_sent(u))
			break;
		rc = turn(run);
	}
	path_file_close(run, &u->file);
	return rc;
}

static int
ur_close(struct pw_path_run *run)
{
	struct ur *u = run->room;
	int rc = 0;

	if (u == NULL)
		return 0;
	while (rc == 0 && holds_any(u))
		rc = turn(run);
	if (u->ring_up)
		io_uring_queue_exit(&u->ring);
	free(u->memory);
	free(u);
	return rc;
}

const struct pw_path path_uring_send = {
	.name = "io_uring-send",
	.how = "io_uring: READ_FIXED into registered buffers, SEND",
	.buffers = "page cache -copy-> user buffer -copy-> socket buffer -> device",
	.copies = 2,
	.open = open_send,
	.send = ur_send,
	.close = ur_close,
};

const struct pw_path path_uring_send_zc = {
	.name = "io_uring-send_zc",
	.how = "io_uring: READ_FIXED into registered buffers, SEND_ZC from them",
	.buffers = "page cache -copy-> user buffer -pages lent-> socket buffer -> device",
	.copies = 1,
	.open = open_send_zc,
	.send = ur_send,
	.close = ur_close,
};
