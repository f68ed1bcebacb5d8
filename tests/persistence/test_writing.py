"""`save` replaces a file in one step: after any failure the old file is there, and no other."""

import os
import stat
from pathlib import Path

import pytest

from skseqae import export_onnx, load, save
from tests.persistence.cases import assert_same, run, state


def test_a_new_file_has_default_permissions_and_a_replaced_one_keeps_its_own(fitted, tmp_path):
    path, plain = tmp_path / "file", tmp_path / "plain"
    before = os.umask(0o027)
    try:
        save(fitted("autoencoder"), path)
        plain.touch()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode) == 0o640
    path.chmod(0o604)
    save(fitted("autoencoder"), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_the_target_of_a_link_is_replaced(fitted, tmp_path):
    (tmp_path / "folder").mkdir()
    link, path = tmp_path / "link", tmp_path / "folder" / "file"
    link.symlink_to(path)
    save(fitted("autoencoder"), str(link))
    assert link.is_symlink()
    assert_same(state(load(path)), state(fitted("autoencoder")))
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_a_tilde_is_the_home_folder(fitted, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path.parent)
    save(fitted("autoencoder"), "~/model.skseqae")
    assert [each.name for each in tmp_path.iterdir()] == ["model.skseqae"]
    for path in ("~/model.skseqae", Path("~/model.skseqae")):
        assert_same(state(load(path)), state(fitted("autoencoder")))
    export_onnx(fitted("autoencoder"), "~/model.onnx", outputs=["encodings"])
    assert (tmp_path / "model.onnx").exists()
    with pytest.raises(FileNotFoundError, match="other.skseqae"):
        load("~/other.skseqae")


def test_only_regular_files_are_replaced(fitted, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(FileExistsError, match="exists and is not a regular file"):
            save(fitted("autoencoder"), path)
    with pytest.raises(FileNotFoundError, match="cannot be written: there is no folder"):
        save(fitted("autoencoder"), tmp_path / "no folder" / "file")
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("step", ["os.fsync", "os.replace", "os.chmod"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_after_an_error_the_old_file_is_unchanged_and_no_other_is_left(step, error, fitted, tmp_path, monkeypatch):
    def fail(*arguments):
        raise error("simulated")

    path = tmp_path / "file"
    save(fitted("autoencoder"), path)
    before = path.read_bytes()
    monkeypatch.setattr(f"skseqae.runtime._atomic_write.{step}", fail)
    with pytest.raises(error):
        save(fitted("number targets"), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


SAVE_TO_FULL_DISK = """
import os, resource, signal, sys
import skseqae

old, new, path = sys.argv[1:]
estimator = skseqae.load(new)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for limit in (0, 100, 4096, os.path.getsize(new) - 1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        skseqae.save(estimator, path)
    except OSError:
        print("OSError")
"""


def test_on_a_full_disk_the_old_file_is_unchanged_and_no_other_is_left(saved, tmp_path):
    old, new, path = tmp_path / "old", tmp_path / "new", tmp_path / "file"
    old.write_bytes(saved("autoencoder"))
    path.write_bytes(saved("autoencoder"))
    new.write_bytes(saved("number targets"))
    assert run(SAVE_TO_FULL_DISK, old, new, path) == "OSError\n" * 4
    assert path.read_bytes() == old.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "new", "old"]


KILL_WHILE_SAVING = """
import os, random, signal, sys, time
import skseqae

one, other, path, n_times = sys.argv[1:]
estimators = [skseqae.load(one), skseqae.load(other)]
contents = [open(name, "rb").read() for name in (one, other)]
random.seed(0)
for _ in range(2):
    start = time.perf_counter()
    skseqae.save(estimators[0], path)
    duration = time.perf_counter() - start
found, n_left = [0, 0], 0
for _ in range(int(n_times)):
    child = os.fork()
    if not child:
        while True:
            for estimator in estimators:
                skseqae.save(estimator, path)
    time.sleep(random.uniform(0, 10) * duration)  # measured, because the machine may be busy
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    skseqae.load(path)
    found[contents.index(open(path, "rb").read())] += 1
    left = [name for name in os.listdir(os.path.dirname(path)) if name.endswith(".tmp")]
    n_left += len(left)  # killed while writing
    for name in left:
        os.unlink(os.path.join(os.path.dirname(path), name))
print(*found, n_left)
"""


def test_killed_at_any_time_it_leaves_the_old_file_or_the_new_one(saved, tmp_path):
    one, other, path = tmp_path / "one", tmp_path / "other", tmp_path / "file"
    for copy, name in ((one, "autoencoder"), (other, "number targets"), (path, "autoencoder")):
        copy.write_bytes(saved(name))
    found = list(map(int, run(KILL_WHILE_SAVING, one, other, path, 20).split()))
    assert found[0] + found[1] == 20
    assert min(found[:2]) > 0
