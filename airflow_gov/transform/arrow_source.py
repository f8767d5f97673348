"""Arrow datasets read in bounded memory."""

from __future__ import annotations

from typing import Any

import pyarrow.dataset as ds

#: Batches read ahead of the engine. Arrow's own choice (16, of 4 files at once) took 1 GB for six columns.
BATCHES_AHEAD = 2


class _SteadyDataset(ds.FileSystemDataset):
    """Files that are read one after the other, a few batches ahead."""

    def scanner(self, *_: Any, **options: Any) -> ds.Scanner:
        """A scanner of the columns and rows that the engine asks for."""
        options.update(use_threads=False, batch_readahead=BATCHES_AHEAD, fragment_readahead=1)
        return super().scanner(**options)


def steady(dataset: ds.Dataset) -> ds.Dataset:
    """The same dataset, read in bounded memory where it consists of files.

    A filter that the dataset carries is not kept: the caller filters.
    """
    if not isinstance(dataset, ds.FileSystemDataset):
        return dataset
    return _SteadyDataset(
        list(dataset.get_fragments()), dataset.schema, dataset.format, filesystem=dataset.filesystem
    )
