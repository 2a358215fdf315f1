/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The table of commands, and how a line is understood.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "cmd_priv.h"

static int help(struct call *call);
static int complete(struct call *call);

static const char *const conn_hints[] = {"state", "peer", "port", "limit", NULL};
static const char *const metrics_hints[] = {"peer", "limit", NULL};

/* clang-format off */
const struct command commands[] = {
	{"help", "[COMMAND]", "list the commands, or those that begin so", NULL, help},
	{"show port info", NULL, "what the device ports are", NULL, show_port_info},
	{"show port stats", NULL, "what the ports counted", NULL, show_port_stats},
	{"show port xstats", NULL, "what their drivers counted, except zeroes", NULL, show_port_xstats},
	{"show port offloads", NULL, "what the ports do for us, and who copies", NULL, show_port_offloads},
	{"show worker", NULL, "how busy the workers are", NULL, show_worker},
	{"show tcp", NULL, "what TCP counted, its tables, and why packets were dropped", NULL, show_tcp_stats},
	{"show tcp stats", NULL, "the same", NULL, show_tcp_stats},
	{"show tcp connections", "[state STATE] [peer ADDR[/PREFIX]] [port PORT] [limit N]",
		"connections, those that fit all filters", conn_hints, show_conns},
	{"show tcp connection", "ID", "all about one, and what became of its bytes", NULL, show_conn},
	{"show tcp metrics", "[peer ADDR[/PREFIX]] [limit N]",
		"what is remembered of the paths to peers, for their next connections", metrics_hints,
		show_metrics},
	{"show traces", NULL, "traces kept of connections that recovered or ended badly", NULL, show_traces},
	{"show http", NULL, "what HTTP counted", NULL, show_http},
	{"show store", NULL, "files and pages, and who holds pages", NULL, show_store},
	{"show copies", NULL, "the copy ledger: what was done with the bytes of files", NULL, show_copies},
	{"show memory", "[PAGE]", "a page of the store, a header, a ring: by every address, and who holds it",
		NULL, show_memory},
	{"show neigh", NULL, "neighbours of both families, by ARP and neighbour discovery", NULL, show_neigh},
	{"show addresses", NULL, "our addresses, how we came by them, and leases", NULL, show_addresses},
	{"show routes", NULL, "the ways to other networks, in the order of look-up", NULL, show_routes},
	{"show capture", NULL, "whether frames are captured, and how many were", NULL, show_capture},
	{"show config", NULL, "settings, and what of them was changed since", NULL, show_config},
	{"set log-level", "PATTERN LEVEL", "of log types, such as pagewire.tcp, to a level such as debug",
		NULL, set_log_level},
	{"set cc", "NAME [of ADDR] [now]",
		"congestion control of new connections, those of an address; now: of those there are too",
		cc_hints, set_cc},
	{"set", "SETTING VALUE", "change a setting while serving", setting_hints, set_value},
	{"clear stats", NULL, "count from 0 in what is shown; the totals at exit stay whole", NULL, clear_stats},
	{"clear tcp metrics", NULL, "forget what is remembered of the paths to peers", NULL, clear_metrics},
	{"capture start", "FILE [FILTER]", "copy frames to FILE (pcapng), those that fit a filter of libpcap",
		NULL, capture_start},
	{"capture stop", NULL, "end that", NULL, capture_stop},
	{"trace connection", "ID", "what happened to one, as a timeline; --plot FILE: as a drawing (SVG)",
		NULL, trace_conn, true},
	{"trace kept", "ID", "likewise, of a trace that 'show traces' lists", NULL, trace_kept, true},
	{"stop", NULL, "refuse new connections; those there are go on", NULL, stop},
	{"start", NULL, "take new connections again", NULL, start},
	{"drain", "[SECONDS]", "finish what runs, in SECONDS at most, then end", NULL, drain},
	{"quit", NULL, "reset all connections and end", NULL, quit},
	{"complete", "LINE", "the words that can follow", NULL, complete},
};
/* clang-format on */
const uint32_t n_commands = RTE_DIM(commands);

