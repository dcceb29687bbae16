"""Data sets on the Hugging Face hub, as parquet files of one commit in the hub's cache on this machine.

A full commit hash is fetched once; after that it needs no network, and no other commit ever stands in for it
(`datasets.load_dataset` without a network takes the latest cached version, whatever revision was asked for). A branch
or tag is looked up each time, and where the hub cannot be reached, what it was the last time counts. A token is read by
the hub's own library (`HF_TOKEN`, or a login). Other file formats and several configurations are not covered.

    commit = resolve("simplescaling/s1K", "main", "data.pool", "data.revision")
    folder = download("simplescaling/s1K", commit, "data.pool", "data.revision")
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from s1repro.reasons import first_line

PARQUET = "*.parquet"
"""The files that are fetched."""


def is_id(place: str) -> bool:
    """Whether `place` can be a data set's id: an owner and a name."""
    return re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", place) is not None


def resolve(name: str, revision: str, key: str, revision_key: str) -> str:
    """The commit that `revision` (a full hash, a branch, a tag, or nothing for `main`) stands for.

    A full hash stands for itself, without a look at the hub. For anything else one line tells how to pin what was got.
    Raises `ValueError` as `download` does.
    """
    if re.fullmatch(r"[0-9a-f]{40}", revision):
        return revision
    commit = download(name, revision or "main", key, revision_key).name
    print(f"{key}: {name} at {revision or 'main'} is commit {commit}; to get the same again: {revision_key}={commit}")
    return commit


def download(name: str, revision: str, key: str, revision_key: str) -> Path:
    """The folder with the parquet files of a data set, named by its commit; fetched where they are not in the cache.

    Raises `ValueError`, naming the setting `key`, where the hub cannot be reached, or has no such data set or
    `revision`, or does not let this account read it.
    """
    import httpx2
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
        XetDownloadError,
    )
    from huggingface_hub.utils import logging as hub_logging

    verbosity = hub_logging.get_verbosity()
    hub_logging.set_verbosity(logging.ERROR)  # it warns of each new try; what came of them is told below, once
    try:
        return Path(snapshot_download(name, repo_type="dataset", revision=revision, allow_patterns=PARQUET))
    except GatedRepoError as error:
        page = f"{constants.ENDPOINT}/datasets/{name}"
        raise ValueError(f"{key}: {name} is gated; accept its terms at {page} and set HF_TOKEN") from error
    except RepositoryNotFoundError as error:
        raise ValueError(
            f"{key}: no file or folder {name} here, and no data set of that name on the hub that this account may "
            "read; correct it, or set HF_TOKEN if it is private"
        ) from error
    except RevisionNotFoundError as error:
        raise ValueError(f"{revision_key}: {name} has no revision {revision}; see its page for its commits") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, httpx2.HTTPError, XetDownloadError) as error:
        cause = error.__cause__ or error
        reason = "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else first_line(cause)
        raise ValueError(
            f"{key}: no file or folder {name} here, and the hub cannot be reached for it ({reason}); connect to a "
            f"network once, point HF_HOME to a cache that holds it, or set {key} to files you have"
        ) from error
    finally:
        hub_logging.set_verbosity(verbosity)
