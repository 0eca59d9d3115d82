"""Files of ties as people have them: each is read right with its notes, or refused in one line that names the cure.

The right answer stands beside each file in plain Python. Files that are malformed never end in a traceback, never hang
and never take memory without bound.
"""

import bz2
import csv
import gzip
import io
import json
import os
import resource
import string
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from markupsafe import escape

from experiments import run
from experiments.app import app
from sim.errors import InputError
from sim.people.given_graphs import GraphFile
from sim.people.table_columns import find_ends, looks_like_header
from sim.people.table_layout import MISSING
from sim.state.graph import list_edges
from tests.conftest import ROOT

fuzz = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Ties = set[tuple[str, str]]


def written(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def read(path: str, **said: Any) -> tuple[Ties, tuple[str, ...], tuple[str, ...]]:
    """Return who follows whom by name, the names, and the notes."""
    rule = GraphFile(path=path, stance="random", **said)
    found = rule._read()
    ends = zip(*(side.tolist() for side in list_edges(found.graph)), strict=True)
    return {(found.labels[one], found.labels[other]) for one, other in ends}, found.labels, found.notes


def pairs(text: str) -> Ties:
    """Return the ties of "a-b c-d"."""
    return {(one, other) for one, _, other in (part.partition("-") for part in text.split())}


# ---- tables that are read: content, ties, people without ties, what the notes say

TABLES: dict[str, tuple[str | bytes, Ties, set[str], tuple[str, ...]]] = {
    # 1: a saved data frame
    "a data frame with its index": (
        "index,from,to,weight\n0,11,12,5\n1,12,13,2\n",
        pairs("11-12 12-13"),
        set(),
        ("comma-separated; header, columns from (2nd) and to (3rd); the 1st is a row number", "(weights) not used"),
    ),
    "the same without header": (
        "0,11,12,5\n1,12,13,2\n",
        pairs("11-12 12-13"),
        set(),
        ("no header; columns 2nd and 3rd; the 1st is a row number",),
    ),
    "the same with an unnamed first cell": (
        ",from,to,weight\n0,11,12,5\n1,12,13,2\n",
        pairs("11-12 12-13"),
        set(),
        ("header, columns from (2nd) and to (3rd); the 1st is a row number",),
    ),
    "unnamed columns of pandas": (
        ",0,1\n0,11,12\n1,12,13\n",
        pairs("11-12 12-13"),
        set(),
        ("columns 0 (2nd) and 1 (3rd)",),
    ),
    "R's write.table": (
        '"from" "to" "w"\n"1" "Lee Ann" "b" 5\n"2" "b" "c" 2\n',
        {("Lee Ann", "b"), ("b", "c")},
        set(),
        ("header, columns from (2nd) and to (3rd); the 1st is a row number",),
    ),
    "R's write.csv": (
        '"","from","to"\n"1","a","b"\n"2","b","c"\n',
        pairs("a-b b-c"),
        set(),
        ("the 1st is a row number",),
    ),
    "R's default names": ("V1,V2,V3\n7,8,1\n8,9,2\n", pairs("7-8 8-9"), set(), ("columns V1 (1st) and V2 (2nd)",)),
    # 2: headers of platforms' tools
    "user_id,friend_id": ("user_id,friend_id\n1,2\n2,3\n", pairs("1-2 2-3"), set(), ("user_id follows friend_id",)),
    "id_1,id_2": ("id_1,id_2\n1,2\n2,3\n", pairs("1-2 2-3"), set(), ("columns id_1 (1st) and id_2 (2nd)",)),
    "follower_id followed_id": ("follower_id followed_id\n1 2\n", pairs("1-2"), set(), ("follower_id follows",)),
    "the follower second": (
        "user_id,follower_id\n1,2\n1,3\n",
        pairs("2-1 3-1"),
        set(),
        ("follower_id follows user_id",),
    ),
    "a comment that names columns": ("# followee follower\n1 2\n", pairs("2-1"), set(), ("follower follows followee",)),
    "a commented header": ("#source,target\nann,bob\n", pairs("ann-bob"), set(), ("header, columns source (1st)",)),
    "NodeXL": ("Vertex 1,Vertex 2,Color,Width\na,b,Red,1\n", pairs("a-b"), set(), ("Vertex 1 follows Vertex 2",)),
    "Gephi": (
        "Source,Target,Type,Id,Label,timeset,Weight\na,b,Undirected,0,,,1.0\nb,c,Undirected,1,,,2.0\n",
        pairs("a-b b-a b-c c-b"),
        set(),
        ("undirected: each tie counts both ways", "read 3 people and 2 ties"),
    ),
    "Gephi, both kinds": (
        "Source;Target;Type\na;b;Directed\nb;c;Undirected\n",
        pairs("a-b b-c c-b"),
        set(),
        ("1 tie both ways, the others one way",),
    ),
    "names and ids": (
        "source_id,source_name,target_id,target_name\n1,Ann,2,Bob\n",
        pairs("1-2"),
        set(),
        ("columns source_id (1st) and target_id (3rd)",),
    ),
    "two tables, one behind the other": (
        "source,target\na,b\nsource,target\nb,c\n",
        pairs("a-b b-c"),
        set(),
        ("1 line with the header again dropped",),
    ),
    "Gephi, with a person without ties": (
        "Source,Target,Type\na,b,Undirected\nc\n",
        pairs("a-b b-a"),
        {"c"},
        ("undirected: each tie counts both ways", "1 line with one name"),
    ),
    # 3: quotes
    "quoted names": ('"Lee, Ann","Ray, Bob"\n', {("Lee, Ann", "Ray, Bob")}, set(), ("comma-separated",)),
    "every cell quoted": (
        '"source","target"\n"a","b"\n"b","c"\n',
        pairs("a-b b-c"),
        set(),
        ("header, columns source",),
    ),
    "quotes in quotes, over two lines": ('a,"b\nc",1\n"x ""y""",z,2\n', {("a", "b\nc"), ('x "y"', "z")}, set(), ()),
    "a sign of inches": ('5" pipe,b\nb,c\n', {('5" pipe', "b"), ("b", "c")}, set(), ()),
    # 4: names with spaces
    "tabs": ("Ann Lee\tBob Ray\nBob Ray\tCy\n", {("Ann Lee", "Bob Ray"), ("Bob Ray", "Cy")}, set(), ("tab-separated",)),
    "semicolons": ("Ann Lee;Bob Ray\n", {("Ann Lee", "Bob Ray")}, set(), ("semicolon-separated",)),
    "semicolons and commas": ("Lee, Ann;Ray, Bob\n", {("Lee, Ann", "Ray, Bob")}, set(), ("semicolon-separated",)),
    "Excel": (
        "sep=;\r\nfrom;to;w\r\na;b;0,5\r\nb;c;0,7\r\n",
        pairs("a-b b-c"),
        set(),
        ("semicolon-separated; header",),
    ),
    "white space and decimal commas": ("a b 0,5\nb c 0,7\n", pairs("a-b b-c"), set(), ("separated by white space",)),
    "KONECT's mixture": ("1 2\t1\n2 3\t1\n", pairs("1-2 2-3"), set(), ("separated by white space",)),
    "bars": ("a|b\nb|c\n", pairs("a-b b-c"), set(), ("pipe-separated",)),
    # 5: # in names
    "# in a name": ("u1 page#1\nu2 page#2\n", pairs("u1-page#1 u2-page#2"), set(), ()),
    "# before a name": ("#tag u1\nu2 #tag\n", pairs("#tag-u1 u2-#tag"), set(), ()),
    "# before all names": ("#a,#b\n#b,#c\n", pairs("#a-#b #b-#c"), set(), ()),
    "# before a number": ("1 2\n#3 4\n4 5\n", pairs("1-2 4-5"), set(), ("1 line of comment",)),
    "a comment behind a tie": ("1,2 # x\n2,3\n", pairs("1-2 2-3"), set(), ("comments behind 1 name dropped",)),
    # 6: lists of followees
    "an adjacency list": (
        "a b c d\nb c\nc\n",
        pairs("a-b a-c a-d b-c"),
        set(),
        ("a line is a person and all that this person follows", "1 line with one name"),
    ),
    "one of numbers": (
        "1 2 3\n2 3\n3 1 4 5\n",
        pairs("1-2 1-3 2-3 3-1 3-4 3-5"),
        set(),
        ("all that this person follows",),
    ),
    "networkx's": (
        "#/x/y.py\n# GMT Mon\n# \na b c\nb c\nc d\nd\n",
        pairs("a-b a-c b-c c-d"),
        set(),
        ("3 lines of comment",),
    ),
    "ties with words behind them": ("1 2 said so\n2 3\n3 1 x\n", pairs("1-2 2-3 3-1"), set(), ("columns 1st and 2nd",)),
    # 7: KONECT and Matrix Market
    "KONECT": ("% sym unweighted\n% 2 3 3\n1 2\n2 3\n", pairs("1-2 2-1 2-3 3-2"), set(), ("as its comment says",)),
    "KONECT, directed": ("% asym posweighted\n1 2 1 99\n2 3 1 99\n", pairs("1-2 2-3"), set(), ("as its comment says",)),
    "Matrix Market": (
        "%%MatrixMarket matrix coordinate pattern symmetric\n% c\n4 4 2\n2 1\n3 1\n",
        pairs("2-1 1-2 3-1 1-3"),
        {"4"},
        ("undirected, as its comment says",),
    ),
    "Matrix Market, directed": (
        "%%MatrixMarket matrix coordinate real general\n3 3 2\n2 1 0.5\n3 1 1e-3\n",
        pairs("2-1 3-1"),
        set(),
        ("directed, as its comment says",),
    ),
    # 11: encodings
    "UTF-16": ("from,to\nézé,b\n".encode("utf-16"), pairs("ézé-b"), set(), ("UTF-16",)),
    "UTF-16 without a mark": ("from,to\nezz,b\nb,c\n".encode("utf-16-le"), pairs("ezz-b b-c"), set(), ("UTF-16",)),
    "UTF-8 with a mark": ("from,to\nézé,b\n".encode("utf-8-sig"), pairs("ézé-b"), set(), ("header",)),
    "Latin-1": ("from,to\nézé,b\n".encode("latin-1"), pairs("ézé-b"), set(), ("Windows-1252 (Latin-1), not UTF-8",)),
    "U+0085 in a name": ("a\x85b,c\nc,d\n", {("a\x85b", "c"), ("c", "d")}, set(), ()),
    "U+2028 in a name": ("a\u2028b c\nc d\n", {("a\u2028b", "c"), ("c", "d")}, set(), ()),
    "old Macs": (b"1 2\r2 3\r", pairs("1-2 2-3"), set(), ()),
    # 12: what pandas makes of ids
    "1.0 beside 1": ("1.0,2\n1,3.0\n", pairs("1-2 1-3"), set(), ("names such as 1.0 read as 1",)),
    "gaps among numbers": (
        "1,2\n2,NA\nnan,3\n4,\n",
        pairs("1-2"),
        {"3", "4"},
        ("NA and nan read as no name", "3 lines with"),
    ),
    "ids that lost digits": (
        "7.91557e+17,1\n7.91557e+17,2\n",
        {("7.91557e+17", "1"), ("7.91557e+17", "2")},
        set(),
        ("1 name, such as 7.91557e+17, lost digits",),
    ),
    # 14: people without ties
    "a line with one name": (
        "a,b\nb,c\nd\n",
        pairs("a-b b-c"),
        {"d"},
        ("1 line with one name: a person without a tie",),
    ),
    "lines without a name": ("a,b\n,\nb,c\n", pairs("a-b b-c"), set(), ("1 line without a name dropped",)),
    # a missing weight, a person among weights
    "a person among fractions": (
        "1,2,0.5\n3\n2,4,1\n",
        pairs("1-2 2-4"),
        {"3"},
        ("columns 1st and 2nd; further columns (weights) not used",),
    ),
    "a person among weights": ("101,102,5\n103\n102,104,7\n", pairs("101-102 102-104"), {"103"}, ("columns 1st",)),
    "weights of words": ("ann bob 3\ncy\nbob cy 2\n", pairs("ann-bob bob-cy"), set(), ("columns 1st and 2nd",)),
    "a gap among weights": ("1,2,5\n2,3,\n3,4,2\n", pairs("1-2 2-3 3-4"), set(), ("columns 1st and 2nd",)),
    # lists of followees as spreadsheets write them
    "a list with empty cells": (
        "a,b,,\nb,c,d,\nc,a,b,d\n",
        pairs("a-b b-c b-d c-a c-b c-d"),
        set(),
        ("a line is a person and all that this person follows",),
    ),
    "one of numbers with empty cells": (
        "1,2,,\n2,3,4,\n3,1,2,4\n",
        pairs("1-2 2-3 2-4 3-1 3-2 3-4"),
        set(),
        ("all that this person follows",),
    ),
    "a list with a header": (
        "user,friend1,friend2,friend3\na,b,c,\nb,c,,\nc,a,b,d\n",
        pairs("a-b a-c b-c c-a c-b c-d"),
        set(),
        ("all that this person follows",),
    ),
    "a list of followers": (
        "user,follower1,follower2\nann,bob,cy\nbob,cy,\n",
        pairs("bob-ann cy-ann cy-bob"),
        set(),
        ("a line is a person and all who follow this person", "follower1 follows user"),
    ),
    "a list with colons": ("1: 2 3 4\n2: 3\n4:\n", pairs("1-2 1-3 1-4 2-3"), set(), ("1 line with one name",)),
    "one with commas": ("ann: bob, cy\nbob: cy\n", pairs("ann-bob ann-cy bob-cy"), set(), ("comma-separated",)),
    # words of headers
    "followed_by": ("user,followed_by\n1,2\n2,3\n", pairs("2-1 3-2"), set(), ("followed_by follows user",)),
    "followers": ("user,followers\nann,bob\nann,cy\n", pairs("bob-ann cy-ann"), set(), ("followers follows user",)),
    "followers by number": ("user,followers\n1,2\n1,3\n", pairs("2-1 3-1"), set(), ("followers follows user",)),
    "retweets": ("user,retweeted_user\nann,bob\n", pairs("ann-bob"), set(), ("user follows retweeted_user",)),
    "replies": ("author,reply_to\nann,bob\n", pairs("ann-bob"), set(), ("author follows reply_to",)),
    "mentions": ("screen_name,mention\nann,bob\n", pairs("ann-bob"), set(), ("screen_name follows mention",)),
    "ego and alter": ("ego,alter\nann,bob\n", pairs("ann-bob"), set(), ("ego follows alter",)),
    "unknown words that share people": ("kto,kogo\n1,2\n2,3\n", pairs("1-2 2-3"), set(), ("kto follows kogo",)),
    "plainer words": ("source,target,followers,origin\na,b,3,x\n", pairs("a-b"), set(), ("source follows target",)),
    "a plainer word beside a person": ("user,friend,mention\na,b,c\n", pairs("a-b"), set(), ("user follows friend",)),
    "times behind ties": ("u1,p1,2020-01-01\nu2,p2,2020-01-02\n", pairs("u1-p1 u2-p2"), set(), ("columns 1st",)),
    "texts behind ties": ('u1,p1,"hello, you"\nu2,p2,so it is\n', pairs("u1-p1 u2-p2"), set(), ("columns 1st",)),
    "some texts behind ties": ("a,b,2020,\nb,c,2021,so\n", pairs("a-b b-c"), set(), ("columns 1st and 2nd",)),
    # spaces before quotes
    "a space before a quote": (
        '"Lee, Ann", "Ray, Bob"\n"Ray, Bob", "x "", ""y"\n',
        {("Lee, Ann", "Ray, Bob"), ("Ray, Bob", 'x ", "y')},
        set(),
        ("comma-separated",),
    ),
    "one behind a semicolon": (
        '"Lee, Ann"; "Ray, Bob"\n',
        {("Lee, Ann", "Ray, Bob")},
        set(),
        ("semicolon-separated",),
    ),
    # each name by itself
    "1.0 beside a word": ("1.0,2\n1,ann\n", pairs("1-2 1-ann"), set(), ("names such as 1.0 read as 1",)),
    "lost digits beside a word": (
        "source,target\n7.91557e+17,ann\nann,bob\n",
        {("7.91557e+17", "ann"), ("ann", "bob")},
        set(),
        ("1 name, such as 7.91557e+17, lost digits",),
    ),
    "thousands": ("source;target\n1,000;2\n", {("1,000", "2")}, set(), ()),
    # markup is text
    "markup": ("<script>x</script>,b\nb,<b>\n", {("<script>x</script>", "b"), ("b", "<b>")}, set(), ()),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_right_and_says_how(tmp_path: Path, name: str) -> None:
    content, ties, alone, said = TABLES[name]
    found, labels, notes = read(written(tmp_path, "t.csv", content))
    assert found == ties
    assert set(labels) == {end for tie in ties for end in tie} | alone
    told = " | ".join(notes)
    assert notes[0].startswith(f"read {len(labels)} people and ")
    for words in said:
        assert words in told


def test_repeats_and_ties_to_oneself_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "ego.csv", "id,from,to\n1,a,b\n2,a,b\n3,b,a\n4,c,c\n")
    assert read(path)[2] == (
        "read 3 people and 2 ties from ego.csv: comma-separated; header, columns from (2nd) and to (3rd); further"
        " columns (weights) not used; directed: from follows to (else set graph.edges=undirected); 1 repeated tie and 1"
        " tie to oneself dropped",
    )
    told = read(path, edges="undirected")[2][0]
    assert told.startswith("read 3 people and 1 tie from")
    assert told.endswith("undirected, as asked; 2 repeated ties and 1 tie to oneself dropped")
    mixed = written(tmp_path, "m.csv", "source,target,type\na,b,directed\na,b,directed\na,c,mutual\nc,a,mutual\n")
    assert read(mixed)[2][0].endswith("; 2 ties both ways, the others one way; 2 repeated ties dropped")


# ---- tables that leave a choice open: content, the choices that the line names, and what each of them reads

OPEN: dict[str, tuple[str, dict[str, tuple[dict[str, Any], Ties]]]] = {
    "row number or person": (
        "1,2,1\n2,3,1\n3,1,2\n",
        {
            "graph.columns=[1,2]": ({"columns": [1, 2]}, pairs("1-2 2-3 3-1")),
            "[2,3]": ({"columns": [2, 3]}, pairs("2-1 3-1 1-2")),
        },
    ),
    "tie and something, or a list": (
        "a,b,c\nb,c,a\n",
        {
            "graph.columns=[1,2]": ({"columns": [1, 2]}, pairs("a-b b-c")),
            "graph.columns=all": ({"columns": "all"}, pairs("a-b a-c b-c b-a")),
        },
    ),
    "columns without words": (
        "person,since,place,contact\nann,2020,x,bob\n",
        {"graph.columns=[person,since]": ({"columns": ["person", "contact"]}, pairs("ann-bob"))},
    ),
    "weights or a list": (
        "1 2 1\n3\n2 4 2\n4 1 3\n",
        {
            "graph.columns=[1,2]": ({"columns": [1, 2]}, pairs("1-2 2-4 4-1")),
            "graph.columns=all": ({"columns": "all"}, pairs("1-2 2-4 4-1 4-3")),
        },
    ),
    "a missing weight or a list": (
        "1,2,5\n2,3\n3,4,2\n",
        {"graph.columns=[1,2]": ({"columns": [1, 2]}, pairs("1-2 2-3 3-4")), "graph.columns=all": ({}, set())},
    ),
    "numbers that share nothing": (
        "1 2 3\n4 5 6\n7 8\n",
        {"graph.columns=[1,2]": ({"columns": [1, 2]}, pairs("1-2 4-5 7-8")), "graph.columns=all": ({}, set())},
    ),
    "an even list": (
        "ann,bob,cy\nbob,cy,dan\ncy,dan,eve\n",
        {
            "graph.columns=[1,2] or [1,3]": ({"columns": [1, 2]}, pairs("ann-bob bob-cy cy-dan")),
            "graph.columns=all": ({"columns": "all"}, pairs("ann-bob ann-cy bob-cy bob-dan cy-dan cy-eve")),
        },
    ),
    "what people do": (
        "a,follows,b\nb,follows,c\n",
        {"graph.columns=[1,2] or [1,3]": ({"columns": [1, 3]}, pairs("a-b b-c"))},
    ),
    "row numbers with gaps": (
        "0,11,12,3\n2,12,13,2\n5,14,13,2\n",
        {"graph.columns=[1,2] or [2,3]": ({"columns": [2, 3]}, pairs("11-12 12-13 14-13"))},
    ),
    "seconds before ties": (
        "31220 58 63\n31220 58 64\n31240 12 63\n",
        {"graph.columns=[1,2] or [2,3]": ({"columns": [2, 3]}, pairs("58-63 58-64 12-63"))},
    ),
    "dates before ties": (
        "2020-01-01,a,b\n2020-01-02,b,c\n",
        {"has 2020-01-01, which may be no person": ({"columns": [2, 3]}, pairs("a-b b-c"))},
    ),
    "weights before ties": (
        "0.5,a,b\n1,b,c\n",
        {"graph.columns=[2,3]": ({"columns": [2, 3]}, pairs("a-b b-c"))},
    ),
    "people and what is said of them": ("user,group\n1,a\n2,b\n", {"graph.columns=[user,group]": ({}, set())}),
    "a number of friends": (
        "user,friends_count\n1,2\n2,3\n",
        {"graph.columns=[user,friends_count]": ({}, set())},
    ),
    "an age": ("id,age\n1,2\n2,3\n", {"graph.columns=[id,age]": ({}, set())}),
    "ids and names": ("id,name\n1,Ann\n2,Bob\n", {"graph.columns=[id,name]": ({}, set())}),
    "ids and unknown words": ("id,posts_seen\n1,2\n2,1\n", {"graph.columns=[id,posts_seen]": ({}, set())}),
    "how many followers, or who": (
        "id,followers\n1,200\n2,30\n",
        {"graph.columns=[followers,id]": ({"columns": ["followers", "id"]}, pairs("200-1 30-2"))},
    ),
    "how many of both": (
        "user,followers,following\n1,2,3\n2,3,1\n",
        {"say which two are tied": ({"columns": [1, 3]}, pairs("1-3 2-1"))},
    ),
    "unknown words that share nobody": (
        "kto,skolko\n11,1\n12,2\n",
        {"graph.columns=[kto,skolko]": ({"columns": ["kto", "skolko"]}, pairs("11-1 12-2"))},
    ),
    "letters or people": (
        "u,v\nann,bob\nbob,cy\n",
        {
            "graph.header=yes": ({"header": "yes"}, pairs("ann-bob bob-cy")),
            "graph.header=no": ({"header": "no"}, pairs("u-v ann-bob bob-cy")),
        },
    ),
    "numbered letters or people": (
        "n1,n2\nann,bob\nbob,cy\n",
        {"graph.header=yes": ({"header": "yes"}, pairs("ann-bob bob-cy"))},
    ),
    "words with a line between them": (
        "who_says,whom\nann,bob\nbob,cy\n",
        {"graph.header=yes": ({"header": "yes"}, pairs("ann-bob bob-cy"))},
    ),
    "comment or name": (
        "#tag u1\nu2 u1\n",
        {
            "graph.comment=hash": ({"comment": "hash"}, pairs("u2-u1")),
            "graph.comment=none": ({"comment": "none"}, pairs("#tag-u1 u2-u1")),
        },
    ),
    "comment behind a name": (
        "a,b # x\nb,c\n",
        {
            "graph.comment=hash": ({"comment": "hash"}, pairs("a-b b-c")),
            "graph.comment=none": ({"comment": "none"}, {("a", "b # x"), ("b", "c")}),
        },
    ),
    "comma or semicolon": (
        "a;b,c\nb;c,d\n",
        {
            "graph.separator=semicolon": ({"separator": "semicolon"}, {("a", "b,c"), ("b", "c,d")}),
            "graph.separator=comma": ({"separator": "comma"}, {("a;b", "c"), ("b;c", "d")}),
        },
    ),
    "no name or NA": (
        "a,b\nNA,c\n",
        {
            "graph.missing=drop": ({"missing": "drop"}, pairs("a-b")),
            "graph.missing=keep": ({"missing": "keep"}, pairs("a-b NA-c")),
        },
    ),
    "numbers of columns or a tie": (
        "0,1\n11,12\n12,13\n",
        {
            "graph.header=yes": ({"header": "yes"}, pairs("11-12 12-13")),
            "graph.header=no": ({"header": False}, pairs("0-1 11-12 12-13")),
        },
    ),
    "a matrix or ties": (
        "0,1,1\n1,0,1\n1,1,0\n",
        {"graph.columns=[1,2]": ({"columns": [1, 2]}, pairs("0-1 1-0"))},
    ),
    "R's names of rows": (
        '"kto" "kogo"\n"x1" "a" "b"\n"x2" "b" "c"\n',
        {"graph.header=yes": ({"header": "yes"}, pairs("a-b b-c")), "graph.columns=all": ({}, set())},
    ),
    "names above ties (TGF)": (
        "1 Ann\n2 Bob\n#\n1 2\n",
        {"graph.comment=hash": ({"comment": "hash"}, pairs("1-Ann 2-Bob 1-2"))},
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_cannot_be_decided_is_one_line_that_names_the_choices(tmp_path: Path, name: str) -> None:
    content, choices = OPEN[name]
    path = written(tmp_path, "t.csv", content)
    with pytest.raises(InputError) as caught:
        read(path)
    line = str(caught.value).replace(str(tmp_path), "")
    assert "\n" not in line
    assert len(line) < 300
    for words, (said, ties) in choices.items():
        assert words in line
        if said:
            assert read(path, **said)[0] == ties


def test_a_first_line_that_may_be_a_header_is_mentioned(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "kto,kogo\nann,bob\nbob,cy\n")
    assert "no header (if the first line, kto kogo, is one: graph.header=yes)" in read(path)[2][0]
    assert read(path, header="yes")[0] == pairs("ann-bob bob-cy")


def test_what_the_user_says_goes_first(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "from,to,liker,liked\na,b,c,d\n")
    assert read(path, columns=["liker", "liked"])[0] == pairs("c-d")
    assert read(path, columns=["LIKED", 1])[0] == pairs("d-a")
    assert read(path, header="no", columns=[1, 2])[0] == pairs("from-to a-b")
    with pytest.raises(InputError, match=r"has no column fan: graph\.columns names two of from \(1st\), to \(2nd\)"):
        read(path, columns=["fan", "to"])
    with pytest.raises(InputError, match=r"has no column 5: graph\.columns names two of"):
        read(path, columns=[1, 5])
    assert read(written(tmp_path, "u.csv", "a b;c d\n"), separator="space", header="no")[0] == {("a", "b;c")}
    assert read(written(tmp_path, "p.txt", "%x y\nz %x\n"))[0] == pairs("%x-y z-%x")
    assert read(written(tmp_path, "q.txt", "a b\n%x y\n"), comment="percent")[0] == pairs("a-b")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"columns": "from"}, r"columns='from' must be two names or numbers of columns"),
        ({"columns": [1]}, r"must be two names or numbers"),
        ({"columns": [1, 1]}, r"must be two names or numbers"),
        ({"columns": [1, 2, 3]}, r"must be two names or numbers"),
        ({"columns": [1.5, 2]}, r"must be two names or numbers"),
        ({"columns": 3}, r"must be two names or numbers"),
        ({"separator": "coma"}, r"did you mean comma"),
        ({"comment": "//"}, r"choose one of: auto, hash, none, percent"),
        ({"header": "maybe"}, r"choose one of: auto, no, yes"),
        ({"missing": "skip"}, r"choose one of: auto, drop, keep"),
        ({"max_size": 0}, r"must lie in \[1, 1e\+06\] \(MB\)"),
        ({"path": None}, r"path=None must be text"),
        ({"path": ["a"]}, r"must be text"),
        ({"path": 1}, r"graph\.path=1 cannot be opened"),
    ],
)
def test_keys_are_checked(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        GraphFile(**given).size(1)


# ---- formats of graphs

GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{}</graphml>'
MIXED = GRAPHML.format(
    '<key id="d0" for="node" attr.name="stance" attr.type="double"><default>-1</default></key>'
    '<key id="d1" for="edge" attr.name="when" attr.type="date"/>'
    '<graph edgedefault="undirected"><node id="a"><data key="d0">0,5</data></node><node id="b"/><node id="c"/>'
    '<edge id="e" source="a" target="b"><data key="d1">2020</data></edge>'
    '<edge id="e" source="b" target="c" directed="true"><data key="none">1</data></edge></graph>'
)
GEXF = (
    '<gexf xmlns="http://gexf.net/1.3" version="1.3"><graph defaultedgetype="directed"><attributes class="node">'
    '<attribute id="0" title="stance" type="double"/></attributes><nodes><node id="a" label="A"><attvalues>'
    '<attvalue for="0" value="0,5"/></attvalues></node><node id="b"/></nodes><edges>'
    '<edge id="0" source="a" target="b" type="undirected" weight="0,5"/><edge id="0" source="b" target="a"/></edges>'
    "</graph></gexf>"
)
GML = 'graph [ directed 1 node [ id 1 label "{}" ] node [ id 2 label "B" ] {} ]'
EDGE = "edge [ source 1 target 2 ] "
LINKS = {"nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "links": [{"source": "a", "target": "b"}], "directed": True}

FORMATS: dict[str, tuple[str, str | bytes, Ties, set[str], str]] = {
    # 8, 9: GML
    "a repeated edge": ("g.gml", GML.format("A", EDGE * 2), pairs("A-B"), set(), "1 repeated tie dropped"),
    "a label over two lines": ("g.gml", GML.format("Lee\nAnn", EDGE), {("Lee\nAnn", "B")}, set(), "GML"),
    "a label with entities": ("g.gml", GML.format("L&#233;e", EDGE), {("Lée", "B")}, set(), "GML"),
    "one label twice": ("g.gml", GML.format("B", EDGE), pairs("1-2"), set(), "ids are names, as labels repeat"),
    "GML in a .txt": ("g.txt", 'Creator "x"\n' + GML.format("A", EDGE), pairs("A-B"), set(), "GML; directed"),
    # 10: GraphML
    "GraphML of both kinds": ("m.graphml", MIXED, pairs("a-b b-a b-c"), set(), "1 tie both ways, the others one way"),
    "GraphML without a namespace": (
        "g.graphml",
        '<graphml><graph edgedefault="directed"><node id="a"/><node id="b"/>'
        '<edge source="a" target="b"/></graph></graphml>',
        pairs("a-b"),
        set(),
        "directed, as the file is",
    ),
    # 13: endings and first characters
    "X.GraphML": ("X.GraphML", MIXED, pairs("a-b b-a b-c"), set(), "GraphML"),
    "GraphML in a .txt": ("m.txt", MIXED, pairs("a-b b-a b-c"), set(), "GraphML"),
    "GraphML in UTF-16": (
        "m.txt",
        f'<?xml version="1.0" encoding="utf-16"?>{MIXED}'.encode("utf-16"),
        pairs("a-b b-a b-c"),
        set(),
        "GraphML",
    ),
    "GEXF of both kinds": ("m.gexf", GEXF, pairs("a-b b-a"), set(), "1 tie both ways, the others one way"),
    "GEXF in a .xml": ("m.xml", GEXF, pairs("a-b b-a"), set(), "GEXF"),
    "Pajek of both kinds": (
        "p.net",
        '% c\n*Network x\n*Vertices 4\n1 "Lee, O\'Brien" 0.1 0.2\n2 b\n3 c\n*Arcs\n1 2 1\n*Edges\n2 3\n',
        {("Lee, O'Brien", "b"), ("b", "c"), ("c", "b")},
        {"4"},
        "1 tie both ways, the others one way",
    ),
    "Pajek's lists": ("p.net", "*Vertices 4\n*Arcslist\n1 2 3\n", pairs("1-2 1-3"), {"4"}, "Pajek; directed"),
    "one vertex twice": ("p.net", "*Vertices 2\n1 a\n2 a\n*Arcs\n1 2\n", pairs("1-2"), set(), "numbers are names"),
    "node-link JSON": ("j.json", json.dumps(LINKS), pairs("a-b"), {"c"}, "JSON; directed"),
    "JSON in a .txt": ("j.txt", json.dumps(LINKS | {"edges": []}, indent=1), pairs("a-b"), {"c"}, "JSON"),
    "D3's places": (
        "j.json",
        '{"nodes":[{"name":"x"},{"name":"y"}],"links":[{"source":0,"target":1}]}',
        pairs("x-y y-x"),
        set(),
        "ends of ties are places in the list of nodes; the file says nothing of direction",
    ),
    ".csv.zip": ("e.csv.zip", b"", pairs("a-b"), set(), "read 2 people and 1 tie from e.csv: comma"),
    ".CSV.GZ": ("E.CSV.GZ", gzip.compress(b"from,to\na,b\n"), pairs("a-b"), set(), "from E.CSV"),
    ".csv.bz2": ("e.csv.bz2", bz2.compress(b"from,to\na,b\n"), pairs("a-b"), set(), "from e.csv"),
    ".graphml.zip": ("m.graphml.zip", b"", pairs("a-b b-a b-c"), set(), "from m.graphml: GraphML"),
}


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


ZIPPED = {
    ".csv.zip": zipped(**{"deep/e.csv": "from,to\na,b\n", "__MACOSX/e.csv": "x"}),
    ".graphml.zip": zipped(**{"m.graphml": MIXED}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_known_and_read_right(tmp_path: Path, name: str) -> None:
    file, content, ties, alone, said = FORMATS[name]
    found, labels, notes = read(written(tmp_path, file, ZIPPED.get(name, content)))
    assert found == ties
    assert set(labels) == {end for tie in ties for end in tie} | alone
    assert said in notes[0]


def test_stances_may_have_a_decimal_comma_and_a_default(tmp_path: Path) -> None:
    rule = GraphFile(path=written(tmp_path, "m.graphml", MIXED), stance="column")
    assert rule(3, np.zeros(3), 1).stance.tolist() == [0.5, -1.0, -1.0]
    with pytest.raises(InputError, match=r"no stance for 1 of 2 nodes \(b\)"):
        GraphFile(path=written(tmp_path, "m.gexf", GEXF), stance="column")(2, np.zeros(2), 1)


def test_a_table_of_stances_is_read_as_spreadsheets_write_it(tmp_path: Path) -> None:
    ties = written(tmp_path, "e.csv", "from,to\n1,2\n2,3\n")
    for content in (
        "user;stance;n\n3;-0,5;1\n1;0,5;1\n2.0;1;1\n".encode("utf-16"),
        ",stance,user\n0,-0.5,3\n1,0.5,1\n2,1,2\n",
        "1\t0.5\n2\t1\n3\t-0.5\n",
    ):
        rule = GraphFile(path=ties, stance="column", stance_path=written(tmp_path, "s.csv", content))
        assert rule(3, np.zeros(3), 1).stance.tolist() == [0.5, 1.0, -0.5]
    leaning = written(tmp_path, "s.csv", "user,stance,leaning\n1,0,1\n2,0,1\n3,0,1\n")
    rule = GraphFile(path=ties, stance="column", stance_path=leaning, column="leaning")
    assert rule(3, np.zeros(3), 1).stance.tolist() == [1.0] * 3


# ---- malformed files

ENTITIES = '<?xml version="1.0"?><!DOCTYPE x [{}]><graphml><graph><node id="&b;"/></graph></graphml>'
REFUSED: dict[str, tuple[str, str | bytes, str]] = {
    "an XML bomb": ("g.graphml", ENTITIES.format('<!ENTITY a "aa"><!ENTITY b "&a;&a;">'), "declares entities"),
    "an external entity": ("g.graphml", ENTITIES.format('<!ENTITY b SYSTEM "file:///etc/hosts">'), "declares entities"),
    "a parameter entity": ("g.gexf", ENTITIES.format('<!ENTITY % b SYSTEM "http://x/y"> %b;'), "declares entities"),
    "a name of 50 MB in GraphML": (
        "g.graphml",
        f'<graphml><graph><node id="{"x" * 50_000_000}"/></graph></graphml>',
        "has a name of 50,000,000",
    ),
    "a line of 50 MB": ("t.csv", "a,b\nb," + "x" * 50_000_000, "a line of more than 16 MB"),
    "a name of 20 kB": ("t.csv", "a,b\n" + "x" * 20_000 + ",c\n", "has a name of 20,000 characters"),
    "one word of 50 MB": ("t.txt", "x" * 50_000_000, "no line with two names"),
    "deep JSON": ("j.json", '{"nodes":' + "[" * 200_000, "not readable JSON"),
    "deep GraphML": (
        "g.graphml",
        "<graphml>" + "<graph>" * 50_000 + "</graph>" * 50_000 + "</graphml>",
        "not readable GraphML",
    ),
    "ids that are lists": (
        "j.json",
        '{"nodes":[{"id":[1]}],"links":[{"source":[1],"target":1}]}',
        "where an id should be",
    ),
    "JSON that is no graph": ("j.json", '{"a": 1}', "no node-link graph"),
    "JSON of an unknown end": (
        "j.json",
        json.dumps(LINKS | {"links": [{"source": "a", "target": "z"}]}),
        "ties z, which is no node",
    ),
    "GML with a list as id": ("g.gml", "graph [ node [ id [ a 1 ] ] edge [ source 1 target 2 ] ]", "not readable GML"),
    "a node without id": (
        "g.graphml",
        GRAPHML.format('<graph><node/><edge source="a" target="b"/></graph>'),
        "without an id",
    ),
    "two graphs": ("g.graphml", GRAPHML.format("<graph/><graph/>"), "holds several graphs"),
    "a web page": ("t.txt", "<!DOCTYPE html><html><body>404</body></html>", "is HTML, which is not read"),
    "another XML": ("t.xml", '<?xml version="1.0"?><rss/>', "is XML, which is not read"),
    "DOT": ("t.txt", "digraph G {\n a -> b;\n}\n", "is DOT, which is not read"),
    "GDF": ("t.gdf", "nodedef>name VARCHAR\na\nedgedef>a VARCHAR\n", "is GDF, which is not read"),
    "UCINET": ("t.txt", "dl n=2 format=edgelist1\ndata:\n1 2\n", "is UCINET DL, which is not read"),
    "a matrix": ("t.csv", ",a,b,c\na,0,1,0\nb,1,0,0\nc,0,0,0\n", "seems to be a matrix"),
    "two kinds of nodes": ("t.tsv", "% bip unweighted\n1 1\n2 1\n1 2\n", "two kinds of nodes"),
    "a matrix of two kinds": (
        "m.mtx",
        "%%MatrixMarket matrix coordinate real general\n3 2 1\n1 2 1\n",
        "two kinds of nodes",
    ),
    "a dense matrix": (
        "m.mtx",
        "%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n",
        "no list of coordinates",
    ),
    "a short matrix": ("m.mtx", "%%MatrixMarket matrix coordinate real general\n9 9 5\n1 2 1\n", "it is damaged"),
    "a matrix of 10^12": (
        "m.mtx",
        "%%MatrixMarket matrix coordinate real general\n1000000000000 1000000000000 1\n1 2 1\n",
        "it is damaged",
    ),
    "Pajek of 10^12": ("p.net", "*Vertices 1000000000000\n*Arcs\n1 2\n", "correct the number"),
    "Pajek of 10^8": ("p.net", "*Vertices 99999999\n*Arcs\n1 2\n", "says 99,999,999 vertices and holds 29 bytes"),
    "a group": (
        "g.graphml",
        GRAPHML.format(
            '<graph edgedefault="directed"><node id="g"><graph edgedefault="directed"><node id="a"/><node id="b"/>'
            '<edge source="a" target="b"/></graph></node><node id="c"/><edge source="a" target="c"/></graph>'
        ),
        "a graph within a node",
    ),
    "a tie of three": (
        "g.graphml",
        GRAPHML.format('<graph><node id="a"/><hyperedge><endpoint node="a"/></hyperedge></graph>'),
        "(hyperedge): give a tie for each two",
    ),
    "people aside": (
        "g.graphml",
        GRAPHML.format('<graph><node id="a"/><x><node id="b"/></x><edge source="a" target="c"/></graph>'),
        "1 node and 0 ties at places where none is read: export it flat",
    ),
    "a list of ids in a cell": ("t.csv", "user,friends\n1,\"['2', '3']\"\n", "which may be several people"),
    "a list of numbers in a cell": ("t.csv", 'from,to\n"[1, 2]",3\n3,4\n', "which seems to be a list: give each tie"),
    "bars in a cell": ("t.csv", "from,to\n1,2|3\n2,3\n", "has 2|3 for a name, which seems to be a list"),
    "spaces in a cell": ("t.csv", "user,friends\n1,2 3 4\n2,3\n", "which may be several people"),
    "a list without quotes": ("t.csv", "[1,2]\n[2,3]\n", "in two cells, which seem to be one"),
    "single quotes": ("t.csv", "'Lee, Ann','Ray, Bob'\n", "in two cells, which seem to be one"),
    "a quote without an end": ("t.csv", '"Lee,b\nb,c\n', "double quotes must enclose a whole cell"),
    "Excel": ("t.xlsx", zipped(**{"[Content_Types].xml": "x", "a.xml": "y"}), "is an Excel or Office file"),
    "two files": ("t.zip", zipped(a="1 2\n", b="1 2\n"), "holds 2 files (a, b)"),
    "a damaged .zip": ("t.zip", zipped(a="1 2\n" * 99)[:150], "damaged .zip"),
    "a damaged .bz2": ("t.bz2", bz2.compress(b"1 2\n" * 99)[:-9], "damaged"),
    "Parquet": ("t.parquet", b"PAR1xxxx", "is a Parquet file"),
    "a .tar": ("t.tar", b"x" * 257 + b"ustar" + b"y" * 99, "is a .tar archive"),
    "an .xz": ("t.xz", b"\xfd7zXZ\0", "is an .xz file"),
    "a picture": ("t.png", bytes(range(256)) * 9, "is not text"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_malformed_file_is_one_line(tmp_path: Path, name: str) -> None:
    file, content, said = REFUSED[name]
    with pytest.raises(InputError) as caught:
        read(written(tmp_path, file, content))
    line = str(caught.value).replace(str(tmp_path), "")
    assert said in line
    assert line.isprintable()
    assert len(line) < 300


BOMBS: dict[str, Callable[[Path], None]] = {
    "zeros": lambda path: write_bomb(path, b"\0" * 10**7),
    "ties": lambda path: write_bomb(path, b"1 2\n" * 2_500_000),
}


def write_bomb(path: Path, unit: bytes) -> None:
    """Write 4 GB, as members of one .gz file."""
    member = gzip.compress(unit, 1)
    with path.open("wb") as file:
        for _ in range(400):
            file.write(member)


CHILD = """
import resource, sys
from sim.errors import InputError
from sim.people.given_graphs import GraphFile
resource.setrlimit(resource.RLIMIT_DATA, (1_500_000_000, 1_500_000_000))
try:
    GraphFile(path=sys.argv[1]).size(1)
except InputError as problem:
    print(problem)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")
@pytest.mark.parametrize("unit", BOMBS)
def test_a_bomb_of_4_gb_is_refused_within_bounded_memory(tmp_path: Path, unit: str) -> None:
    BOMBS[unit](tmp_path / "b.gz")
    command = [sys.executable, "-c", CHILD, str(tmp_path / "b.gz")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert "unpacks to more than 100 times its size" in done.stdout
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1_500_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_may_never_end_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        for key in ("path", "stance_path"):
            ties = written(tmp_path, "e.txt", "a b\n")
            rule = GraphFile(**{"path": ties, "stance": "column", key: str(path)})  # type: ignore[arg-type]
            with pytest.raises(InputError, match=rf"graph\.{key}=.*a pipe or a device, which may never end"):
                rule(rule.size(1), np.zeros(2), 1)


def test_a_file_above_the_limit_is_refused_and_the_limit_can_be_raised(tmp_path: Path) -> None:
    path = written(tmp_path, "e.txt", "10 20\n" * 300_000)
    with pytest.raises(InputError, match=r"holds more than 1 MB, unpacked: set graph\.max_size=MB"):
        read(path, max_size=1)
    assert read(path, max_size=2)[0] == pairs("10-20")


def test_notes_are_printed_and_stand_in_the_report_as_text(
    tmp_path: Path, command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "<script>e.csv", "<b>,knows\nann,bob\nbob,<i>cy\x1b[1m\n")
    command_line("graph=file", f"graph.path={path}", "graph.header=yes", "ticks=2", "army.size=2", f"out={tmp_path}/r")
    app("run", run.main)
    said = "read 3 people and 2 ties from <script>e.csv: comma-separated; header, columns <b> (1st) and knows (2nd)"
    assert f"{said}; directed: <b> follows knows" in capfd.readouterr().err
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert str(escape(said)) in page
    assert "<script>e" not in page
    assert "<b> (1st)" not in page


def test_a_file_that_is_refused_ends_with_code_2_and_one_line(
    tmp_path: Path, command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    command_line(
        "graph=file", f"graph.path={written(tmp_path, 't.csv', OPEN['no name or NA'][0])}", f"out={tmp_path}/r"
    )
    with pytest.raises(SystemExit) as ended:
        app("run", run.main)
    assert ended.value.code == 2
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert "say graph.missing=drop if so, graph.missing=keep if it is a person" in told


# ---- any table that a tool writes is read back

NUMBERS = st.integers(2, 10**18).map(str)
SIGNS = string.ascii_letters + "éßñ" + string.digits + "_@.-" + " " + ",;'"
WORDS = st.text(SIGNS, min_size=1, max_size=8).map(str.strip).filter(lambda word: word and word not in MISSING)
OTHER = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=8)


def is_name(word: str) -> bool:
    """Return whether a word is a name by every rule: no number in disguise, no sign with a meaning at its place."""
    stripped = word.strip() == word and word not in MISSING
    return (
        stripped
        and not any(sign in word for sign in '"#%|\t')
        and any(map(str.isalpha, word))
        and word[0] not in "{<*[('"
    )


def lists_of_ties(names: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(names, min_size=2, max_size=9, unique=True).flatmap(
        lambda known: st.lists(st.tuples(*[st.sampled_from(known)] * 2), min_size=1, max_size=25).filter(
            lambda found: any(one != other for one, other in found)
        )
    )


TIES = st.one_of(lists_of_ties(NUMBERS), lists_of_ties((WORDS | OTHER).filter(is_name)))
HEADERS = st.sampled_from([("source", "target"), ("user_id", "friend_id"), ("from", "to"), ("Vertex 1", "Vertex 2")])


def expected(ties: list[tuple[str, str]]) -> tuple[Ties, set[str]]:
    return {(one, other) for one, other in ties if one != other}, {end for tie in ties for end in tie}


def agree(path: str, ties: list[tuple[str, str]]) -> None:
    found, labels, notes = read(path)
    assert (found, set(labels)) == expected(ties), notes


@fuzz
@given(
    TIES,
    HEADERS,
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from([None, "gzip", "zip", "bz2"]),
)
def test_what_pandas_writes_is_read_back(tmp_path, ties, header, sep, encoding, index, quoting, compression):
    frame = pd.DataFrame(ties, columns=list(header), dtype=object).assign(weight=[0.5 + at for at in range(len(ties))])
    path = tmp_path / "t.csv"
    compression = (
        None if encoding == "utf-16" and compression == "bz2" else compression
    )  # pandas would leave out the mark
    frame.to_csv(path, sep=sep, encoding=encoding, index=index, quoting=quoting, compression=compression)
    agree(str(path), ties)


@fuzz
@given(TIES, st.sampled_from(["excel", "excel-tab", "unix"]), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_what_the_csv_module_writes_is_read_back(tmp_path, ties, dialect, encoding):
    buffer = io.StringIO()
    csv.writer(buffer, dialect).writerows([("follower", "followee"), *ties])
    try:
        raw = buffer.getvalue().encode(encoding)
        assume(encoding != "cp1252" or raw.decode("utf-8", "replace") != raw.decode("utf-8", "ignore") or raw.isascii())
    except UnicodeEncodeError:  # a sign that Windows-1252 lacks
        raw = buffer.getvalue().encode()
    agree(written(tmp_path, "t.csv", raw), ties)


@fuzz
@given(lists_of_ties(NUMBERS) | lists_of_ties(st.text(string.ascii_letters + "_é", min_size=2, max_size=8)))
def test_edge_lists_without_header_are_read_back(tmp_path, ties):
    assume(not looks_like_header(ties[0], [name for tie in ties[1:] for name in tie]))
    assume(not find_ends(ties[0]) and not {word for tie in ties for word in tie} & MISSING)
    networkx.write_edgelist(networkx.MultiDiGraph(ties), tmp_path / "e.edgelist", data=False)
    agree(str(tmp_path / "e.edgelist"), ties)


@fuzz
@given(
    lists_of_ties(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=8)),
    st.sampled_from([networkx.DiGraph, networkx.Graph, networkx.MultiDiGraph]),
    st.sampled_from(["graphml", "gexf", "gml", "json"]),
)
def test_what_networkx_writes_is_read_back(tmp_path, ties, kind, ending):
    path = tmp_path / f"g.{ending}"
    graph = kind(ties)
    if ending == "json":
        path.write_text(json.dumps(networkx.node_link_data(graph)), "utf-8")
    else:
        getattr(networkx, f"write_{'graphml_xml' if ending == 'graphml' else ending}")(graph, path)
    wanted = expected(ties)[0]
    if kind is networkx.Graph:
        wanted |= {(other, one) for one, other in wanted}
    found, labels, _ = read(str(path))
    assert (found, labels) == (wanted, tuple(graph))


@fuzz
@given(
    st.binary(max_size=300) | st.text('ab1,; \t\n"#%<>{}[]*', max_size=120).map(str.encode),
    st.sampled_from(["t.csv", "t.gml", "t.graphml", "t.gexf", "t.net", "t.json", "t.gz", "t.zip"]),
)
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path, raw, name):
    try:
        read(written(tmp_path, name, raw))
    except InputError as problem:
        line = str(problem).replace(str(tmp_path), "")
        assert line.isprintable()
        assert len(line) < 300


BROKEN = [MIXED, GEXF, GML.format("A", EDGE), json.dumps(LINKS), FORMATS["Pajek of both kinds"][1]]


@fuzz
@given(st.sampled_from(BROKEN), st.data())
def test_a_graph_with_a_broken_place_is_read_or_refused_in_one_line(tmp_path, text, data):
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(begin + 12, len(text))))
    broken = text[:begin] + data.draw(st.text('ab1,; \n"#<>{}[]*/', max_size=4)) + text[end:]
    try:
        read(written(tmp_path, "t.txt", broken))
    except InputError as problem:
        assert "\n" not in str(problem)  # noqa: PT017
