/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef SUM_H
#define SUM_H

/**
 * @file
 * Checksums once more, written from RFC 1071, 8200 and 9293 alone, so that a mistake
 * of lib/wire cannot agree with itself.
 */
#include <stdint.h>

/** What belongs into the checksum field, now zero, of the 20-byte IPv4 header; 0 when a header
 * with its checksum is right. Host order. */
uint16_t sum_ip4(const uint8_t *hdr);

/** The same for the TCP segment in the datagram of @p len bytes, header of IPv4 or IPv6 included.
 */
uint16_t sum_tcp(const uint8_t *dgram, uint32_t len);

/** The same for the message of ICMP, or ICMPv6, in the datagram. */
uint16_t sum_icmp(const uint8_t *dgram, uint32_t len);

#endif
