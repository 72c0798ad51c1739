"""The first source of a content is its owner."""

from inkread.batch.duplicates import Duplicates


def test_a_file_can_be_used_by_two_at_once_and_is_begun_anew(tmp_path):
    path = tmp_path / "seen.sqlite"
    first = Duplicates(path)
    first.add([("ab", 3), ("cd", 4), ("ab", 9)])
    second = Duplicates(path, keep=True)
    assert (second.owner("ab", 7), second.owner("ef", 8), first.owner("ef", 1)) == (3, 8, 8)
    first.close()
    second.close()
    anew = Duplicates(path)
    assert anew.owner("ab", 7) == 7
    anew.close()
