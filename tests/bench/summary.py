# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""The rows of the last run that have a target: reached or not."""
import json

import bench


def main():
    path = bench.OUT / "results.json"
    rows = json.loads(path.read_text()) if path.exists() else []
    results = bench.Results("summary")
    for row in rows:
        if row["target"] is not None or row.get("why"):
            results.rows.append({**row, "case": f"{row['bench']}: {row['case']}"})
    if results.rows:
        print("targets")
        results.print_table()
        print(f"a cache line takes {bench.core_to_core_ns()} ns from core 0 to core 1")


if __name__ == "__main__":
    main()
