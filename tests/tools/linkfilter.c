/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A bad link: joins two network interfaces and loses, doubles, delays, reorders
 * and damages the frames between them, each direction by rules of its own.
 *
 *	linkfilter [--seed N] [--both RULES] [--ab RULES] [--ba RULES] IFA IFB
 *
 * RULES is a list such as loss=1,reorder=2:500us,delay=10ms,rate=100M:256K.
 * Probabilities are in per cent. The interfaces must carry no address, and hand
 * over frames as long as their MTU says: switch segmentation and checksum
 * offloads off. On SIGINT or SIGTERM it prints what it did and exits 0.
 *
 * The n-th frame of a direction meets the same fate whenever the seed and the
 * rules are the same: each direction draws from a generator of its own, and
 * every frame takes the same number of draws.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include "pw_base.h"
#include "pw_rand.h"

#define BURST	       64
#define RCVBUF_BYTES   (32 << 20)
#define FRAMES_MAX     65536 /* in flight, both directions: beyond that the link drops */
#define ETH_ROOM       18    /* Ethernet header and a VLAN tag, beside the MTU */
#define FATE_PROTECTED 14    /* damage leaves the Ethernet header alone */

struct frame {
	struct frame *next; /* while free */
	pw_ns at;	    /* when it leaves */
	uint64_t order;	    /* of equals, the first to come leaves first */
	uint32_t len;
	uint8_t dir;
	uint8_t data[];
};

struct rules {
	uint64_t loss; /* probabilities, as a fraction of 2^64 */
	uint64_t burst_enter, burst_leave, burst_loss;
	uint64_t dup;
	uint64_t corrupt;
	uint64_t reorder;
	pw_ns reorder_ns;
	pw_ns delay_ns;
	uint64_t rate_bps;    /* 0: no limit */
	uint64_t queue_bytes; /* in front of the rate limit */
};

struct stats {
	uint64_t received, sent, lost, burst_lost, duplicated, corrupted, reordered;
	uint64_t queue_full, refused, overlong, missed;
};

struct dir {
	const char *name;
	int in_fd, out_fd;
	struct rules rules;
	struct stats stats;
	struct pw_rand rand;
	bool in_burst;
	pw_ns idle_at; /* when the rate limit has let the last frame through */
	struct frame *rx[BURST];
};

static struct dir dirs[2] = {{.name = "a->b"}, {.name = "b->a"}};
static struct frame *heap[FRAMES_MAX]; /* earliest first */
static uint32_t n_heap;
static struct frame *free_frames;
static uint64_t n_orders;
static uint32_t frame_room;
static volatile sig_atomic_t stopping;

__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("linkfilter: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static pw_ns
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (pw_ns)ts.tv_sec * PW_NS_PER_S + (pw_ns)ts.tv_nsec;
}

/* ---- frames, and the heap of those on their way ---- */

static struct frame *
frame_get(void)
{
	struct frame *f = free_frames;

	if (f != NULL) {
		free_frames = f->next;
		return f;
	}
	f = malloc(sizeof(*f) + frame_room);
	if (f == NULL)
		die("no memory for a frame");
	return f;
}

static void
frame_put(struct frame *f)
{
	f->next = free_frames;
	free_frames = f;
}

