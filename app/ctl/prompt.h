/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PROMPT_H
#define PROMPT_H

/**
 * @file
 * The prompt: lines edited by librte_cmdline, understood by whoever listens at the
 * control socket. It knows no command itself; completion and help are asked for too.
 */

/**
 * Read commands from standard input until it ends, `quit` was said, or something can
 * be read from @p stop_fd (-1: nothing). From a terminal with a prompt, else line by line.
 * @return 0, or 1: a command was refused, or nobody answers any more
 */
int prompt_run(const char *path, int stop_fd);

#endif
