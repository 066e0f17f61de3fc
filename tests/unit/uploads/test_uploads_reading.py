"""Uploads: every dialect, encoding and header gives the texts that stand in the file."""

import csv
import io
import json
from pathlib import Path

import pandas
import pytest

from ulmfit_demo import limits, uploads
from ulmfit_demo.uploads import names

CASES = {c["id"]: c for c in json.loads((Path("tests") / "cases" / "uploads.json").read_text())}
TEXTS = [
    i for i, c in CASES.items() if isinstance(c["right"], list) and "no words" not in c["right"]
]


def read(folder: Path, data: str | bytes, name: str = "reviews.csv") -> uploads.Upload:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return uploads.read(path)


def texts(upload: uploads.Upload, column: str | None = None) -> list[str]:
    return upload.texts(upload.column(column))


@pytest.mark.parametrize("case", TEXTS)
def test_the_texts_are_found(tmp_path, case):
    if CASES[case].get("file"):
        assert (
            texts(read(tmp_path, CASES[case]["input"], CASES[case]["file"])) == CASES[case]["right"]
        )


def test_lines_are_cut_at_line_breaks_only():
    case = CASES["csv-txt-nel"]
    assert texts(uploads.pasted(case["input"])) == case["right"]
    assert uploads.lines("a\rb\r\nc\nd\u2028e\n\n \n") == ["a", "b", "c", "d\u2028e"]


ODD = [
    "plain",
    'with "quotes"',
    "comma, semicolon; tab\t pipe|",
    'two\n"lines"',
    "=1+1",
    "é “ü” ’",
    "",
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_dialect_reads_as_pandas_reads_it_when_told(
    tmp_path, delimiter, end, quoting, encoding
):
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(["id", "Review Text", "label"])
    writer.writerows([str(i), text, "1"] for i, text in enumerate(ODD))
    data = written.getvalue().encode(encoding)
    told = pandas.read_csv(
        io.BytesIO(data), sep=delimiter, dtype=str, keep_default_na=False, encoding=encoding
    )
    found = read(tmp_path, data)
    assert found.columns == tuple(told.columns)
    assert [list(row) for row in found.rows] == told.values.tolist()
    assert texts(found) == ODD
    assert found.delimiter == delimiter


@pytest.mark.parametrize(
    ("name", "known"),
    [(n, True) for n in ("text", "TEXT", "Review", "comment", "Comments", "sentence", "content")]
    + [(n, True) for n in ("body", "tweet", "review_text", "reviewText", "reviews.text")]
    + [
        (n, True)
        for n in ("review_body", "Review Text", " text ", "REVIEW_TEXT", "tweets", "reViEw")
    ]
    + [
        (n, False)
        for n in ("review_id", "text_length", "title", "label", "date_of_review", "texture")
    ]
    + [(n, False) for n in ("A fine text", "text!", "", "review 5", "text, review")],
)
def test_names_of_columns(name, known):
    assert names.is_review_name(name) is known


@pytest.mark.parametrize(
    ("text", "number"),
    [(t, True) for t in ("-5", "+1.5", "1,204", "2e-3", "-40%", "-.5")]
    + [(t, False) for t in ("-5 stars", "=1+1", "+1-555", "-", "1e")],
)
def test_plain_numbers(text, number):
    assert names.is_number(text) is number


def test_the_visitor_chooses_where_several_columns_could_be_meant(tmp_path):
    found = read(tmp_path, "text,Comment,id\nwarm,dull,1\n")
    assert found.candidates == [0, 1]
    with pytest.raises(
        limits.Refused, match="Several columns could hold the reviews: “text”, “Comm"
    ):
        found.column()
    assert texts(found, "Comment") == texts(found, "comment ") == ["dull"]
    assert texts(found, "id") == ["1"]
    with pytest.raises(limits.Refused, match="no column “x”"):
        found.column("x")


def test_the_visitor_chooses_where_no_column_has_a_known_name(tmp_path):
    found = read(tmp_path, "Nr;Kritik\n1;Gut, ja\n2;Nein\n")
    with pytest.raises(limits.Refused, match="Choose one: “Nr”, “Kritik”"):
        found.column()
    assert texts(found, "Kritik") == ["Gut, ja", "Nein"]
    assert found.example(1) == "Gut, ja"


def test_columns_of_one_name_and_of_none_can_be_told_apart(tmp_path):
    found = read(tmp_path, "text,,text\na,b,c\n")
    assert found.labels == ("text", "column 2", "text (column 3)")
    assert texts(found, "text (column 3)") == ["c"]
    assert found.columns == ("text", "", "text")


def test_a_table_without_a_header_loses_no_row(tmp_path):
    found = read(tmp_path, '0,1467,"Mon","a, warm film"\n4,1468,"Tue","a dull one"\n')
    assert not found.has_header
    assert texts(found, "column 4") == ["a, warm film", "a dull one"]


def test_one_column_has_a_header_only_by_its_name(tmp_path):
    assert texts(read(tmp_path, "Comments\nGood\n")) == ["Good"]
    assert texts(read(tmp_path, "Great\nGood\n")) == ["Great", "Good"]
    assert texts(read(tmp_path, "text\nGood\n", "a.txt")) == ["text", "Good"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("text\nqué\nbad ".encode() + b"\xff\n", r"row 2 \(line 3 of the file\) has the byte 0xFF"),
        (b'text,id\n"two\nlines",1\nbad \x9d\xff,2\n', r"row 2 \(line 4 of the file\)"),
        ("text\nок и да\n".encode("cp1251"), "row 1 .line 2 of the file. has the byte"),
        ("text\nbyło źle\n".encode("cp1250"), "no CSV in UTF-8: row 1"),
        ("text\ncafé\n".encode("mac-roman"), "no CSV in UTF-8: row 1"),
        ("text\n映画は良い\n".encode("shift-jis"), "no CSV in UTF-8: row 1"),
        ("text\na film\n".encode("utf-16-le"), "byte 0x00"),
        (b"PK\x03\x04\x00\x00\x80\x99", "no CSV in UTF-8"),
        ("text,label\nwarm, clever,1\n", "Row 1 has 3 cells, more than the 2"),
        ('text,label\n"never, closed\n', "no CSV, line 2: unexpected end of data"),
        ("text" + ",a" * limits.COLUMNS + "\n", "201 columns"),
        ("text\n" + "a\n" * (limits.ROWS + 1), "5,001 rows"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, data, words):
    with pytest.raises(limits.Refused, match=words):
        read(tmp_path, data)


@pytest.mark.parametrize(
    "text", ["Un café, où l’on rit.", "It’s “naïve” – 5 £, 100 °C…", "Größe: ½ Maß"]
)
def test_western_text_in_windows_1252_is_read(tmp_path, text):
    found = read(tmp_path, f'text,id\n"{text}",1\n'.encode("cp1252"))
    assert texts(found) == [text]
    assert found.encoding == "Windows-1252"


def test_a_row_that_is_too_long_is_named(tmp_path):
    found = read(tmp_path, "text\n" + "x" * (limits.TEXT_CHARACTERS + 1))
    with pytest.raises(limits.Refused, match="Row 1 has 20,001"):
        texts(found)


@pytest.mark.parametrize("data", ["", "\n \n", "text\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_review_has_no_rows(tmp_path, data):
    assert texts(read(tmp_path, data)) == []
