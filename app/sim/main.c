/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * pagewire-sim: seeds, masks and replays of lib/sim.
 */
#include "app_sim.h"

int
main(int argc, char **argv)
{
	struct settings s;

	if (settings_read(&s, argc, argv) != 0)
		return STATUS_USAGE;
	switch (s.job) {
	case JOB_SEEDS:
		return batch_seeds(&s);
	case JOB_MASKS:
		return batch_masks(&s);
	case JOB_HASH:
		return batch_hash(&s);
	case JOB_REPLAY:
		return replay(&s);
	case JOB_TABLE:
		return table();
	case JOB_VERSION:
		printf("pagewire-sim %s\n", PW_VERSION);
		return STATUS_OK;
	default:
		settings_help(stdout);
		return STATUS_OK;
	}
}
