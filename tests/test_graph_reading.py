"""Tables of ties as people have them: each is read right with its notes, or one line names the choice.

The right answer stands beside each file in plain Python.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.people.given_graphs import GraphFile
from tests.graph_files import Ties, pairs, read, written

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
    "a short header, and empty cells behind": (
        "from,to\nann,bob,\nbob,cy,\n",
        pairs("ann-bob bob-cy"),
        set(),
        ("header, columns from (1st) and to (2nd); directed",),
    ),
    "a header with an empty cell behind, and empty cells": (
        "from,to,\nann,bob,\nbob,cy,\n",
        pairs("ann-bob bob-cy"),
        set(),
        ("header, columns from (1st) and to (2nd); directed",),
    ),
    "a short header above row names without quotes": (
        "from,to\n1,a,b\n2,b,c\n",
        pairs("a-b b-c"),
        set(),
        ("the 1st is a row number",),
    ),
    "a follower beside an unknown word": (
        "leader,follower\n1,2\n2,3\n",
        pairs("2-1 3-2"),
        set(),
        ("follower follows leader",),
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
    "DOS": ("from,to\r\na,b\r\nb,c\r\n\x1a\x1a\r\n", pairs("a-b b-c"), set(), ("read 3 people and 2 ties",)),
    "an empty line between ties": ("from,to\na,b\n\nc,d\n", pairs("a-b c-d"), set(), ()),
    "two tables of ties, an empty line between": (
        "from,to\na,b\n\nfrom,to\nb,c\n",
        pairs("a-b b-c"),
        set(),
        ("1 line with the header again dropped",),
    ),
    "a person called Sum": ("Sum,b\nb,Sum\nSum,c\n", pairs("Sum-b b-Sum Sum-c"), set(), ()),
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
    "a list with empty cells below its widest line": (
        "x,a,b,c\na,b,,\nb,c,,\nc,a,,\n",
        pairs("x-a x-b x-c a-b b-c c-a"),
        set(),
        ("a line is a person and all that this person follows",),
    ),
    # behind the ends of some lines: numbers are weights, sentences and words behind numbers are said of the tie
    "some weights": ("ann bob\nbob cy\ncy ann 3\n", pairs("ann-bob bob-cy cy-ann"), set(), ("(weights) not used",)),
    "networkx's dictionaries": ("a b {'w': 3}\nb c {}\n", pairs("a-b b-c"), set(), ("(weights) not used",)),
    "some sentences": ("a,b\nb,c\nc,a,since school\n", pairs("a-b b-c c-a"), set(), ("(weights) not used",)),
    # one person in several spellings
    "composed and decomposed": (
        "jose\u0301,b\njos\u00e9,c\n",
        pairs("jos\u00e9-b jos\u00e9-c"),
        set(),
        ("names such as jos\u00e9 read as one person: they differ in signs that nobody sees",),
    ),
    "signs of width zero": (
        "ann\u200b,b\n\ufeffann\u200d,c\nann,d\n",
        pairs("ann-b ann-c ann-d"),
        set(),
        ("such as ann",),
    ),
    "spaces that do not break": ("ann\u00a0lee,b\nann lee,c\n", {("ann lee", "b"), ("ann lee", "c")}, set(), ()),
    "joiners within names": (
        "a\u200cb,c\nab,c\n",
        pairs("a\u200cb-c ab-c"),
        set(),
        ("2 names, such as ab and 'a\\u200cb', differ little and are read as different people",),
    ),
    "handles beside names": (
        "@ann,bob\nann,cy\n@dee,cy\n",
        pairs("ann-bob ann-cy dee-cy"),
        set(),
        ("names such as @ann read as ann",),
    ),
    "handles alone": ("@ann,bob\nbob,cy\n", pairs("@ann-bob bob-cy"), set(), ()),
    "zeros before numbers": ("001,2\n2,1\n", pairs("001-2 2-1"), set(), ("2 names, such as 001 and 1, differ little",)),
    "capitals": ("Ann,bob\nann,cy\n", pairs("Ann-bob ann-cy"), set(), ("2 names, such as Ann and ann, differ little",)),
    # names in brackets
    "words in brackets": ("a,[b]\nb,(c d-1)\n", {("a", "[b]"), ("b", "(c d-1)")}, set(), ()),
    "gaps as other programs write them": (
        "1,2\n2,-\n\\N,3\nundefined,?\n",
        pairs("1-2"),
        {"3"},
        ("- and ? and \\N and undefined read as no name",),
    ),
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
    # single quotes
    "single quotes": (
        "'Lee, Ann','Ray, Bob'\n'Ray, Bob','O''Hara, Cy'\n",
        {("Lee, Ann", "Ray, Bob"), ("Ray, Bob", "O'Hara, Cy")},
        set(),
        ("comma-separated; single quotes enclose cells",),
    ),
    "single quotes where they are needed": (
        "from;to;w\n'Lee; Ann';Ray;1\nRay;O'Hara;2\n",
        {("Lee; Ann", "Ray"), ("Ray", "O'Hara")},
        set(),
        ("semicolon-separated; single quotes enclose cells",),
    ),
    "single quotes between spaces": (
        "'Lee Ann' 'Ray'\n'Ray' 'Cy'\n",
        {("Lee Ann", "Ray"), ("Ray", "Cy")},
        set(),
        ("white space; single quotes enclose cells",),
    ),
    "apostrophes": ("O'Brien,Ray\nRay,rock 'n' roll\n", {("O'Brien", "Ray"), ("Ray", "rock 'n' roll")}, set(), ()),
    "a long description": (f"from,to,text\n1,2,{'x' * 200_000}\n2,3,y\n", pairs("1-2 2-3"), set(), ()),
    "addresses": ("//x/a //x/b\n//x/b //x/c\n", pairs("//x/a-//x/b //x/b-//x/c"), set(), ()),
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
    "a sum below": (
        "from,to\n1,2\n2,3\nTotal,2\n",
        {"graph.columns=[1,2]": ({"columns": [1, 2]}, pairs("1-2 2-3 Total-2"))},
    ),
    "a sum of weights below": (
        "from;to;w\na;b;1\nb;c;2\nGrand total:;;3\n",
        {"ends with Grand total: 3, which may be no tie": ({"columns": [1, 2]}, pairs("a-b b-c"))},
    ),
    "a sentence below": (
        "1\t2\n2\t3\n(2 rows affected)\n",
        {"ends with (2 rows affected), which may be no tie": ({}, set())},
    ),
    "people below ties": (
        "from,to\na,b\nb,c\n\nid,name\na,b\nb,c\n",
        {"graph.header=yes": ({"header": "yes"}, pairs("a-b b-c id-name"))},
    ),
    "numbers of people below ties": (
        "a,b,3\nb,c,4\n,,\nwho,years,\na,30,\n",
        {"a second table, from the line who years: keep the ties alone; say graph.header=no": ({}, set())},
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
    "words behind some ties": (
        "ann lee dee\nbob cy\ncy dan\n",
        {
            "graph.columns=[1,2]": ({"columns": [1, 2]}, pairs("ann-lee bob-cy cy-dan")),
            "graph.columns=all": ({"columns": "all"}, pairs("ann-lee ann-dee bob-cy cy-dan")),
        },
    ),
    "words behind all names of a header": (
        "from,to\nann,bob\nbob,cy,dan\n",
        {
            "has dan behind the columns that its header names": ({}, set()),
            "graph.columns=[1,2]": ({"columns": [1, 2]}, pairs("ann-bob bob-cy")),
            "graph.columns=all": ({"columns": "all"}, pairs("ann-bob bob-cy bob-dan")),
        },
    ),
    "words below no name": (
        "from,to,\nann,bob,x\nbob,cy,\n",
        {"graph.columns=[1,2]": ({"columns": [1, 2]}, pairs("ann-bob bob-cy"))},
    ),
    **{
        f"nobody, or one called {word}": (
            f"a,b\n{word},c\n",
            {
                f"has the name {word}, which may mean that there is none: say graph.missing=drop": (
                    {"missing": "drop"},
                    pairs("a-b"),
                ),
                "graph.missing=keep": ({"missing": "keep"}, {("a", "b"), (word, "c")}),
            },
        )
        for word in ("none", "nil", "NaT", "-", "undefined", "null", "[deleted]", "(null)", "\\N", "unknown")
    },
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
    assert read(written(tmp_path, "c.txt", "4 3\n1 2\n2 3\n3 4\n"), header="no")[0] == pairs("4-3 1-2 2-3 3-4")
    assert read(written(tmp_path, "m.txt", "3 3\n2 3\n1 3\n1 2\n"), header="no")[0] == pairs("2-3 1-3 1-2")
    assert read(written(tmp_path, "d.txt", "-- y\na b\nb c\n"), comment="none")[0] == pairs("a-b b-c") | {("--", "y")}


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


# ---- encodings that the user names

ARABIC = "from,to\nليلى,سامي\nسامي,x\n"
ARAB = {("ليلى", "سامي"), ("سامي", "x")}


def test_an_encoding_that_is_named_is_used_and_said(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", ARABIC.encode("cp1256"))
    assert "if names look wrong, name graph.encoding" in read(path)[2][-1]
    found, _, notes = read(path, encoding="windows-1256")
    assert (found, notes[-1]) == (ARAB, "its text is cp1256, as asked")
    assert read(written(tmp_path, "u.csv", ARABIC.encode("utf-8-sig")), encoding="utf-8")[0] == ARAB
    xml = """<?xml version="1.0" encoding="windows-1256"?><graphml><graph edgedefault="directed"><node id="ليلى"/>
        <node id="سامي"/><edge source="ليلى" target="سامي"/></graph></graphml>"""
    path = written(tmp_path, "g.graphml", xml.encode("cp1256"))
    assert read(path, encoding="cp1256")[0] == {("ليلى", "سامي")}


def test_stances_have_the_encoding_of_the_ties(tmp_path: Path) -> None:
    ties = written(tmp_path, "t.csv", ARABIC.encode("cp1256"))
    stances = written(tmp_path, "s.csv", "ليلى,1\nسامي,0\nx,-1\n".encode("cp1256"))
    rule = GraphFile(path=ties, encoding="cp1256", stance="column", stance_path=stances)
    labels = rule._read().labels
    given = dict(zip(labels, rule(3, np.zeros(3), 1).stance.tolist(), strict=True))
    assert given == {"ليلى": 1.0, "سامي": 0.0, "x": -1.0}


@pytest.mark.parametrize("name", ["cp125", "base64", "idna", "punycode", "", None, 3, "undefined", "a" * 999, "a\0b"])
def test_an_encoding_that_is_none_of_text_is_one_line(name: Any) -> None:
    with pytest.raises(InputError, match=r"^GraphFile\.encoding=.* is no encoding of text: ") as caught:
        GraphFile(path="t.csv", encoding=name)
    assert len(str(caught.value)) <= 300


@pytest.mark.parametrize(("name", "said"), [("utf-8", r"is not utf-8 \(byte 8\)"), ("utf-16", "is not utf-16")])
def test_a_file_of_another_encoding_than_said_is_one_line(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"{said}.*name another graph\.encoding, or leave it out"):
        read(written(tmp_path, "t.csv", ARABIC.encode("cp1256")), encoding=name)


def test_stances_find_people_in_another_spelling(tmp_path: Path) -> None:
    ties = written(tmp_path, "t.csv", "@ann,bob\nann,jos\u00e9\njos\u00e9,ann\n")
    stances = written(tmp_path, "s.csv", "@ann,1\n@jose\u0301\u200b,0\n@bob,-1\n")
    assert GraphFile(path=ties, stance="column", stance_path=stances)(3, np.zeros(3), 1).stance.tolist() == [1, -1, 0]
