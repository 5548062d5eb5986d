"""One data set repository on the Hub: what is in it, a commit, a tag. Each call may fail at any moment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_session
from huggingface_hub.errors import RemoteEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile

from .items import Item

KIND = "dataset"
PATIENT = httpx.Timeout(300.0, connect=30.0)
"""Of one answer; without it a connection that died silently is waited for forever."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What is there at one commit."""

    sha: str
    private: bool
    files: Mapping[str, RepoFile]


@dataclass(frozen=True, slots=True)
class Repository:
    """By its name, `user/name`."""

    api: HfApi
    name: str

    def state(self, revision: str | None = None) -> State | None:
        """None where there is no such repository or revision."""
        get_session().timeout = PATIENT
        try:
            info = self.api.dataset_info(self.name, revision=revision)
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            if error.response.status_code == 401:
                raise
            return None
        tree = self.api.list_repo_tree(self.name, recursive=True, revision=info.sha, repo_type=KIND)
        files = {each.path: each for each in tree if isinstance(each, RepoFile)}
        return State(info.sha or "", bool(info.private), files)

    def create(self, private: bool) -> None:
        """Nothing happens where it is there."""
        self.api.create_repo(self.name, repo_type=KIND, private=private, exist_ok=True)

    def read(self, path: str, revision: str) -> Any:
        """A JSON file; None where it is not there."""
        with TemporaryDirectory(prefix="dynacollect-") as aside:
            try:
                file = self.api.hf_hub_download(
                    self.name, path, repo_type=KIND, revision=revision, local_dir=aside, force_download=True
                )
            except RemoteEntryNotFoundError:
                return None
            return json.loads(Path(file).read_text(encoding="utf-8"))

    def commit(self, items: Sequence[Item], gone: Sequence[str], parent: str, message: str) -> str:
        """On top of this parent only; the new commit. What was uploaded before is not uploaded again."""
        adds = [_added(item) for item in items]
        # Files with the same bytes are one upload.
        different = {add.upload_info.sha256: add for add in adds}
        self.api.preupload_lfs_files(self.name, list(different.values()), repo_type=KIND, free_memory=False)
        removed = [CommitOperationDelete(path) for path in gone]
        done = self.api.create_commit(
            self.name, [*adds, *removed], commit_message=message, repo_type=KIND, parent_commit=parent
        )
        return done.oid

    def tags(self) -> dict[str, str]:
        """Commits by name."""
        refs = self.api.list_repo_refs(self.name, repo_type=KIND)
        return {tag.name: tag.target_commit for tag in refs.tags}

    def tag(self, name: str, sha: str) -> None:
        """Put it on this commit, wherever it was."""
        there = self.tags().get(name)
        if there == sha:
            return
        if there is not None:
            self.api.delete_tag(self.name, tag=name, repo_type=KIND)
        self.api.create_tag(self.name, tag=name, revision=sha, repo_type=KIND, exist_ok=True)


def _added(item: Item) -> CommitOperationAdd:
    add = CommitOperationAdd(item.path, item.source)
    add.upload_info.sha256 = bytes.fromhex(item.sha256)
    return add