int
refuse(struct call *call, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(call->error, sizeof(call->error), fmt, ap);
	va_end(ap);
	return -1;
}

int
words_at_most(struct call *call, int max)
{
	if (call->argc <= max)
		return 0;
	return refuse(call, "%s: '%s' is a word too many; allowed: %s%s%s", call->cmd->words,
		call->argv[max], call->cmd->words, call->cmd->args != NULL ? " " : "",
		call->cmd->args != NULL ? call->cmd->args : "");
}

/* Cut @p line into words, in place. @return how many; -1: too many */
static int
split(char *line, char **words)
{
	char *save;
	int n = 0;
	char *word;

	for (word = strtok_r(line, " \t\r\n", &save); word != NULL;
		word = strtok_r(NULL, " \t\r\n", &save)) {
		if (n == WORDS_MAX)
			return -1;
		words[n++] = word;
	}
	return n;
}

/* Take the words away that say what the answer is to be. */
static enum answer_form
take_form(char **words, int *n)
{
	enum answer_form form = FORM_TEXT;
	int from, to = 0;

	for (from = 0; from < *n; from++) {
		if (strcmp(words[from], "--json") == 0)
			form = FORM_JSON;
		else if (strcmp(words[from], "--svg") == 0)
			form = FORM_SVG;
		else
			words[to++] = words[from];
	}
	if (*n >= 0)
		*n = to;
	return form;
}

/* The next word of @p at. @return its length, 0 at the end */
static size_t
next_word(const char **at)
{
	*at += strspn(*at, " ");
	return strcspn(*at, " ");
}

/* How many words of the command @p c begin @p words; 0 unless all are there. */
static int
fits(const struct command *c, char *const *words, int n)
{
	const char *at = c->words;
	int i = 0;
	size_t len;

	while ((len = next_word(&at)) != 0) {
		if (i == n || strlen(words[i]) != len || memcmp(words[i], at, len) != 0)
			return 0;
		at += len;
		i++;
	}
	return i;
}

static const struct command *
find(char *const *words, int n, int *used)
{
	const struct command *best = NULL;
	uint32_t i;

	*used = 0;
	for (i = 0; i < n_commands; i++) {
		int k = fits(&commands[i], words, n);

		if (k > *used) {
			*used = k;
			best = &commands[i];
		}
	}
	return best;
}

/* A word that can stand at place @p n behind @p words. */
struct candidate {
	char word[40];
	const char *help;
};

