/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef RIG_H
#define RIG_H

/**
 * @file
 * A site of a few files in a temporary directory, loaded and served.
 */
#include "fake_tcp.h"
#include "serve_priv.h"

#define RIG_NOW_S INT64_C(1795399800) /* Mon, 23 Nov 2026 02:10:00 GMT */
#define RIG_DATE  "Mon, 23 Nov 2026 02:10:00 GMT"
#define RIG_MTIME "Sun, 06 Nov 1994 08:49:37 GMT"

#define BIG_BYTES (5 * 1024 * 1024 + 7)

struct rig {
	char dir[32];
	struct pw_tree *tree;
	struct pw_store *store;
	struct pw_site *site;
	struct pw_store_refs refs;
	struct pw_http *http;
	uint8_t *big; /* the bytes of big.bin */
	pw_ns now;
	/* of the last request */
	char *out;
	size_t out_len;
	bool out_shut;
};

extern struct rig rig;

/** Bounds and times for pw_http_create(); set by a test before rig_restart(). */
extern struct pw_http_cfg rig_cfg;

/** For a suite: make the site. @return 0 */
int rig_make_site(void);
int rig_remove_site(void);

/** For a test: an instance of HTTP, and at the end nothing of it in use. */
void rig_start(void);
void rig_stop(void);
void rig_restart(void);

/** A new connection, or NULL. */
struct pw_tcp_conn *rig_open(void);

/** Send a text. */
void rig_send(struct pw_tcp_conn *c, const char *text);

/** Receive and acknowledge everything, into rig.out (NUL ended). */
void rig_read(struct pw_tcp_conn *c);

/** A connection of its own for one exchange. @return rig.out */
const char *rig_ask(const char *request);

/** GET of a path with field lines; "Host: h" is added. */
const char *rig_get(const char *path, const char *fields);

/** Let time pass in steps of a second, TCP's turns included. */
void rig_wait(struct pw_tcp_conn *c, pw_ns ns);

/** The value of a field in rig.out's first head, or "" (static memory). */
const char *rig_field(const char *name);

/** The status in rig.out. */
int rig_status(void);

/** What follows the first head. */
const char *rig_body(void);
size_t rig_body_len(void);

#endif
