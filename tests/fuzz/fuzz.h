/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef FUZZ_H
#define FUZZ_H

/**
 * @file
 * What the libFuzzer targets share: reading an input as a script, checksums,
 * and an assertion that is always on.
 *
 * Every string of bytes is a valid script: one that ends too soon goes on with
 * zeroes, and a target stops at the end of its input. So that seeds stay what
 * they were, numbers are little-endian and fields of fixed size come first.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ASSERT(c)                                                                         \
	do {                                                                                   \
		if (!(c)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #c); \
			abort();                                                               \
		}                                                                              \
	} while (0)

/** What is left of an input. */
struct fuzz_in {
	const uint8_t *p;
	size_t len;
};

static inline uint8_t
fuzz_u8(struct fuzz_in *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->p++;
}

static inline uint16_t
fuzz_u16(struct fuzz_in *in)
{
	uint16_t low = fuzz_u8(in);

	return (uint16_t)(low | fuzz_u8(in) << 8);
}

static inline int
fuzz_i8(struct fuzz_in *in)
{
	return (int8_t)fuzz_u8(in);
}

/** The next @p want bytes, or all there are. @return how many */
static inline size_t
fuzz_bytes(struct fuzz_in *in, const uint8_t **p, size_t want)
{
	size_t n = want < in->len ? want : in->len;

	*p = in->p;
	in->p += n;
	in->len -= n;
	return n;
}

/** A time from a microsecond to an hour, by a byte. */
static inline uint64_t
fuzz_ns(uint8_t b)
{
	return (uint64_t)(8 + (b & 7)) * 125 << (b >> 3);
}

#define FUZZ_STREAM_PERIOD (UINT64_C(1) << 17)

/**
 * What is sent in the tests: at @p off of a stream, a period of bytes. A table, as
 * a loop over each byte would be most of the time under coverage.
 */
const uint8_t *fuzz_stream(uint64_t off);

#endif
