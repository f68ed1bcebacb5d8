"""Write the results as tables and plots."""

import math
import os
import platform
from importlib.metadata import PackageNotFoundError, version

METHODS = {"fit": "fit", "transform": "transform", "single": "one sample"}


def tables(results):
    """Return the tables of the measured sections in Markdown."""
    makers = {
        "networks": _networks,
        "search": _search,
        "seq2seq": _seq2seq,
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
    for case, methods in cases.items():
        for method, title in METHODS.items():
            times = methods[method]
            per = 100 if method == "single" else 1
            cells = [_seconds(times["Skseqae"] / per)]
            for peer in ("Keras", "Torch"):
                ratio = times["Skseqae"] / times[peer] if peer in times else math.nan
                logs.setdefault((method, peer), []).append(math.log(ratio))
                cells += [_seconds(times[peer] / per), f"{ratio:.2f}"] if peer in times else ["", ""]
            lines.append(f"| {case} | {title} | {' | '.join(cells)} |")
    for method, title in METHODS.items():
        means = [f"{math.exp(sum(logs[method, peer]) / len(logs[method, peer])):.2f}" for peer in ("Keras", "Torch")]
        lines.append(f"| **geometric mean** | {title} | | | **{means[0]}** | | **{means[1]}** |")
    return "\n".join(["### Comparison with the tutorials' network in Keras and with PyTorch", "", *lines])


def _search(times):
    title = "### Grid search of 12 candidates and 3 folds on the Japanese Vowels, 20 epochs"
    return _pair(title, times["first"], "Search")


def _seq2seq(times):
    title = "### Reversing the first three of six numbers: 100,000 samples, one epoch, and 1,000 samples decoded"
    return _pair(title, times["first"], "Seq2Seq")


def _pair(title, times, task):
    skseqae, keras = times[f"Skseqae{task}"], times.get(f"Keras{task}", math.nan)
    return f"{title}\n\nskseqae {_seconds(skseqae)}, Keras {_seconds(keras)}: ratio {skseqae / keras:.2f}."


def _first(times):
    cases = ", ".join(f"{case} {_seconds(seconds)}" for case, seconds in times.items())
    return f"### First fit of a process, after imports, 20 samples of about 10 timesteps\n\n{cases}."


def _memory(megabytes):
    grown = megabytes["after each new architecture"]
    later = (grown[-1] - grown[len(grown) // 2]) / max(1, len(grown) - 1 - len(grown) // 2)
    return (
        f"### Memory\n\nThe process grows by {megabytes['per fit']:.3f} MB per fit. {len(grown)} consecutive "
        f"architectures take {grown[-1] - grown[0]:.0f} MB; each architecture of the second half takes {later:.1f} MB."
    )


def _seconds(seconds):
    return f"{1000 * seconds:.2g} ms" if seconds < 0.1 else f"{seconds:.3g} s"


def draw(results, folder):
    """Plot the times against the growing quantities."""
    if "growth" not in results:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 5.5), layout="constrained")
    axes = figure.subplots(2, len(results["growth"]), sharey="row")
    for column, (quantity, points) in zip(axes.T, results["growth"].items(), strict=True):
        for ax, method in zip(column, ("fit", "transform"), strict=True):
            for peer, name, colour in (("Skseqae", "skseqae", "#0072B2"), ("Torch", "PyTorch", "#D55E00")):
                seconds = [times[method].get(peer, math.nan) for _, times in points]
                ax.loglog([size for size, _ in points], seconds, "o-", color=colour, label=name)
            sizes = [size for size, _ in points]
            ax.set_xticks(sizes, map(str, sizes))
            ax.minorticks_off()
            ax.set_xlabel(quantity)
            ax.grid(alpha=0.3)
    axes[0, 0].set_ylabel("fit, one epoch (s)")
    axes[1, 0].set_ylabel("transform (s)")
    axes[0, 0].legend()
    figure.suptitle("1,000 samples of 50 timesteps, 8 features, 64 units, batches of 32; one quantity varies per panel")
    figure.savefig(folder / "growth.png", dpi=110)
