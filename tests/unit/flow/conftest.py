"""A governed lake of its own for every test of gates."""

from __future__ import annotations

import pytest

from support.gates import Gates


@pytest.fixture
def gates(tmp_path):
    made = Gates(tmp_path)
    yield made
    made.close()
