/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "prompt.h"
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <cjson/cJSON.h>
#include <cmdline_rdline.h>
#include "client.h"

#define LINE_ROOM 1024
#define PROMPT	  "pagewire> "

struct prompt {
	const char *path;
	int fd;
	int status;
	bool ended;
	struct rdline *rdl;
	cJSON *words; /* that can follow, while they are shown */
	char line[LINE_ROOM];
	size_t len;
};

/* Ask; once more where we were silent for so long that our place was given away. */
static int
say(struct prompt *p, const char *line, struct client_answer *answer)
{
	if (p->fd >= 0 && client_ask(p->fd, line, answer) == 0)
		return 0;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = client_open(p->path);
	if (p->fd >= 0 && client_ask(p->fd, line, answer) == 0)
		return 0;
	return -1;
}

static void
print(const char *text, size_t len)
{
	fwrite(text, 1, len, stdout);
	fflush(stdout);
}

static void
command(struct prompt *p, const char *text)
{
	char line[LINE_ROOM], plot[LINE_ROOM];
	struct client_answer answer;

	text += strspn(text, " \t\r\n");
	if (*text == '\0' || *text == '#')
		return;
	snprintf(line, sizeof(line), "%s", text);
	if (!client_take_plot(line, sizeof(line), plot, sizeof(plot))) {
		p->status = 1;
		return;
	}
	if (say(p, line, &answer) != 0) {
		fprintf(stderr, "nobody answers at %s any more\n", p->path);
		p->status = 1;
		p->ended = true;
		return;
	}
	if (!answer.ok || *plot == '\0')
		print(answer.text, answer.len);
	if (!answer.ok || (*plot != '\0' && !client_write_plot(plot, &answer)))
		p->status = 1;
	free(answer.text);
	p->ended = answer.ok && strncmp(line, "quit", 4) == 0;
}

/* ---- on a terminal ---- */

static int
on_char(struct rdline *rdl, char c)
{
	return (int)write(STDOUT_FILENO, &c, 1);
}

static void
on_line(struct rdline *rdl, const char *buf, unsigned int size)
{
	struct prompt *p = rdline_get_opaque(rdl);
	char line[LINE_ROOM];

	snprintf(line, sizeof(line), "%.*s", (int)size, buf);
	line[strcspn(line, "\r\n")] = '\0';
	if (line[strspn(line, " ")] != '\0')
		rdline_add_history(rdl, line);
	command(p, line);
}

static const char *
text_of(const cJSON *row, const char *name)
{
	const cJSON *item = cJSON_GetObjectItem(row, name);

	return cJSON_IsString(item) ? item->valuestring : "";
}

/* What can follow @p buf, by the other side. */
static void
ask_words(struct prompt *p, const char *buf)
{
	size_t len = strlen(buf);
	struct client_answer answer;
	char line[LINE_ROOM + 32];
	cJSON *all;

	cJSON_Delete(p->words);
	p->words = NULL;
	snprintf(line, sizeof(line), "complete %s%s --json", buf,
		len == 0 || buf[len - 1] == ' ' ? " ." : "");
	if (say(p, line, &answer) != 0)
		return;
	all = cJSON_Parse(answer.text);
	free(answer.text);
	p->words = cJSON_DetachItemFromObject(all, "words");
	cJSON_Delete(all);
}

/* The beginning that all words have in common. */
static size_t
common(const cJSON *words, const char **first)
{
	const cJSON *row;
	size_t len = 0;

	*first = NULL;
	cJSON_ArrayForEach(row, words)
	{
		const char *word = text_of(row, "word");
		size_t i = 0;

		if (*first == NULL) {
			*first = word;
			len = strlen(word);
		}
		while (i < len && word[i] == (*first)[i])
			i++;
		len = i;
	}
	return len;
}

/* Something to be added to the line behind its last word? */
static bool
extend(const struct prompt *p, const char *buf, char *dst, unsigned int size)
{
	const char *blank = strrchr(buf, ' ');
	size_t typed = strlen(blank != NULL ? blank + 1 : buf);
	const char *word;
	size_t len = common(p->words, &word);
	bool whole = cJSON_GetArraySize(p->words) == 1;

	if (word == NULL || (len <= typed && !whole))
		return false;
	snprintf(dst, size, "%.*s%s", (int)(len - typed), word + typed, whole ? " " : "");
	return true;
}

/* rdline's: 2 when @p dst goes to the line, 1 for a choice to be shown, 0 for no more. */
static int
on_complete(struct rdline *rdl, const char *buf, char *dst, unsigned int size, int *state)
{
	struct prompt *p = rdline_get_opaque(rdl);
	const cJSON *row;

	if (*state <= 0) {
		ask_words(p, buf);
		if (*state == 0 && extend(p, buf, dst, size))
			return 2;
		*state = 0;
	}
	row = cJSON_GetArrayItem(p->words, *state);
	if (row == NULL)
		return 0;
	++*state;
	snprintf(dst, size, "%-14s %s", text_of(row, "word"), text_of(row, "help"));
	return 1;
}

static void
typed(struct prompt *p, char c)
{
	int rc = rdline_char_in(p->rdl, c);

	if (rc == RDLINE_RES_VALIDATED && !p->ended)
		rdline_newline(p->rdl, PROMPT);
	else if (rc == RDLINE_RES_EOF || rc == RDLINE_RES_EXITED)
		p->ended = true;
}

/* ---- from a file or a pipe ---- */

static void
came(struct prompt *p, char c)
{
	if (c != '\n' && p->len + 1 < sizeof(p->line)) {
		p->line[p->len++] = c;
		return;
	}
	p->line[p->len] = '\0';
	p->len = 0;
	command(p, p->line);
}

static void
loop(struct prompt *p, int stop_fd, void (*take)(struct prompt *p, char c))
{
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = stop_fd, .events = POLLIN},
	};
	char bytes[256];
	ssize_t i, n;

	while (!p->ended) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents != 0)
			return;
		if (fds[0].revents == 0)
			continue;
		n = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (n <= 0)
			return;
		for (i = 0; i < n && !p->ended; i++)
			take(p, bytes[i]);
	}
}

/* Characters one by one and without echo; signals stay as they are. */
static void
on_terminal(struct prompt *p, int stop_fd)
{
	struct termios was, raw;

	p->rdl = rdline_new(on_char, on_line, on_complete, p);
	if (p->rdl == NULL || tcgetattr(STDIN_FILENO, &was) != 0)
		return;
	raw = was;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	rdline_newline(p->rdl, PROMPT);
	loop(p, stop_fd, typed);
	tcsetattr(STDIN_FILENO, TCSANOW, &was);
	on_char(p->rdl, '\n');
	rdline_free(p->rdl);
}

int
prompt_run(const char *path, int stop_fd)
{
	struct prompt p = {.path = path, .fd = client_open(path)};

	if (p.fd < 0) {
		fprintf(stderr, "nobody listens at %s: %s\n", path, strerror(errno));
		return 1;
	}
	if (isatty(STDIN_FILENO))
		on_terminal(&p, stop_fd);
	else
		loop(&p, stop_fd, came);
	cJSON_Delete(p.words);
	if (p.fd >= 0)
		close(p.fd);
	return p.status;
}
