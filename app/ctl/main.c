/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * pagewire-ctl: commands for a running pagewire.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client.h"
#include "prompt.h"

enum {
	STATUS_OK = 0,
	STATUS_REFUSED = 1,
	STATUS_USAGE = 2,
};

#define LINE_ROOM 1024

static const char usage[] =
	"usage: pagewire-ctl [--socket PATH | --file-prefix NAME] [COMMAND [--json]]\n"
	"\n"
	"Ask a running pagewire, or tell it something. Without a command: a prompt, or,\n"
	"where standard input is no terminal, the commands in its lines.\n"
	"\n"
	"  --socket PATH       the control socket, as given to pagewire by --control\n"
	"  --file-prefix NAME  or the --file-prefix that pagewire was given [rte]\n"
	"  --json              answer in JSON\n"
	"  --plot FILE         write a drawing (SVG): behind 'trace connection ID'\n"
	"  --help, --version\n"
	"\n"
	"'pagewire-ctl help' lists the commands.\n"
	"\n"
	"Exit status: 0 done, 1 refused by pagewire, 2 wrong usage or nobody listens.\n";

/* Where DPDK keeps what belongs to a running program. */
static void
default_path(char *path, size_t room, const char *prefix)
{
	const char *dir = "/var/run";

	if (getuid() != 0) {
		dir = getenv("XDG_RUNTIME_DIR");
		if (dir == NULL)
			dir = "/tmp";
	}
	snprintf(path, room, "%s/dpdk/%s/pagewire.sock", dir, prefix);
}

static int
show(const struct client_answer *answer, const char *plot)
{
	if (answer->ok && *plot != '\0')
		return client_write_plot(plot, answer) ? STATUS_OK : STATUS_REFUSED;
	fwrite(answer->text, 1, answer->len, answer->ok ? stdout : stderr);
	return answer->ok ? STATUS_OK : STATUS_REFUSED;
}

static int
ask_once(const char *path, char line[LINE_ROOM])
{
	struct client_answer answer;
	char plot[LINE_ROOM];
	int fd, status;

	if (!client_take_plot(line, LINE_ROOM, plot, sizeof(plot)))
		return STATUS_USAGE;
	fd = client_open(path);

	if (fd < 0) {
		fprintf(stderr,
			"pagewire-ctl: nobody listens at %s: %s; see --socket and --file-prefix\n",
			path, strerror(errno));
		return STATUS_USAGE;
	}
	if (client_ask(fd, line, &answer) != 0) {
		fprintf(stderr, "pagewire-ctl: no answer from %s\n", path);
		close(fd);
		return STATUS_REFUSED;
	}
	status = show(&answer, plot);
	free(answer.text);
	close(fd);
	return status;
}

/* The words as one line. @return false: it is too long */
static bool
join(char line[LINE_ROOM], char **words, int n)
{
	size_t len = 0;
	int i;

	for (i = 0; i < n && len < LINE_ROOM; i++)
		len += (size_t)snprintf(
			line + len, LINE_ROOM - len, "%s%s", i > 0 ? " " : "", words[i]);
	return len < LINE_ROOM;
}

static int
refuse(const char *word, const char *what)
{
	fprintf(stderr, "pagewire-ctl: '%s' %s; see --help\n", word, what);
	return STATUS_USAGE;
}

int
main(int argc, char **argv)
{
	char path[256];
	char line[LINE_ROOM] = "";
	int i;

	default_path(path, sizeof(path), "rte");
	for (i = 1; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--json") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return fputs(usage, stdout) < 0;
		if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0)
			return puts("pagewire-ctl " PW_VERSION) < 0;
		if (i + 1 == argc)
			return refuse(argv[i], "is unknown, or lacks its value");
		if (strcmp(argv[i], "--socket") == 0)
			snprintf(path, sizeof(path), "%s", argv[++i]);
		else if (strcmp(argv[i], "--file-prefix") == 0)
			default_path(path, sizeof(path), argv[++i]);
		else
			return refuse(argv[i], "is unknown");
	}
	if (i == argc)
		return prompt_run(path, -1);
	if (!join(line, argv + i, argc - i))
		return refuse(argv[i], "begins a command that is too long");
	return ask_once(path, line);
}