static bool
sooner(const struct frame *a, const struct frame *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void
heap_push(struct frame *f)
{
	uint32_t i = n_heap++;

	for (; i > 0 && sooner(f, heap[(i - 1) / 2]); i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = f;
}

static struct frame *
heap_pop(void)
{
	struct frame *top = heap[0], *last = heap[--n_heap];
	uint32_t i = 0, child;

	while ((child = 2 * i + 1) < n_heap) {
		if (child + 1 < n_heap && sooner(heap[child + 1], heap[child]))
			child++;
		if (!sooner(heap[child], last))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return top;
}

/* ---- what happens to a frame ---- */

/* When a frame that enters the link now is through its rate limit, or PW_NEVER. */
static pw_ns
pass_rate(struct dir *d, uint32_t len, pw_ns now)
{
	const struct rules *r = &d->rules;
	pw_ns start = pw_max(now, d->idle_at);

	if (r->rate_bps == 0)
		return now;
	if ((start - now) / 8 * r->rate_bps / PW_NS_PER_S > r->queue_bytes)
		return PW_NEVER;
	d->idle_at = start + (pw_ns)len * 8 * PW_NS_PER_S / r->rate_bps;
	return d->idle_at;
}

static void
schedule(struct dir *d, struct frame *f, pw_ns later, pw_ns now)
{
	pw_ns at = pass_rate(d, f->len, now);

	if (at == PW_NEVER || n_heap == FRAMES_MAX) {
		d->stats.queue_full++;
		frame_put(f);
		return;
	}
	f->at = at + d->rules.delay_ns + later;
	f->order = n_orders++;
	f->dir = (uint8_t)(d - dirs);
	heap_push(f);
}

static struct frame *
frame_copy(const struct frame *f)
{
	struct frame *twin = frame_get();

	twin->len = f->len;
	memcpy(twin->data, f->data, f->len);
	return twin;
}

/* Gilbert-Elliott: two states, and a probability of loss in the bad one. */
static bool
burst_step(struct dir *d, uint64_t move, uint64_t lose)
{
	uint64_t p = d->in_burst ? d->rules.burst_leave : d->rules.burst_enter;

	if (move < p)
		d->in_burst = !d->in_burst;
	return d->in_burst && lose < d->rules.burst_loss;
}

/* All the draws of one frame, whether they are needed or not. */
struct fate {
	uint64_t loss, burst_move, burst_loss, dup, corrupt, where, reorder;
};

static struct fate
draw_fate(struct pw_rand *r)
{
	struct fate f;

	f.loss = pw_rand_u64(r);
	f.burst_move = pw_rand_u64(r);
	f.burst_loss = pw_rand_u64(r);
	f.dup = pw_rand_u64(r);
	f.corrupt = pw_rand_u64(r);
	f.where = pw_rand_u64(r);
	f.reorder = pw_rand_u64(r);
	return f;
}

static bool
is_lost(struct dir *d, const struct fate *fate)
{
	bool burst = burst_step(d, fate->burst_move, fate->burst_loss);

	if (fate->loss < d->rules.loss) {
		d->stats.lost++;
		return true;
	}
	d->stats.burst_lost += burst;
	return burst;
}

static void
flip_bit(struct frame *f, uint64_t where)
{
	uint64_t bit = where % ((uint64_t)(f->len - FATE_PROTECTED) * 8);

	f->data[FATE_PROTECTED + bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void
enter_link(struct dir *d, struct frame *f, pw_ns now)
{
	struct fate fate = draw_fate(&d->rand);
	pw_ns later = 0;

	d->stats.received++;
	if (is_lost(d, &fate)) {
		frame_put(f);
		return;
	}
	if (fate.dup < d->rules.dup) {
		d->stats.duplicated++;
		schedule(d, frame_copy(f), 0, now);
	}
	if (fate.corrupt < d->rules.corrupt && f->len > FATE_PROTECTED) {
		d->stats.corrupted++;
		flip_bit(f, fate.where);
	}
	if (fate.reorder < d->rules.reorder) {
		d->stats.reordered++;
		later = d->rules.reorder_ns;
	}
	schedule(d, f, later, now);
}

/* ---- sockets ---- */

static int
open_interface(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
	struct ifreq ifr = {0};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0), one = 1, room = RCVBUF_BYTES;

	if (fd < 0)
		die("packet socket: %s", strerror(errno));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFMTU, &ifr) < 0)
		die("%s: %s", name, strerror(errno));
	frame_room = (uint32_t)pw_max(frame_room, (uint64_t)ifr.ifr_mtu + ETH_ROOM);
	at.sll_ifindex = all.mr_ifindex = (int)if_nametoindex(name);
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0 ||
		bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("%s: %s", name, strerror(errno));
	return fd;
}

/* @return true if there may be more to read. */
static bool
receive(struct dir *d)
{
	struct mmsghdr msgs[BURST];
	struct iovec iov[BURST];
	pw_ns now;
	int i, n;

	memset(msgs, 0, sizeof(msgs));
	for (i = 0; i < BURST; i++) {
		if (d->rx[i] == NULL)
			d->rx[i] = frame_get();
		iov[i] = (struct iovec){.iov_base = d->rx[i]->data, .iov_len = frame_room};
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(d->in_fd, msgs, BURST, MSG_DONTWAIT | MSG_TRUNC, NULL);
	now = clock_now();
	for (i = 0; i < n; i++) {
		if (msgs[i].msg_len > frame_room) {
			d->stats.overlong++;
			continue;
		}
		d->rx[i]->len = msgs[i].msg_len;
		enter_link(d, d->rx[i], now);
		d->rx[i] = NULL;
	}
	return n == BURST;
}

static void
transmit(struct frame **frames, uint32_t n, struct dir *d)
{
	struct mmsghdr msgs[BURST];
	struct iovec iov[BURST];
	uint32_t i, done = 0;
	int sent;

	memset(msgs, 0, sizeof(msgs));
	for (i = 0; i < n; i++) {
		iov[i] = (struct iovec){.iov_base = frames[i]->data, .iov_len = frames[i]->len};
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	while (done < n) {
		sent = sendmmsg(d->out_fd, msgs + done, n - done, MSG_DONTWAIT);
		d->stats.sent += sent > 0 ? (uint32_t)sent : 0;
		d->stats.refused += sent <= 0;
		done += sent > 0 ? (uint32_t)sent : 1;
	}
	for (i = 0; i < n; i++)
		frame_put(frames[i]);
}

/* Let the frames that are due leave, in order, as many at a time as go one way. */
static void
release(pw_ns now)
{
	struct frame *out[BURST];
	uint32_t n = 0;

	while (n_heap > 0 && heap[0]->at <= now) {
		if (n == BURST || (n > 0 && out[0]->dir != heap[0]->dir)) {
			transmit(out, n, &dirs[out[0]->dir]);
			n = 0;
		}
		out[n++] = heap_pop();
	}
	if (n > 0)
		transmit(out, n, &dirs[out[0]->dir]);
}

/* Until a frame comes or is due, or a signal: they are let in only here. */
static void
wait_for_work(bool more, const sigset_t *while_waiting)
{
	struct pollfd fds[2] = {{dirs[0].in_fd, POLLIN, 0}, {dirs[1].in_fd, POLLIN, 0}};
	pw_ns now = clock_now(), left = 0;
	struct timespec ts;

	if (!more && n_heap > 0 && heap[0]->at > now)
		left = heap[0]->at - now;
	ts = (struct timespec){(time_t)(left / PW_NS_PER_S), (long)(left % PW_NS_PER_S)};
	ppoll(fds, 2, more || n_heap > 0 ? &ts : NULL, while_waiting);
}

static void
run(const sigset_t *while_waiting)
{
	bool more;

	while (!stopping) {
		more = receive(&dirs[0]);
		more |= receive(&dirs[1]);
		release(clock_now());
		wait_for_work(more, while_waiting);
	}
}

/* ---- options ---- */

static uint64_t
parse_number(const char *rule, const char *text, char **end)
{
	double v = text == NULL ? -1 : strtod(text, end);

	if (text == NULL || *end == text || v < 0 || v > 1e15)
		die("%s=%s: want a number", rule, text == NULL ? "" : text);
	switch (**end) {
	case 'K':
		return (*end)++, (uint64_t)(v * 1e3);
	case 'M':
		return (*end)++, (uint64_t)(v * 1e6);
	case 'G':
		return (*end)++, (uint64_t)(v * 1e9);
	default:
		return (uint64_t)v;
	}
}

static uint64_t
parse_percent(const char *rule, const char *text, char **end)
{
	double v = text == NULL ? -1 : strtod(text, end);

	if (text == NULL || *end == text || v < 0 || v > 100)
		die("%s=%s: want per cent, 0 to 100", rule, text == NULL ? "" : text);
	return v >= 100 ? UINT64_MAX : (uint64_t)(v / 100 * 0x1p64);
}

static pw_ns
parse_time(const char *rule, const char *text, char **end)
{
	double v = text == NULL ? -1 : strtod(text, end);

	if (text != NULL && *end != text && v >= 0 && v < 1e6) {
		if (strncmp(*end, "us", 2) == 0)
			return *end += 2, (pw_ns)(v * (double)PW_NS_PER_US);
		if (strncmp(*end, "ms", 2) == 0)
			return *end += 2, (pw_ns)(v * (double)PW_NS_PER_MS);
	}
	die("%s=%s: want a time in us or ms", rule, text == NULL ? "" : text);
}

/* What stands after a ':', or NULL at the end of the rule. */
static char *
next_part(const char *rule, char *end)
{
	if (*end == ':')
		return end + 1;
	if (*end != '\0')
		die("%s: '%s' is not understood", rule, end);
	return NULL;
}

static void
parse_reorder(struct rules *r, char *text)
{
	char *end;

	r->reorder = parse_percent("reorder", text, &end);
	text = next_part("reorder", end);
	r->reorder_ns = PW_NS_PER_MS;
	if (text != NULL)
		r->reorder_ns = parse_time("reorder", text, &end);
}

static void
parse_burst(struct rules *r, char *text)
{
	char *end;

	r->burst_enter = parse_percent("burst", text, &end);
	r->burst_leave = parse_percent("burst", next_part("burst", end), &end);
	text = next_part("burst", end);
	r->burst_loss = UINT64_MAX;
	if (text != NULL)
		r->burst_loss = parse_percent("burst", text, &end);
}

static void
parse_rate(struct rules *r, char *text)
{
	char *end;

	r->rate_bps = parse_number("rate", text, &end);
	text = next_part("rate", end);
	r->queue_bytes = 256000;
	if (text != NULL)
		r->queue_bytes = parse_number("rate", text, &end);
}

static void
parse_rules(struct rules *r, char *text)
{
	enum {
		LOSS,
		BURST_LOSS,
		DUP,
		CORRUPT,
		REORDER,
		DELAY,
		RATE
	};
	static const char *const names[] = {[LOSS] = "loss",
		[BURST_LOSS] = "burst",
		[DUP] = "dup",
		[CORRUPT] = "corrupt",
		[REORDER] = "reorder",
		[DELAY] = "delay",
		[RATE] = "rate",
		NULL};
	char *value, *end;

	while (*text != '\0') {
		char *rule = text;

		switch (getsubopt(&text, (char *const *)names, &value)) {
		case LOSS:
			r->loss = parse_percent("loss", value, &end);
			break;
		case BURST_LOSS:
			parse_burst(r, value);
			break;
		case DUP:
			r->dup = parse_percent("dup", value, &end);
			break;
		case CORRUPT:
			r->corrupt = parse_percent("corrupt", value, &end);
			break;
		case REORDER:
			parse_reorder(r, value);
			break;
		case DELAY:
			r->delay_ns = parse_time("delay", value, &end);
			break;
		case RATE:
			parse_rate(r, value);
			break;
		default:
			die("unknown rule '%s'", rule);
		}
	}
}

static void
usage(FILE *to)
{
	fputs("usage: linkfilter [--seed N] [--both RULES] [--ab RULES] [--ba RULES] IFA IFB\n"
	      "\n"
	      "RULES, separated by commas; probabilities in per cent:\n"
	      "  loss=P              lose a frame\n"
	      "  burst=ENTER:LEAVE[:P]  Gilbert-Elliott: enter and leave a bad spell; lose P (100) "
	      "in it\n"
	      "  dup=P               send it twice\n"
	      "  corrupt=P           flip one bit behind the Ethernet header\n"
	      "  reorder=P[:TIME]    hold it back for TIME (1ms)\n"
	      "  delay=TIME          each frame, in us or ms\n"
	      "  rate=BITS[:BYTES]   bits per second, and the queue in front (K, M, G; 256K)\n",
		to);
}

static uint64_t
parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"seed", required_argument, NULL, 's'},
		{"both", required_argument, NULL, 'x'}, {"ab", required_argument, NULL, 'a'},
		{"ba", required_argument, NULL, 'b'}, {"help", no_argument, NULL, 'h'}, {0}};
	uint64_t seed;
	int opt;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		die("no randomness for a seed");
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'x':
			parse_rules(&dirs[0].rules, strdupa(optarg));
			parse_rules(&dirs[1].rules, optarg);
			break;
		case 'a':
		case 'b':
			parse_rules(&dirs[opt - 'a'].rules, optarg);
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (argc - optind != 2)
		die("want two interfaces; --help tells more");
	return seed;
}

static void
report(const struct dir *d)
{
	const struct stats *s = &d->stats;
	struct tpacket_stats kernel = {0};
	socklen_t len = sizeof(kernel);

	getsockopt(d->in_fd, SOL_PACKET, PACKET_STATISTICS, &kernel, &len);
	printf("linkfilter: %s received=%" PRIu64 " sent=%" PRIu64 " lost=%" PRIu64
	       " burst_lost=%" PRIu64 " duplicated=%" PRIu64 " corrupted=%" PRIu64
	       " reordered=%" PRIu64 " queue_full=%" PRIu64 " refused=%" PRIu64 " overlong=%" PRIu64
	       " missed=%u\n",
		d->name, s->received, s->sent, s->lost, s->burst_lost, s->duplicated, s->corrupted,
		s->reordered, s->queue_full, s->refused, s->overlong, kernel.tp_drops);
}

static void
on_signal(int sig)
{
	(void)sig;
	stopping = 1;
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	sigset_t mask, before;
	uint64_t seed = parse_options(argc, argv);

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, &before);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	prctl(PR_SET_TIMERSLACK, 1000);

	dirs[0].in_fd = dirs[1].out_fd = open_interface(argv[optind]);
	dirs[1].in_fd = dirs[0].out_fd = open_interface(argv[optind + 1]);
	pw_rand_init(&dirs[0].rand, seed);
	pw_rand_init(&dirs[1].rand, ~seed);
	printf("linkfilter: %s - %s, seed %" PRIu64 "\n", argv[optind], argv[optind + 1], seed);
	fflush(stdout);
	run(&before);
	report(&dirs[0]);
	report(&dirs[1]);
	return 0;
}
