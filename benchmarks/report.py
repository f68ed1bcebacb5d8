"""What was measured, as tables and plots."""

import math
import os
import platform
from importlib.metadata import PackageNotFoundError, version

VERBS = {"fit": "fit", "transform": "transform", "single": "one sample"}


def tables(results):
    """Return the tables of the sections that there are, in Markdown."""
    makers = {
        "networks": _networks,
        "search": _search,
        "speller": _speller,
        "first": _first,
        "memory": _memory,
    }
    parts = [_machine(), *(maker(results[name]) for name, maker in makers.items() if name in results)]
    return "\n\n".join(parts)


def _machine():
    installed = []
    for name in ("tensorflow", "keras", "scikit-learn", "numpy", "torch"):
        try:
            installed.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return f"{os.cpu_count()} cores ({_processor()}), Python {platform.python_version()}, {', '.join(installed)}."


def _processor():
    with open("/proc/cpuinfo") as file:
        return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))


def _networks(cases):
    lines = ["| case | | skseqae | Keras | ratio | PyTorch | ratio |", "|---|---|---|---|---|---|---|"]
    logs = {}
    for case, verbs in cases.items():
        for verb, title in VERBS.items():
            taken = verbs[verb]
            per = 100 if verb == "single" else 1
            cells = [_seconds(taken["Skseqae"] / per)]
            for peer in ("Keras", "Torch"):
                ratio = taken["Skseqae"] / taken[peer] if peer in taken else math.nan
                logs.setdefault((verb, peer), []).append(math.log(ratio))
                cells += [_seconds(taken[peer] / per), f"{ratio:.2f}"] if peer in taken else ["", ""]
            lines.append(f"| {case} | {title} | {' | '.join(cells)} |")
    for verb, title in VERBS.items():
        means = [f"{math.exp(sum(logs[verb, peer]) / len(logs[verb, peer])):.2f}" for peer in ("Keras", "Torch")]
        lines.append(f"| **geometric mean** | {title} | | | **{means[0]}** | | **{means[1]}** |")
    return "\n".join(["### Beside the tutorials' network in Keras, and beside PyTorch", "", *lines])


def _search(taken):
    return _pair("### A grid of 12 candidates and 3 folds on the Japanese Vowels, 20 epochs", taken["first"], "Search")


def _speller(taken):
    title = "### Six numbers, the first three said backwards: 100,000 samples, one epoch, and 1,000 decoded"
    return _pair(title, taken["first"], "Speller")


def _pair(title, taken, kind):
    ours, theirs = taken[f"Skseqae{kind}"], taken.get(f"Keras{kind}", math.nan)
    return f"{title}\n\nskseqae {_seconds(ours)}, Keras {_seconds(theirs)}: ratio {ours / theirs:.2f}."


def _first(taken):
    said = ", ".join(f"{case} {_seconds(seconds)}" for case, seconds in taken.items())
    return f"### The first fit of a process, imports done, 20 samples of about 10 timesteps\n\n{said}."


def _memory(taken):
    grown = taken["after each new architecture"]
    later = (grown[-1] - grown[len(grown) // 2]) / max(1, len(grown) - 1 - len(grown) // 2)
    return (
        f"### Memory\n\nA fit leaves {taken['a fit']:.3f} MB behind. {len(grown)} architectures one after another take "
        f"{grown[-1] - grown[0]:.0f} MB, and each of the later half {later:.1f} MB."
    )


def _seconds(seconds):
    return f"{1000 * seconds:.2g} ms" if seconds < 0.1 else f"{seconds:.3g} s"


def draw(results, folder):
    """Draw how time grows."""
    if "growth" not in results:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 5.5), layout="constrained")
    axes = figure.subplots(2, len(results["growth"]), sharey="row")
    for column, (what, points) in zip(axes.T, results["growth"].items(), strict=True):
        for ax, verb in zip(column, ("fit", "transform"), strict=True):
            for peer, name, colour in (("Skseqae", "skseqae", "#0072B2"), ("Torch", "PyTorch", "#D55E00")):
                seconds = [taken[verb].get(peer, math.nan) for _, taken in points]
                ax.loglog([size for size, _ in points], seconds, "o-", color=colour, label=name)
            sizes = [size for size, _ in points]
            ax.set_xticks(sizes, map(str, sizes))
            ax.minorticks_off()
            ax.set_xlabel(what)
            ax.grid(alpha=0.3)
    axes[0, 0].set_ylabel("fit, one epoch (s)")
    axes[1, 0].set_ylabel("transform (s)")
    axes[0, 0].legend()
    figure.suptitle("1,000 samples of 50 timesteps, 8 features, 64 units, batches of 32; one of these grows")
    figure.savefig(folder / "growth.png", dpi=110)
