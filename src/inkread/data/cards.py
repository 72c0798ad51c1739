"""The cards of the data sets: what each one is, where it comes from, what it may be used for, and its hashes.

A card is data and opens no file; :mod:`inkread.data.datasets` loads what the cards name.

The hash of a split is the SHA-256 over its *decoded* arrays, so that it is the same whatever file they came in: every
picture in order (height and width as two little-endian 32-bit integers, then its pixels, row by row), then the labels
in UTF-8, each followed by a newline. Pen strokes are hashed as 64-bit floats, see
:func:`inkread.data.datasets.fingerprint`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from inkread.errors import InvalidOption

__all__ = ["CARDS", "DatasetCard", "Split", "card"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One part of a data set.

    Attributes
    ----------
    count
        Number of samples.
    sha256
        Of the decoded arrays, or None where nobody has published or measured it.
    """

    count: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCard:
    """What is known of one data set.

    Attributes
    ----------
    name
        What it is called in commands, and the folder it lives in.
    use
        "train": its terms let the bundled weights learn from it. "evaluate": they do not, or nobody stated any; it is
        for reports and for recipes that are not bundled.
    form
        "images" (one character each), "lines" (several digits each), "strokes" (pen paths) or "labels" (no pixels).
    dark_ink
        True where ink is darker than paper, None where there are no pixels.
    splits
        In the order in which "all" joins them.
    obtain
        "fetch" (``inkread data fetch``), "import" (``inkread data import`` takes the publisher's files), both, or
        none: then the folder is laid out by hand as ``file`` says.
    files
        The files of the set inside its folder.
    """

    name: str
    title: str
    source: str
    licence: str
    use: Literal["train", "evaluate"]
    form: Literal["images", "lines", "strokes", "labels"]
    dark_ink: bool | None
    splits: Mapping[str, Split]
    files: tuple[str, ...]
    citation: str
    obtain: frozenset[Literal["fetch", "import"]] = field(default_factory=frozenset)
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "splits", MappingProxyType(dict(self.splits)))


