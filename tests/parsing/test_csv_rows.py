"""CSV as reports have it: rows of cells, whatever the line ends, quotes and header look like."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_gladly.parsing.csv_rows import is_text, iter_csv, name_columns


def read(body: bytes) -> list[list[str]]:
    """Read a body as a file gives it."""
    return list(iter_csv(io.BytesIO(body)))


@pytest.mark.parametrize(
    "body",
    [
        b"A,B\n1,2\n",
        b"A,B\r\n1,2\r\n",
        b"A,B\r1,2\r",
        b"A,B\r\n1,2",
        b"\xef\xbb\xbfA,B\r\n1,2\r\n",
        b'\xef\xbb\xbf"A","B"\r\n"1",2\r\n',
        b"\r\n \r\n\nA,B\r\n\r\n1,2\r\n,\r\n\n",
    ],
)
def test_iter_csv_reads_what_is_there(body: bytes) -> None:
    """Line ends, a byte-order mark, quotes, and rows without text make no difference."""
    assert read(body) == [["A", "B"], ["1", "2"]]


def test_iter_csv_keeps_what_stands_in_quotes() -> None:
    """Commas, quotes and line breaks of any kind are text there."""
    body = b'Note,B\r\n"one, ""two""\r\nthree\nfour\rfive\n\n,six",\r\n\xe2\x80\xa8\xc2\x85,x\r\n'

    assert read(body) == [
        ["Note", "B"],
        ['one, "two"\r\nthree\nfour\rfive\n\n,six', ""],
        ["\u2028\u0085", "x"],
    ]


def test_iter_csv_leaves_ragged_rows_as_they_are() -> None:
    """A row may have fewer or more cells than the header."""
    assert read(b"A,B\n1\n1,2,3\n") == [["A", "B"], ["1"], ["1", "2", "3"]]


def test_iter_csv_takes_a_quote_inside_a_cell_as_text() -> None:
    """Only a cell that begins with a quote is a quoted one."""
    assert read(b'A,B\n5" pipe,2\n') == [["A", "B"], ['5" pipe', "2"]]


def test_iter_csv_replaces_what_is_no_text() -> None:
    """Bytes that are no UTF-8, and NUL, become U+FFFD."""
    assert read(b"A\n\xff\n\0\n") == [["A"], ["\ufffd"], ["\ufffd"]]


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\n\n  \n,,\n", b"\xef\xbb\xbf"])
def test_iter_csv_finds_nothing_in_an_empty_body(body: bytes) -> None:
    """There is not even a header."""
    assert read(body) == []


@pytest.mark.parametrize("body", [b'A,B\n1,"2', b'A,B\n1,"2\n3,4\n', b'"'])
def test_iter_csv_refuses_a_body_that_ends_inside_quotes(body: bytes) -> None:
    """That is how a transfer looks that was cut unnoticed."""
    with pytest.raises(ValueError, match="ends inside quotes"):
        read(body)


def test_iter_csv_refuses_a_cell_beyond_all_bounds() -> None:
    """A quote that is never closed does not fill the memory."""
    with pytest.raises(ValueError, match="a cell beyond all bounds"):
        read(b'A\n"' + b"text \n" * 3_000_000)


def test_iter_csv_reads_long_cells() -> None:
    """A cell may be longer than the 131,072 characters that Python allows by default."""
    assert read(b"A\n" + 200_000 * b"x")[1] == [200_000 * "x"]


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"))


@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=5), end=st.sampled_from(["\n", "\r\n"]))
def test_iter_csv_reads_back_what_was_written(rows: list[list[str]], end: str) -> None:
    """Any text in quotes comes back as it was."""
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]

    assert read(end.join(lines).encode()) == [row for row in rows if any(cell.strip() for cell in row)]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Timestamp", "timestamp"),
        ("  Fulfilled by Contact ID ", "fulfilled_by_contact_id"),
        ("Assigned Agent ID - Current", "assigned_agent_id_current"),
        ("Created-to-First Closed Time in seconds", "created_to_first_closed_time_in_seconds"),
        ("Duration (mins)", "duration_mins"),
        ("Role(s)", "role_s"),
        ("Billable Resolution (Y/N)", "billable_resolution_y_n"),
        ("contact_session_id", "contact_session_id"),
        ("\ufeffTopics", "topics"),
    ],
)
def test_name_columns_makes_names_for_databases(header: str, column: str) -> None:
    """Small letters, digits, and one underscore for all else between them."""
    assert name_columns([header]) == [column]


def test_name_columns_makes_each_name_once() -> None:
    """A name that comes again is numbered, and one that is none says where it stands."""
    names = ["Topic", "topic ", "Topic 2", "", "?", "TOPIC"]

    assert name_columns(names) == ["topic", "topic_2", "topic_2_2", "column_4", "column_5", "topic_3"]


@pytest.mark.parametrize(
    "body",
    [b"service unavailable", b"Sorry, please try again later.\n", b"No report, try again\n", b"Too late!"],
)
def test_is_prose_knows_a_sentence(body: bytes) -> None:
    """Also one with commas."""
    assert is_text(read(body)[0])


@pytest.mark.parametrize("body", [b"Timestamp, Contact ID , Topics\n", b"id, agent_id\n", b"URL,Chats\n"])
def test_is_prose_leaves_headers_alone(body: bytes) -> None:
    """Padded ones, too."""
    assert not is_text(read(body)[0])
