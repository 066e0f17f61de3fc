"""docs/scale.md: its examples give the verdicts of one call, and it shows what stands in their files."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ulmfit_demo import limits, load

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
REVIEWS = EXAMPLES / "reviews.txt"
DOC = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+) (docs/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_INSTALLED = "{} is not installed: pip install '.[scale]'"


@pytest.mark.parametrize("engine", ["ray", "spark"])
def test_many_workers_give_the_verdicts_of_one_call(engine, tmp_path):
    package = {"ray": "ray", "spark": "pyspark"}[engine]
    if importlib.util.find_spec(package) is None:
        pytest.skip(NOT_INSTALLED.format(package))
    if engine == "spark" and not shutil.which("java"):
        pytest.skip("Spark needs Java: apt-get install default-jre-headless")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    done = subprocess.run(
        [
            *(sys.executable, str(EXAMPLES / f"many_reviews_{engine}.py")),
            *(str(REVIEWS), str(tmp_path / "verdicts"), "--workers", "2"),
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=220,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    lines = [
        line
        for file in (tmp_path / "verdicts").rglob("*.json")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    found = sorted(map(json.loads, lines), key=lambda row: row["text"])
    texts = sorted(t for t in REVIEWS.read_text(encoding="utf-8").split("\n") if t.strip())
    assert [row.pop("text") for row in found] == texts
    scores = [row.pop("score") for row in found]
    expected = load().classify(texts)
    assert scores == pytest.approx([row.pop("score") for row in expected], abs=1e-5)
    assert found == expected  # label and unsure


def test_the_document_shows_what_stands_in_the_files():
    blocks = BLOCK.findall(DOC)
    assert {Path(name).name for _, name, _ in blocks} == {
        *("many_reviews_ray.py", "many_reviews_spark.py", "nginx.conf")
    }
    for _, name, text in blocks:
        assert text in (ROOT / name).read_text(encoding="utf-8"), name


def test_nginx_takes_the_bodies_that_the_app_takes():
    most = re.search(r"client_max_body_size (\d+)m;", (EXAMPLES / "nginx.conf").read_text())
    assert int(most[1]) * 2**20 >= max(limits.BODY_BYTES, limits.CSV_BYTES)
