"""The release of a media node, as a machine of the fleet unpacks it."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

from scripts.package_node import stage, write_archive


def test_a_release_starts_a_node_or_a_composer_without_this_repository(tmp_path: Path) -> None:
    staged, unpacked = tmp_path / "staged", tmp_path / "opt/parley"
    stage(staged)
    write_archive(staged, tmp_path / "node.tar.gz")
    with tarfile.open(tmp_path / "node.tar.gz") as packed:
        assert {(one.uid, one.uname) for one in packed.getmembers()} == {(0, "root")}
        packed.extractall(unpacked, filter="data")
    assert os.access(unpacked / "install.sh", os.X_OK)
    # The packages are those of this environment: what is told apart here is where media_node comes from.
    environment = {"PARLEY_PYTHON": sys.executable, "PATH": os.environ["PATH"]}
    for arguments, missing in (
        ((), "PARLEY_JWKS_URL"),
        (("media_node.recording.composer",), "PARLEY_COMPOSITION_QUEUE_URL"),
    ):
        told = subprocess.run(
            [unpacked / "run", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert told.returncode == 2
        assert missing in told.stderr


def test_a_release_holds_no_bytecode_and_no_settings(tmp_path: Path) -> None:
    stage(tmp_path / "staged")
    names = [path.name for path in (tmp_path / "staged").rglob("*")]
    assert "node.py" in names
    assert not any(name.endswith((".pyc", ".env")) or name == "__pycache__" for name in names)
