"""The file with the verdicts: every column of the upload, in its order, and the guard undone."""

import csv
import io

import pandas
import pytest

from ulmfit_demo import uploads
from ulmfit_demo.uploads import result

DANGEROUS = ["=1+1 nice", "+1 great", "-5 stars. Awful.", "@me good", "\tx", "'=1", "''+a", "＝1"]
HARMLESS = ["fine", "'tis good", "-5", "+1.5", "-1,204.50", "-3%", "a=b", "", "'", "5-1"]


def table(data: str) -> uploads.Upload:
    rows = [tuple(row) for row in csv.reader(io.StringIO(data, newline=""))]
    return uploads.Upload(rows[0], tuple(rows[1:]), ",", "UTF-8", True)


@pytest.mark.parametrize("cell", DANGEROUS + HARMLESS)
def test_the_guard_can_be_undone(cell):
    guarded = uploads.guard(cell)
    assert uploads.unguard(guarded) == cell
    assert (guarded == "'" + cell) is (cell in DANGEROUS)
    assert guarded[:1] not in "=@\t＝" or not cell


def undone(path) -> list[dict]:
    """The file's rows, the guard taken off as the file says: a program that knows no rule of ours."""
    with path.open(newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    for row in rows:
        for name in filter(None, row.get(result.GUARDED, "").split(" | ")):
            row[name] = row[name][1:]
    return rows


def test_the_file_says_how_to_undo_the_guard(tmp_path):
    texts = DANGEROUS + HARMLESS
    rows = tuple((str(i), text, f"={i}" if i % 2 else "x") for i, text in enumerate(texts))
    upload = uploads.Upload(("id", "text", "note"), rows, ",", "UTF-8", True)
    n = uploads.write(tmp_path / "a.csv", upload, ["positive"] * len(rows), [0.9] * len(rows))
    assert n == len(DANGEROUS) + len(rows) // 2
    found = undone(tmp_path / "a.csv")
    assert [(r["id"], r["text"], r["note"]) for r in found] == list(rows)
    assert {r["verdict"] for r in found} == {"positive"}


def test_a_file_without_a_formula_has_no_column_about_it(tmp_path):
    upload = table("text,delta\nwarm,-5\n")
    assert uploads.write(tmp_path / "a.csv", upload, ["negative"], [0.1]) == 0
    rows = list(csv.reader((tmp_path / "a.csv").open(newline="")))
    assert rows == [["text", "delta", "verdict", "positive"], ["warm", "-5", "negative", "0.1000"]]


def test_our_columns_give_way_to_theirs(tmp_path):
    upload = table("text,Verdict,positive,ulmfit_positive\nwarm,a,b,c\n,d,e,f\n")
    uploads.write(tmp_path / "a.csv", upload, ["not sure", "no words"], [0.5, None])
    rows = list(csv.reader((tmp_path / "a.csv").open(newline="")))
    assert rows[0] == [*upload.columns, "ulmfit_verdict", "ulmfit_positive_2"]
    assert rows[1] == ["warm", "a", "b", "c", "not sure", "0.5000"]
    assert rows[2] == ["", "d", "e", "f", "no words", ""]


def test_it_joins_to_the_upload(tmp_path):
    data = 'id,review\n7,"two\nlines, ok"\n3,\n9,=x\n'
    (tmp_path / "in.csv").write_text(data)
    upload = uploads.read(tmp_path / "in.csv")
    uploads.write(
        tmp_path / "out.csv", upload, ["positive", "no words", "negative"], [0.9, None, 0.2]
    )
    theirs, ours = (pandas.read_csv(tmp_path / f"{n}.csv") for n in ("in", "out"))
    joined = theirs.merge(ours, on="id", how="left", suffixes=("", "_out"))
    assert joined["verdict"].tolist() == ["positive", "no words", "negative"]
    assert list(ours.columns[:2]) == list(theirs.columns)
