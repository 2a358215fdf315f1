/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_URL_H
#define PW_URL_H

/**
 * @file
 * What is to be asked for: http://ADDR[:PORT]/PATH, all of one server, each with a
 * weight and, perhaps, with the hash and the length that its body must have.
 *
 * Threads:  main, at start; read-only after that.
 */
#include <stdio.h>
#include "pw_addr.h"
#include "pw_base.h"

#define PW_URLS_MAX	  65535
#define PW_URL_TEXT_MAX	  1024 /**< bytes of one */
#define PW_URL_WEIGHT_MAX 1000000

struct pw_url {
	char *path; /**< begins with '/'; owned */
	uint32_t weight;
	bool has_hash;
	bool has_length;
	uint64_t hash; /**< XXH3, 64 bits, of the body */
	uint64_t length;
};

/** All zero: empty. */
struct pw_urls {
	struct pw_addr addr; /**< of the server */
	uint16_t port;
	struct pw_url *url;
	uint32_t n;
};

/**
 * Add one, of weight @p weight.
 * @return NULL, or what is wrong with it: "does not begin with http://"
 */
const char *pw_urls_add(struct pw_urls *u, const char *text, uint32_t weight);

/**
 * Add those of the file @p path: "URL [WEIGHT]" a line; empty lines and what follows
 * a '#' at the begin of a line is left out.
 * @param err  gets a line for each mistake, beginning with @p program
 * @return mistakes
 */
uint32_t pw_urls_read(struct pw_urls *u, const char *path, const char *program, FILE *err);

/**
 * Take what bodies must be from the file @p path: "URL HASH [LENGTH]" a line, HASH
 * in 16 hexadecimal digits. URLs that are not asked for are passed over.
 * @return mistakes, told as by pw_urls_read()
 */
uint32_t pw_urls_expect(struct pw_urls *u, const char *path, const char *program, FILE *err);

void pw_urls_fini(struct pw_urls *u);

/** Choice by weight in constant time: Walker's alias method. */
struct pw_choice {
	uint32_t n;
	struct pw_choice_cell {
		uint32_t keep;	/**< of 2^32: as often this cell's own number is taken, */
		uint32_t other; /**< else this one */
	} * cell;
};

/** @return 0, or -ENOMEM */
int pw_choice_init(struct pw_choice *c, const struct pw_urls *u, const struct pw_mem *mem);
void pw_choice_fini(struct pw_choice *c, const struct pw_mem *mem);

/** @p random: 64 uniform bits. @return a number below n, as often as its weight says */
static inline uint32_t
pw_choice_take(const struct pw_choice *c, uint64_t random)
{
	uint32_t i = (uint32_t)(((random >> 32) * c->n) >> 32);

	return (uint32_t)random <= c->cell[i].keep ? i : c->cell[i].other;
}

#endif