/* Does @p c go on behind the @p n words? Its next word, or what it takes. */
static bool
goes_on(const struct command *c, char *const *words, int n, struct candidate *out)
{
	const char *at = c->words;
	size_t len;
	int i;

	for (i = 0; (len = next_word(&at)) != 0; i++, at += len) {
		if (i == n) {
			snprintf(out->word, sizeof(out->word), "%.*s", (int)len, at);
			out->help = at[len] == '\0' ? c->help : "";
			return true;
		}
		if (strlen(words[i]) != len || memcmp(words[i], at, len) != 0)
			return false;
	}
	return false;
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void
put_candidate(cJSON *rows, const char *word, const char *text)
{
	const cJSON *row;
	cJSON *new;

	cJSON_ArrayForEach(row, rows)
	{
		if (strcmp(cJSON_GetObjectItem(row, "word")->valuestring, word) == 0)
			return;
	}
	new = put_row(rows);
	put_text(new, "word", word);
	put_text(new, "help", text);
}

/* What can follow @p words, beginning with @p part. */
static void
put_candidates(cJSON *rows, char *const *words, int n, const char *part)
{
	const struct command *c;
	struct candidate next;
	uint32_t i;
	int used;

	for (i = 0; i < n_commands; i++)
		if (commands[i].run != complete && goes_on(&commands[i], words, n, &next) &&
			begins(next.word, part))
			put_candidate(rows, next.word, next.help);
	c = find(words, n, &used);
	for (i = 0; c != NULL && c->hints != NULL && c->hints[i] != NULL; i++)
		if (begins(c->hints[i], part) && (c->run != set_value || used == n))
			put_candidate(rows, c->hints[i], c->help);
}

static int
complete(struct call *call)
{
	static char none[] = "";
	char *part = none;
	int n = call->argc;

	/* A line that ends with '.' instead of a part: the blank before it would be lost. */
	if (n > 0 && strcmp(call->argv[n - 1], ".") != 0)
		part = call->argv[n - 1];
	put_candidates(put_rows(call->out, "words"), call->argv, n > 0 ? n - 1 : 0, part);
	return 0;
}

static void
put_command(cJSON *rows, const struct command *c)
{
	char words[160];
	cJSON *row = put_row(rows);

	snprintf(words, sizeof(words), "%s%s%s", c->words, c->args != NULL ? " " : "",
		c->args != NULL ? c->args : "");
	put_text(row, "command", words);
	put_text(row, "help", c->help);
}

static int
help(struct call *call)
{
	cJSON *rows = put_rows(call->out, "commands");
	char prefix[PW_CTL_LINE_MAX] = "";
	uint32_t i;
	int k;

	for (k = 0; k < call->argc; k++)
		snprintf(prefix + strlen(prefix), sizeof(prefix) - strlen(prefix), "%s%s",
			k > 0 ? " " : "", call->argv[k]);
	for (i = 0; i < n_commands; i++)
		if (begins(commands[i].words, prefix) && commands[i].run != complete)
			put_command(rows, &commands[i]);
	if (cJSON_GetArraySize(rows) > 0)
		return 0;
	return refuse(call, "no command begins with '%s'; 'help' lists them", prefix);
}

/* What can follow @p words, as a text. @return false: nothing */
static bool
allowed_behind(char *const *words, int n, char out[ERROR_MAX / 2])
{
	cJSON *rows = cJSON_CreateArray();
	const cJSON *row;
	size_t len = 0;

	*out = '\0';
	put_candidates(rows, words, n, "");
	cJSON_ArrayForEach(row, rows)
	{
		snprintf(out + len, ERROR_MAX / 2 - len, "%s%s", len > 0 ? ", " : "",
			cJSON_GetObjectItem(row, "word")->valuestring);
		len = strlen(out);
	}
	cJSON_Delete(rows);
	return len > 0;
}

/* `show`: something is missing. `show foo bar`: a word that leads nowhere. */
static int
refuse_unknown(struct call *call, char *const *words, int n)
{
	char allowed[ERROR_MAX / 2];
	int known = n - 1;

	if (allowed_behind(words, n, allowed))
		return refuse(call, "a word is missing behind '%.100s'; allowed: %s", words[n - 1],
			allowed);
	while (known > 0 && !allowed_behind(words, known, allowed))
		known--;
	if (known == 0) {
		allowed_behind(words, 0, allowed);
		return refuse(call, "'%.100s' is no command; allowed: %s", words[0], allowed);
	}
	return refuse(call, "'%.100s' does not go behind '%.100s'; allowed: %s", words[known],
		words[known - 1], allowed);
}

static int
run(struct call *call, char **words, int n)
{
	int used;

	if (n < 0)
		return refuse(call, "more than %d words", WORDS_MAX);
	if (n == 0)
		return 0;
	call->cmd = find(words, n, &used);
	if (call->cmd == NULL)
		return refuse_unknown(call, words, n);
	call->argc = n - used;
	call->argv = words + used;
	if (call->cmd->args == NULL && words_at_most(call, 0) != 0)
		return -1;
	if (call->form == FORM_SVG && !call->cmd->draws)
		return refuse(call, "'%s' draws nothing; allowed: trace", call->cmd->words);
	return call->cmd->run(call);
}

static void
write_answer(FILE *f, const struct call *call)
{
	char *text;

	if (call->form == FORM_TEXT) {
		render(f, call->out);
		return;
	}
	if (call->form == FORM_SVG) {
		fputs(call->drawing, f);
		return;
	}
	text = cJSON_PrintUnformatted(call->out);
	if (text != NULL)
		fprintf(f, "%s\n", text);
	cJSON_free(text);
}

/* A refusal, in the form that was asked for. */
static void
write_error(FILE *f, const struct call *call)
{
	cJSON *object;
	char *text;

	if (call->form != FORM_JSON) {
		fprintf(f, "%s\n", call->error);
		return;
	}
	object = cJSON_CreateObject();
	put_text(object, "error", call->error);
	text = cJSON_PrintUnformatted(object);
	if (text != NULL)
		fprintf(f, "%s\n", text);
	cJSON_free(text);
	cJSON_Delete(object);
}

bool
command_do(struct pw_ctl *ctl, const char *line, struct call *call)
{
	char *words[WORDS_MAX];
	char copy[PW_CTL_LINE_MAX + 1];
	bool ok;
	int n;

	*call = (struct call){.ctl = ctl, .out = cJSON_CreateObject()};
	snprintf(copy, sizeof(copy), "%s", line);
	n = split(copy, words);
	call->form = take_form(words, &n);
	pthread_mutex_lock(&ctl->lock);
	ok = run(call, words, n) == 0;
	pthread_mutex_unlock(&ctl->lock);
	return ok;
}

void
call_fini(struct call *call)
{
	cJSON_Delete(call->out);
	free(call->drawing);
}

void
pw_ctl_ask(struct pw_ctl *ctl, const char *line, struct pw_ctl_answer *answer)
{
	struct call call;
	FILE *f;

	*answer = (struct pw_ctl_answer){0};
	answer->ok = command_do(ctl, line, &call);
	f = open_memstream(&answer->text, &answer->len);
	if (f != NULL) {
		(answer->ok ? write_answer : write_error)(f, &call);
		fclose(f);
	}
	call_fini(&call);
}

void
pw_ctl_answer_free(struct pw_ctl_answer *answer)
{
	free(answer->text);
	answer->text = NULL;
}

struct pw_ctl *
pw_ctl_create(const struct pw_ctl_cfg *cfg)
{
	struct pw_ctl *ctl = calloc(1, sizeof(*ctl));
	uint32_t i;

	if (ctl == NULL)
		return NULL;
	ctl->cfg = *cfg;
	ctl->stats_period_s = cfg->config->stats_period_s;
	pthread_mutex_init(&ctl->lock, NULL);
	ctl->workers = calloc(cfg->n_workers, sizeof(*ctl->workers));
	ctl->lost = calloc(cfg->n_workers, sizeof(struct pw_worker_job *));
	if (ctl->workers == NULL || ctl->lost == NULL || figures_init(ctl, &ctl->zero) != 0) {
		pw_ctl_destroy(ctl);
		errno = ENOMEM;
		return NULL;
	}
	for (i = 0; i < cfg->n_workers; i++)
		ctl->workers[i] = cfg->workers[i];
	return ctl;
}

void
pw_ctl_destroy(struct pw_ctl *ctl)
{
	uint32_t i;

	if (ctl == NULL)
		return;
	telemetry_forget(ctl);
	pw_capture_close(ctl->capture);
	for (i = 0; ctl->lost != NULL && i < ctl->cfg.n_workers; i++)
		free(ctl->lost[i]);
	figures_fini(&ctl->zero);
	free(ctl->lost);
	free(ctl->workers);
	pthread_mutex_destroy(&ctl->lock);
	free(ctl);
}

uint32_t
pw_ctl_stats_period(const struct pw_ctl *ctl)
{
	return __atomic_load_n(&ctl->stats_period_s, __ATOMIC_RELAXED);
}
