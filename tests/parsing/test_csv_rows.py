"""Parsing CSV: line ends, quotes, ragged rows and headers."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_gladly.parsing.csv_rows import is_prose, iter_csv, name_columns


def parse(body: bytes) -> list[list[str]]:
    """Parse a body from a binary file."""
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
def test_iter_csv_accepts_any_line_end(body: bytes) -> None:
    """Line ends, a byte-order mark, quotes, and rows without text make no difference."""
    assert parse(body) == [["A", "B"], ["1", "2"]]


def test_iter_csv_keeps_quoted_text() -> None:
    """Commas, quotes and line breaks of any kind are text inside quotes."""
    body = b'Note,B\r\n"one, ""two""\r\nthree\nfour\rfive\n\n,six",\r\n\xe2\x80\xa8\xc2\x85,x\r\n'

    assert parse(body) == [
        ["Note", "B"],
        ['one, "two"\r\nthree\nfour\rfive\n\n,six', ""],
        ["\u2028\u0085", "x"],
    ]


def test_iter_csv_keeps_ragged_rows() -> None:
    """A row may have fewer or more cells than the header."""
    assert parse(b"A,B\n1\n1,2,3\n") == [["A", "B"], ["1"], ["1", "2", "3"]]


def test_iter_csv_keeps_quotes_inside_a_cell() -> None:
    """Only a cell that begins with a quote is quoted."""
    assert parse(b'A,B\n5" pipe,2\n') == [["A", "B"], ['5" pipe', "2"]]


def test_iter_csv_replaces_invalid_characters() -> None:
    """Bytes that are neither UTF-8 nor Windows-1252, and NUL, become U+FFFD."""
    assert parse(b"A\n\x81\n\0\n") == [["A"], ["\ufffd"], ["\ufffd"]]


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\n\n  \n,,\n", b"\xef\xbb\xbf"])
def test_iter_csv_returns_nothing_for_an_empty_body(body: bytes) -> None:
    """There is no header, either."""
    assert parse(body) == []


@pytest.mark.parametrize("body", [b'A,B\n1,"2', b'A,B\n1,"2\n3,4\n', b'"'])
def test_iter_csv_rejects_a_body_that_ends_inside_quotes(body: bytes) -> None:
    """A truncated transfer looks like that."""
    with pytest.raises(ValueError, match="ends inside quotes"):
        parse(body)


def test_iter_csv_rejects_a_cell_over_16_mib() -> None:
    """A quote that is never closed does not exhaust the memory."""
    with pytest.raises(ValueError, match="a cell over 16 MiB"):
        parse(b'A\n"' + b"text \n" * 3_000_000)


def test_iter_csv_reads_long_cells() -> None:
    """A cell may exceed the 131,072 characters of Python's default limit."""
    assert parse(b"A\n" + 200_000 * b"x")[1] == [200_000 * "x"]


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"))


@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=5), end=st.sampled_from(["\n", "\r\n"]))
def test_iter_csv_round_trips_quoted_text(rows: list[list[str]], end: str) -> None:
    """Any quoted text comes back unchanged."""
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]

    assert parse(end.join(lines).encode()) == [row for row in rows if any(cell.strip() for cell in row)]


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
def test_name_columns_returns_snake_case(header: str, column: str) -> None:
    """Letters become lower case, and one underscore replaces everything between letters and digits."""
    assert name_columns([header]) == [column]


def test_name_columns_returns_unique_names() -> None:
    """A repeated name gets a number, and an empty name becomes its position."""
    names = ["Topic", "topic ", "Topic 2", "", "?", "TOPIC"]

    assert name_columns(names) == ["topic", "topic_2", "topic_2_2", "column_4", "column_5", "topic_3"]


def test_name_columns_shortens_long_names() -> None:
    """A long name has 63 bytes and stays the same if columns move. Names with a common start differ."""
    start = "Median Time to First Response for Contacts Fulfilled in Business Hours by "
    chat, email = (f"{start}{channel} in seconds" for channel in ("Chat", "Email"))

    names = name_columns([chat, email, chat])

    assert names[0] == "median_time_to_first_response_for_contacts_fulfilled_i_bd1aeb0c"
    assert [len(name) for name in names] == [63, 63, 63]
    assert len(set(names)) == 3
    assert name_columns([email, chat]) == [names[1], names[0]]


@given(header=st.lists(st.text(alphabet="aB -", min_size=55, max_size=80), max_size=12))
def test_name_columns_fit_every_target(header: list[str]) -> None:
    """Names are unique and at most 63 bytes long, whatever the header."""
    names = name_columns(header)

    assert len(set(names)) == len(header)
    assert all(0 < len(name.encode()) <= 63 for name in names)


@pytest.mark.parametrize(
    "body",
    [b"service unavailable", b"Sorry, please try again later.\n", b"No report, try again\n", b"Too late!"],
)
def test_is_prose_recognizes_a_sentence(body: bytes) -> None:
    """Commas in a sentence do not make it a header."""
    assert is_prose(parse(body)[0], has_rows=False)


@pytest.mark.parametrize(
    "body",
    [
        b"Timestamp, Contact ID , Topics\n",
        b"id, agent_id\n",
        b"id, agent_id , status \n",
        b"URL,Chats\n",
        b"Agent\n",
        b"Total Contacts\n",
        b"total contacts\n3\n",
        b"Date,Resolved?,Threads\n",
        b"Date,Contact No.,Threads\n2026-11-24,1,2\n",
    ],
)
def test_is_prose_accepts_headers(body: bytes) -> None:
    """Padded names, punctuation and a single column don't make a header prose."""
    header, *rows = parse(body)

    assert not is_prose(header, has_rows=any(len(row) == len(header) for row in rows))
