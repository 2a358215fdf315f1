/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A packet file (draft-ietf-opsawg-pcapng), in the machine's byte order, times in
 * nanoseconds. DPDK's writer wants mbufs, and so an EAL.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "app_sim.h"

#define BLOCK_SECTION	0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET	6u
#define BYTE_ORDER_MARK 0x1a2b3c4du
#define LINK_IPV4	228 /* datagrams; LINKTYPE_RAW on several interfaces upsets libpcap */
#define LINK_IPV6	229

enum opt {
	OPT_END = 0,
	OPT_COMMENT = 1,
	OPT_IF_NAME = 2,
	OPT_IF_DESCRIPTION = 3,
	OPT_IF_TSRESOL = 9,
	OPT_PACKET_FLAGS = 2,
};

#define BLOCK_MAX (66 * 1024)

struct pcapng {
	FILE *f;
	uint16_t link;
	int err;
	uint32_t n; /* of the block that is being made */
	uint8_t block[BLOCK_MAX];
};

static void
put(struct pcapng *p, const void *data, uint32_t len)
{
	static const uint8_t zero[4];
	uint32_t pad = -len & 3u;

	if (p->n + len + pad > BLOCK_MAX - 8) {
		p->err = -E2BIG;
		return;
	}
	memcpy(p->block + p->n, data, len);
	memcpy(p->block + p->n + len, zero, pad);
	p->n += len + pad;
}

static void
put32(struct pcapng *p, uint32_t x)
{
	put(p, &x, sizeof(x));
}

static void
put_option(struct pcapng *p, enum opt code, const void *data, uint32_t len)
{
	uint16_t head[2] = {(uint16_t)code, (uint16_t)len};

	put(p, head, sizeof(head));
	put(p, data, len);
}

static void
put_text(struct pcapng *p, enum opt code, const char *text)
{
	if (text != NULL)
		put_option(p, code, text, (uint32_t)strlen(text));
}

static void
begin(struct pcapng *p, uint32_t type)
{
	p->n = 0;
	put32(p, type);
	put32(p, 0); /* its length, when it is known */
}

static void
end(struct pcapng *p)
{
	uint32_t len;

	put_option(p, OPT_END, NULL, 0);
	len = p->n + 4;
	put32(p, len);
	memcpy(p->block + 4, &len, sizeof(len));
	if (fwrite(p->block, p->n, 1, p->f) != 1 && p->err == 0)
		p->err = -errno;
}

struct pcapng *
pcapng_create(const char *path, const char *comment, bool ip6)
{
	static const uint16_t version[2] = {1, 0};
	static const int64_t unknown = -1;
	struct pcapng *p = malloc(sizeof(*p));

	if (p == NULL)
		return NULL;
	p->err = 0;
	p->link = ip6 ? LINK_IPV6 : LINK_IPV4;
	p->f = fopen(path, "wb");
	if (p->f == NULL) {
		free(p);
		return NULL;
	}
	begin(p, BLOCK_SECTION);
	put32(p, BYTE_ORDER_MARK);
	put(p, version, sizeof(version));
	put(p, &unknown, sizeof(unknown));
	put_text(p, OPT_COMMENT, comment);
	end(p);
	return p;
}

void
pcapng_interface(struct pcapng *p, const char *name, const char *about)
{
	const uint16_t link[2] = {p->link, 0};
	static const uint8_t nanoseconds = 9;

	begin(p, BLOCK_INTERFACE);
	put(p, link, sizeof(link));
	put32(p, 0); /* whole packets */
	put_text(p, OPT_IF_NAME, name);
	put_text(p, OPT_IF_DESCRIPTION, about);
	put_option(p, OPT_IF_TSRESOL, &nanoseconds, 1);
	end(p);
}

void
pcapng_packet(struct pcapng *p, uint32_t interface, enum pcapng_way way, const uint8_t *dgram,
	uint32_t len, pw_ns at, const char *comment)
{
	uint32_t flags = way;

	begin(p, BLOCK_PACKET);
	put32(p, interface);
	put32(p, (uint32_t)(at >> 32));
	put32(p, (uint32_t)at);
	put32(p, len);
	put32(p, len);
	put(p, dgram, len);
	put_option(p, OPT_PACKET_FLAGS, &flags, sizeof(flags));
	put_text(p, OPT_COMMENT, comment);
	end(p);
}

int
pcapng_close(struct pcapng *p)
{
	int err = p->err;

	if (fclose(p->f) != 0 && err == 0)
		err = -errno;
	free(p);
	return err;
}
