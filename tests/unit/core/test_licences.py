import doctest

import pytest
from cyclonedx.spdx import is_supported_id

from core.models import licences
from core.models.licences import CLASSES, licence_of


def test_the_examples_hold() -> None:
    assert doctest.testmod(licences).failed == 0


def test_every_spdx_id_of_the_table_is_on_spdxs_list() -> None:
    ids = [found.spdx for found in map(licence_of, licences.names()) if found.spdx]
    assert len(ids) > 50
    assert [spdx for spdx in ids if not is_supported_id(spdx)] == []


@pytest.mark.parametrize(
    ("declared", "spdx", "licence_class"),
    [
        ("apache-2.0", "Apache-2.0", "open-source"),
        ("Apache-2.0", "Apache-2.0", "open-source"),
        ("bsl-1.0", "BSL-1.0", "open-source"),  # Boost's, not the Business Source License
        ("gpl-3.0", "GPL-3.0-only", "open-source"),
        ("bsd", None, "open-source"),
        ("cc-by-sa-4.0", "CC-BY-SA-4.0", "open-source"),
        ("llama3.1", None, "source-available"),
        ("gemma", None, "source-available"),
        ("openrail++", None, "source-available"),
        ("cc-by-nd-4.0", "CC-BY-ND-4.0", "source-available"),
        ("cc-by-nc-4.0", "CC-BY-NC-4.0", "research-only"),
        ("cc-by-nc-nd-4.0", "CC-BY-NC-ND-4.0", "research-only"),
        ("qwen-research", None, "research-only"),
        ("cc", None, "unknown"),  # a family with members of each class
        ("other", None, "unknown"),
        ("unknown", None, "unknown"),
        ("", None, "unknown"),
        ("apache", None, "unknown"),
        ("cc-by-nc-4.0-with-exceptions", None, "unknown"),
    ],
)
def test_a_declared_name_has_a_class_and_nothing_is_guessed(declared: str, spdx: str | None, licence_class: str) -> None:
    found = licence_of(declared)
    assert (found.spdx, found.licence_class) == (spdx, licence_class)


@pytest.mark.parametrize(
    ("declared", "licence_class"),
    [
        ("mit, apache-2.0", "open-source"),
        ("mit,gemma", "source-available"),
        ("cc-by-nc-4.0, llama2, mit", "research-only"),
        ("mit, house-rules", "unknown"),
    ],
)
def test_of_several_licences_the_strictest_counts(declared: str, licence_class: str) -> None:
    found = licence_of(declared)
    assert (found.licence_class, found.spdx) == (licence_class, None)
    assert [part.licence_class for part in found.parts] == [licence_of(name).licence_class for name in licences.each(declared)]


def test_no_name_of_the_table_is_of_the_unknown_class() -> None:
    assert {licence_of(name).licence_class for name in licences.names()} == set(CLASSES) - {"unknown"}