def card(name: str) -> DatasetCard:
    """The card of the data set ``name``.

    Raises
    ------
    InvalidOption
        If there is no such data set.

    Examples
    --------
    >>> card("mnist").splits["test"].count
    10000
    """
    try:
        return CARDS[name]
    except KeyError:
        near = difflib.get_close_matches(name, CARDS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidOption(f"there is no data set {name!r}; there are {', '.join(CARDS)}{hint}") from None


_ALL = (
    DatasetCard(
        name="mnist",
        title="MNIST: digits of American census workers and high-school students",
        source="http://yann.lecun.com/exdb/mnist/",
        licence="CC BY-SA 3.0",
        use="train",
        form="images",
        dark_ink=False,
        splits={
            "train": Split(count=60000, sha256="43fd88e25c30cd203f51c4891546ba8d1f0342b7ff86c0659f53cd6655399acc"),
            "test": Split(count=10000, sha256="d95c480314f19e8c2a6fcd94824bc1aaa6beee7a6ebb1ae2d043e947abef0c7f"),
        },
        files=(
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
        ),
        citation=(
            "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition."
            " Proc. IEEE 86(11), 1998. doi:10.1109/5.726791"
        ),
        obtain=frozenset({"fetch", "import"}),
        note="Writers and series come from qmnist when it is there.",
    ),
    DatasetCard(
        name="qmnist",
        title="QMNIST labels: class, series and writer of the MNIST pictures, in the same order",
        source="https://github.com/facebookresearch/qmnist",
        licence="BSD 3-Clause",
        use="train",
        form="labels",
        dark_ink=None,
        splits={
            "train": Split(count=60000, sha256="fd35ae63b9cc2c3937b192ae4c64dd6209616c4bad08ac80c12c2671eb4a021f"),
            "test": Split(count=60000, sha256="2a91d5caf99453a7c0d529185d67da358c7e53a4e1e8f65d0ca2f510d3052f39"),
        },
        files=("qmnist-train-labels-idx2-int.gz", "qmnist-test-labels-idx2-int.gz"),
        citation="C. Yadav, L. Bottou: Cold case: the lost MNIST digits. NeurIPS 2019. arXiv:1905.10498",
        obtain=frozenset({"fetch", "import"}),
        note="The first 10,000 rows of test are the MNIST test pictures.",
    ),
    DatasetCard(
        name="emnist_digits",
        title="EMNIST digits: more digits of the same census forms as MNIST",
        source="https://www.nist.gov/itl/products-and-services/emnist-dataset",
        licence="public domain (NIST Special Database 19)",
        use="train",
        form="images",
        dark_ink=False,
        splits={
            "train": Split(count=240000),
            "test": Split(count=40000),
        },
        files=(
            "emnist-digits-train-images-idx3-ubyte.gz",
            "emnist-digits-train-labels-idx1-ubyte.gz",
            "emnist-digits-test-images-idx3-ubyte.gz",
            "emnist-digits-test-labels-idx1-ubyte.gz",
        ),
        citation=(
            "G. Cohen, S. Afshar, J. Tapson, A. van Schaik: EMNIST: an extension of MNIST to handwritten letters."
            " 2017. arXiv:1702.05373"
        ),
        obtain=frozenset({"import"}),
        note="Shares pictures with MNIST, its test part included: never train on it and report MNIST test.",
    ),
    DatasetCard(
        name="bhmsds",
        title="BHMSDS: digits and signs of few European writers",
        source="https://github.com/wblachowski/bhmsds",
        licence="MIT",
        use="train",
        form="images",
        dark_ink=True,
        splits={
            "all": Split(count=27000, sha256="e07933be6ae2f2826e57dc7e70ff167a0d5155ac01e30643808c12914d68f623"),
        },
        files=("bhmsds.npz",),
        citation="W. Blachowski: Basic Handwritten Math Symbols Dataset (BHMSDS)",
        note="Classes 0-9, dot, minus, plus, slash, w, x, y, z.",
    ),
    DatasetCard(
        name="hwd1000",
        title="HWD-1000: digits drawn on a screen with various pens",
        source="https://github.com/niklashenning/hwd-1000-dataset",
        licence="MIT",
        use="train",
        form="images",
        dark_ink=True,
        splits={
            "all": Split(count=1000, sha256="0f2b68dc5fc99ca8f5ce19adfcdd8a310a0ea67b9320769d6c2c1501559628d1"),
        },
        files=("hwd1000.npz",),
        citation="N. Henning: HWD-1000 dataset",
    ),
    DatasetCard(
        name="phone_chars62",
        title="Phone photographs of the characters 0-9 A-Z a-z",
        source="https://github.com/TasnimulIntazamAsif",
        licence="MIT",
        use="train",
        form="images",
        dark_ink=True,
        splits={
            "train": Split(count=4336, sha256="bc294020a6d9872f66aa8f40619937ef8dea569494f532b891eccd964fa44e72"),
            "test": Split(count=1083, sha256="4ee452a5e34b5dbc62cfe6922332fd25e7d2657991ec5307de16c406d4483e57"),
        },
        files=("phone_chars62.zip",),
        citation="T. I. Asif: handwritten characters photographed by telephone",
    ),
    DatasetCard(
        name="mdas_symbols",
        title="Handwritten signs of arithmetic",
        source="https://github.com/jdmacleod/handwritten-calculator",
        licence="MIT",
        use="train",
        form="images",
        dark_ink=False,
        splits={
            "train": Split(count=4803, sha256="c28e829bf5e02598a2fed6dbaf2cbeb240301e64224ab14273d9c717ae4e489e"),
            "val": Split(count=600, sha256="a320d08397cfbc7c73b91266836fe212c6e7ddd7e7589496b671b3200dc80be9"),
            "test": Split(count=603, sha256="b83e52c9b0a0fbb664208b883d2f6ee643a262f38b4ce1c50d4c0caa6b7f83f1"),
        },
        files=("mdas_symbols.npz",),
        citation="J. MacLeod: handwritten-calculator",
        note="Classes plus, minus, cross, dot, slash, obelus.",
    ),
    DatasetCard(
        name="omniglot_small",
        title="Omniglot: 242 characters of other alphabets, 20 drawers each",
        source="https://github.com/brendenlake/omniglot",
        licence="MIT",
        use="train",
        form="images",
        dark_ink=False,
        splits={
            "all": Split(count=4840, sha256="d818e808e9f32eaabcdf3b6deeb590622cb8396d2a16aabe37bc18397839f149"),
        },
        files=("omniglot_small.npz",),
        citation=(
            "B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum: Human-level concept learning through probabilistic "
            "program induction. Science 350, 2015. doi:10.1126/science.aab3050"
        ),
        note="Some characters look like digits. A writer is a drawer's number within an alphabet.",
    ),
    DatasetCard(
        name="optdigits32",
        title="Optical Recognition of Handwritten Digits: original bitmaps, Turkish hands",
        source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
        licence="CC BY 4.0",
        use="train",
        form="images",
        dark_ink=False,
        splits={
            "train": Split(count=1934, sha256="ed85eff0f5ac12fed987ad739ca01ea7ae844b0a3e4f4943a2c3090e1cf1e512"),
            "test": Split(count=946, sha256="b2774ac942ba8760b0a3b265baa94c2f5100600b183e65be8da5592d6842db0a"),
        },
        files=("optdigits32.npz",),
        citation=(
            "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, "
            "1998. doi:10.24432/C50P49"
        ),
        obtain=frozenset({"import"}),
        note="Each digit is stretched to the whole picture. Test is the publisher's part .cv, by the same 30 writers.",
    ),
    DatasetCard(
        name="pendigits8",
        title="Pen-Based Recognition of Handwritten Digits: eight points a digit, 30 + 14 writers",
        source="https://archive.ics.uci.edu/dataset/81/pen+based+recognition+of+handwritten+digits",
        licence="CC BY 4.0",
        use="train",
        form="strokes",
        dark_ink=None,
        splits={
            "train": Split(count=7494, sha256="d3d62cf591e0d830d351988eaac8be10d99208154315ffb9e1f57cb5b21b3a9b"),
            "test": Split(count=3498, sha256="2413c3e9143052b79f3e31745b276ed637a208594d8b66915fddb5d536b15507"),
        },
        files=("pendigits8.npz",),
        citation=(
            "E. Alpaydin, F. Alimoglu: Pen-Based Recognition of Handwritten Digits. UCI Machine Learning "
            "Repository, 1996. doi:10.24432/C5MG6K"
        ),
        obtain=frozenset({"import"}),
        note="All strokes of a digit are joined to one path; y is turned to point down.",
    ),
    DatasetCard(
        name="semeion",
        title="Semeion handwritten digits",
        source="https://archive.ics.uci.edu/dataset/178/semeion+handwritten+digit",
        licence="CC BY 4.0 (as UCI states)",
        use="evaluate",
        form="images",
        dark_ink=False,
        splits={
            "all": Split(count=1593, sha256="f9fc3fb16a0d954dc93bb8357b72dce8b141aad7765a2fd8964ece8ae15a06b0"),
        },
        files=("semeion.npz",),
        citation=(
            "M. Buscema, S. Terzi: Semeion Handwritten Digit. UCI Machine Learning Repository, 1994. "
            "doi:10.24432/C5SC8V"
        ),
    ),
    DatasetCard(
        name="usps",
        title="USPS: digits of American envelopes",
        source="https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass.html#usps",
        licence="none stated",
        use="evaluate",
        form="images",
        dark_ink=False,
        splits={
            "train": Split(count=7291, sha256="85352e4172b18afac4ab971b57876e047afbb0a6ff6e052f9bf02cc88e07e354"),
            "test": Split(count=2007, sha256="ebaf68017931e6a157d11992536da558521731466b678e5c106b1e197583912e"),
        },
        files=("usps.npz",),
        citation=(
            "J. J. Hull: A database for handwritten text recognition research. IEEE PAMI 16(5), 1994. "
            "doi:10.1109/34.291440"
        ),
        obtain=frozenset({"import"}),
    ),
    DatasetCard(
        name="dida",
        title="DIDA: digits of Swedish church books, neighbours' pieces visible",
        source="https://didadataset.github.io/DIDA/",
        licence="none stated",
        use="evaluate",
        form="images",
        dark_ink=True,
        splits={
            "train": Split(count=3000, sha256="5a8ac10b941411c7ef1f1963bc648670413611bb43e1714605d5689424c01459"),
            "test": Split(count=1000, sha256="652fc0e3d05deb5363d3c2b2a060776440f0f7b932822d3b4195b4cca6223265"),
        },
        files=("dida.zip",),
        citation=(
            "H. Kusetogullari, A. Yavariabdi, J. Hall, N. Lavesson: DIGITNET: a deep handwritten digit detection "
            "and recognition method using a new historical handwritten digit dataset. Big Data Research 23, 2021."
            " doi:10.1016/j.bdr.2020.100182"
        ),
    ),
    DatasetCard(
        name="mgr_rowid",
        title="Row numbers of Danish parish books, one to three digits",
        source="https://github.com/coastalcph/mgr-birthdates",
        licence="none stated",
        use="evaluate",
        form="lines",
        dark_ink=True,
        splits={
            "train": Split(count=9575, sha256="fa4bc851f5d00f1d9784e6ef01dc66197e18562a0de5550ae1069f43806a907e"),
            "test": Split(count=3542, sha256="f9bfc85d5dc1f7857fc9c3c811b285e2eb476769e1f3b827ef619592683f8634"),
        },
        files=("mgr_rowid.npz",),
        citation="coastalcph/mgr-birthdates",
        note="A writer is the number of the book; the splits share no book.",
    ),
    DatasetCard(
        name="car_a",
        title="ORAND-CAR-A: amounts of real cheques, a box for each digit",
        source="https://doi.org/10.1109/ICFHR.2014.136",
        licence="research",
        use="evaluate",
        form="lines",
        dark_ink=True,
        splits={
            "train": Split(count=758, sha256="0b84ef55b72e81145ee77039cd1a14f2bcfdec2db677e0a08ca4ef0509e54df5"),
            "val": Split(count=150, sha256="83a0b3c245447f83b86bc20047176b74d8388477c605d09356fe1657dd52dae5"),
            "test": Split(count=150, sha256="77828aeb860ee807d15bc1d89d87766d5e00ad662238e0f38335516477db9015"),
        },
        files=("labels.csv", "images"),
        citation=(
            "M. Diem et al.: ICFHR 2014 competition on handwritten digit string recognition in challenging "
            "datasets (HDSRC 2014). doi:10.1109/ICFHR.2014.136"
        ),
        note="Dots and dashes are not in the labels.",
    ),
    DatasetCard(
        name="choice62",
        title="Cursive characters 0-9 A-Z a-z",
        source="",
        licence="none stated",
        use="evaluate",
        form="images",
        dark_ink=True,
        splits={
            "all": Split(count=2811, sha256="aefb481d113e9604071bc3eedd3989868d3230bdae1cc765682cd7d6bed9bbac"),
        },
        files=("choice62.npz",),
        citation="",
    ),
    DatasetCard(
        name="digilets_digits",
        title="DigiLeTs: digits as pen strokes with pressure and time, 111 writers",
        source="https://github.com/CognitiveModeling/DigiLeTs",
        licence="cite",
        use="evaluate",
        form="strokes",
        dark_ink=None,
        splits={
            "all": Split(count=5536, sha256="aa3316ca082613242a6d120229513bc6e235944eeee81efff36dc0902b128f08"),
        },
        files=("digilets_digits.npz",),
        citation="CognitiveModeling/DigiLeTs: Extending the Handwritten Character Omniglot Challenge",
    ),
    DatasetCard(
        name="digilets_letters",
        title="DigiLeTs: letters as pen strokes with pressure and time",
        source="https://github.com/CognitiveModeling/DigiLeTs",
        licence="cite",
        use="evaluate",
        form="strokes",
        dark_ink=None,
        splits={
            "all": Split(count=12012, sha256="55c1699803b4c2a99cbdb53394ef506625b292ac2fa666d198e47a29cc2e85af"),
        },
        files=("digilets_letters.npz",),
        citation="CognitiveModeling/DigiLeTs: Extending the Handwritten Character Omniglot Challenge",
    ),
)

CARDS: Mapping[str, DatasetCard] = MappingProxyType({one.name: one for one in _ALL})
