# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Plots by gnuplot, each as SVG and PNG, in build/bench."""
import shutil
import subprocess

from bench import OUT

SIZE = (720, 420)
COLOURS = ("#1b6ca8", "#e07b39", "#4a9d5b", "#8d5aa8", "#7a7a7a")
HEAD = """
set output '{output}'
set title '{title}'
set ylabel '{ylabel}'
set xlabel '{xlabel}'
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
set key outside bottom center horizontal
"""


def draw(name, script):
    """Run a script for both kinds of file."""
    if shutil.which("gnuplot") is None:
        print(f"no plot {name}: gnuplot is missing (scripts/setup.sh bench installs it)")
        return
    width, height = SIZE
    for kind, terminal in (("svg", f"svg size {width},{height} font 'sans-serif,12'"),
                           ("png", f"pngcairo size {width},{height} font 'sans,11'")):
        text = f"set terminal {terminal}\n" + script(OUT / f"{name}.{kind}")
        subprocess.run(["gnuplot"], input=text, text=True, check=True)


def quoted(text):
    return str(text).replace("'", "")


def bars(name, title, ylabel, categories, series):
    """series: {label: a value for each category, or None}"""
    def script(output):
        rows = [" ".join([f'"{quoted(category)}"'] + [
            "NaN" if values[i] is None else f"{values[i]:.6g}" for values in series.values()])
            for i, category in enumerate(categories)]
        data = "$data << EOD\n" + "\n".join(rows) + "\nEOD\n"
        parts = [f"$data using {i + 2}:xtic(1) title '{quoted(label)}' lc rgb '{COLOURS[i]}'"
                 for i, label in enumerate(series)]
        return (data + HEAD.format(output=output, title=quoted(title), ylabel=quoted(ylabel),
                                   xlabel="") +
                "set style data histograms\nset style fill solid 0.9\nset boxwidth 0.9\n"
                "set yrange [0:*]\nplot " + ", ".join(parts) + "\n")

    draw(name, script)


def lines(name, title, xlabel, ylabel, series, logarithmic="", tics=None):
    """series: {label: [(x, y), ...]}; tics: {x: text}"""
    def script(output):
        data, parts = "", []
        for i, (label, points) in enumerate(series.items()):
            rows = "\n".join(f"{x:.6g} {y:.6g}" for x, y in points)
            data += f"$data{i} << EOD\n{rows}\nEOD\n"
            parts.append(f"$data{i} using 1:2 with linespoints pt 7 ps 0.7 lw 2 "
                         f"lc rgb '{COLOURS[i % len(COLOURS)]}' title '{quoted(label)}'")
        more = f"set logscale {logarithmic}\n" if logarithmic else ""
        if "y" not in logarithmic:
            more += "set yrange [0:*]\n"
        if tics:
            words = ", ".join(f"'{quoted(text)}' {x:.6g}" for x, text in tics.items())
            more += f"set xtics ({words})\n"
        return (data + HEAD.format(output=output, title=quoted(title), ylabel=quoted(ylabel),
                                   xlabel=quoted(xlabel)) + more + "plot " + ", ".join(parts) +
                "\n")

    draw(name, script)
