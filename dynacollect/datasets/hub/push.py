"""A built data set to the Hub: asks what is there, sends what is not, in commits of bounded size, until all is.

Nothing is noted down here about what was sent, so that nothing noted can be wrong. The tag that LeRobot reads is moved
last: who loads the set meanwhile gets the state before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, get_token
from huggingface_hub.utils import disable_progress_bars

from ...rig.clock import Clock, HostClock
from ...rig.errors import DynacollectError
from ..built import INFO, BuiltSet, read_built
from ..checks import Report, check_any
from ..export.statement import FILE as STATEMENT
from .card import card
from .items import CARD, Item, batches, items_of
from .limits import refuse_crowded
from .patience import FAILURES, Patience, no_token
from .pictures import SHEET, sheet
from .repository import Repository, State

OURS = ("data/", "meta/", "videos/")
"""Folders in which nothing else may be; other files of a repository stay."""
Show = Callable[[int, int], None]
"""Told after each commit how many bytes are there, of how many."""
Tell = Callable[[str], None]
"""Told in words when the Hub has to be waited for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a push is about."""

    repo: str
    files: int
    bytes: int
    missing: tuple[str, ...]
    """Files that are not there yet, or are there otherwise."""
    missing_bytes: int
    commits: int
    removed: tuple[str, ...]
    """Files that are there and not part of the set any more."""
    warnings: int | None
    """Of `dataset check`; None where it was left out."""
    card: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push has done; that everything is there was read from the Hub afterwards."""

    repo: str
    url: str
    private: bool
    tags: tuple[str, ...]
    sha: str
    files: int
    bytes: int
    sent: int
    """Files; the others were there."""
    sent_bytes: int
    commits: int
    failures: int
    """Calls that were made again."""
    waited_s: float


def push(
    folder: Path, repo: str, *, public: bool = False, check: bool = True, replace: bool = False,
    tag: str | None = None, api: HfApi | None = None, clock: Clock | None = None, show: Show = lambda *_: None,
    tell: Tell = lambda _: None,
) -> Pushed:  # fmt: skip
    """Send a set; called again after anything went wrong, it goes on."""
    work = _Push(folder, repo, api, clock, tell)
    work.refuse_strangers()
    work.read(check)
    sha = work.upload(public=public, replace=replace, show=show)
    return work.finish(sha, public, tag)


def plan(
    folder: Path, repo: str, *, check: bool = True, api: HfApi | None = None, clock: Clock | None = None,
    tell: Tell = lambda _: None,
) -> Plan:  # fmt: skip
    """What a push would do; without a token, as if nothing were there."""
    work = _Push(folder, repo, api, clock, tell)
    work.read(check)
    state = work.patience.ask(work.hub.state) if work.has_token else None
    missing = work.missing(state)
    return Plan(
        repo, len(work.items), work.bytes, tuple(item.path for item in missing), sum(item.size for item in missing),
        len([*batches(missing)]), tuple(work.gone(state)), work.warnings, work.card,
    )  # fmt: skip


class _Push:
    """One push at work."""

    def __init__(self, folder: Path, repo: str, api: HfApi | None, clock: Clock | None, tell: Tell) -> None:
        if repo.count("/") != 1 or not all(repo.split("/")):
            raise DynacollectError(f"--repo {repo} is no repository; give user/name, or organization/name")
        disable_progress_bars()
        self.folder, self.api, self.built = folder, api or HfApi(), read_built(folder)
        self.hub = Repository(self.api, repo)
        self.patience = Patience(clock or HostClock(), repo, tell)
        self.items: list[Item] = []
        self.warnings: int | None = None
        self._sent, self._sent_bytes, self._commits = 0, 0, 0

    @property
    def has_token(self) -> bool:
        return bool(self.api.token or get_token())

    @property
    def bytes(self) -> int:
        return sum(item.size for item in self.items)

    @property
    def card(self) -> str:
        item = next(item for item in self.items if item.path == CARD)
        data = item.source if isinstance(item.source, bytes) else item.source.read_bytes()
        return data.decode("utf-8")

    def refuse_strangers(self) -> None:
        if not self.has_token:
            raise no_token()
        self.patience.ask(self.api.whoami)

    def read(self, check: bool) -> None:
        """Everything here, before anything is sent."""
        refuse_crowded({item.path: item.size for item in items_of(self.folder, {})})
        report = _checked(self.built) if check else None
        self.warnings = None if report is None else len(report.findings)
        text = card(self.built, self.hub.name, report)
        self.items = items_of(self.folder, {CARD: text.encode(), SHEET: sheet(self.built)})

    def missing(self, state: State | None) -> list[Item]:
        return [item for item in self.items if state is None or not item.is_there(state.files.get(item.path))]

    def gone(self, state: State | None) -> list[str]:
        here = {item.path for item in self.items}
        return [] if state is None else sorted(path for path in {*state.files} - here if path.startswith(OURS))

    def upload(self, *, public: bool, replace: bool, show: Show) -> str:
        """Until all is there; the commit that has it."""
        state = self._opened(public)
        _refuse_others(self.built, self.patience.ask(lambda: self._strange(state)), self.hub.name, replace)
        before: Collection[str] | None = None
        while True:
            missing, gone = self.missing(state), self.gone(state)
            left = {*gone, *(item.path for item in missing)}
            if not left:
                return state.sha
            if left == before:
                raise DynacollectError(
                    f"{min(left)} does not stay as it was sent, maybe as {self.folder} changes meanwhile; push again"
                )
            before = left if self._sent_all(state, missing, gone, show) else None
            state = self._opened(public)

    def finish(self, sha: str, public: bool, tag: str | None) -> Pushed:
        """Move the tags, and read from the Hub what LeRobot will read."""
        version = self.built.info["codebase_version"]
        tags = (version, *([tag] if tag else []))
        if tag and self.patience.ask(self.hub.tags).get(tag, sha) != sha:
            raise DynacollectError(
                f"{self.hub.name} has a tag {tag} on something else, which stays; give another --tag"
            )
        for name in tags:
            self.patience.ask(lambda name=name: self.hub.tag(name, sha))
        state = self.patience.ask(lambda: self.hub.state(version))
        info = self.patience.ask(lambda: self.hub.read(INFO, version))
        if state is None or state.sha != sha or state.private is public or info != self.built.info:
            raise DynacollectError(f"{self.hub.name} is not as it was sent, maybe somebody else changed it; push again")
        return Pushed(
            self.hub.name, f"{self.api.endpoint}/datasets/{self.hub.name}", state.private, tags, sha, len(self.items),
            self.bytes, self._sent, self._sent_bytes, self._commits, self.patience.failures, self.patience.waited_s,
        )  # fmt: skip

    def _opened(self, public: bool) -> State:
        """The repository as it is, made where it is not."""
        state = self.patience.ask(self.hub.state)
        if state is None:
            self.patience.ask(lambda: self.hub.create(private=not public))
            state = self.patience.ask(self.hub.state)
        if state is None:
            raise DynacollectError(f"{self.hub.name} cannot be made; is there a user or organization of that name?")
        if state.private is public:
            is_there, remedy = ("private", "leave --public out") if public else ("public", "give --public")
            raise DynacollectError(f"{self.hub.name} is {is_there} already; {remedy}, or change that on its page first")
        return state

    def _strange(self, state: State) -> Sequence[str]:
        """What is there of other sets: ids of episodes, or files."""
        if STATEMENT not in state.files:
            return [path for path in sorted(state.files) if path.startswith(OURS)]
        said = self.hub.read(STATEMENT, state.sha)
        return sorted({source["id"] for source in said["episodes"]} - self.built.ledger.ids)

    def _sent_all(self, state: State, missing: Sequence[Item], gone: Sequence[str], show: Show) -> bool:
        """Commit after commit; False where one failed, so that it is asked anew what is there."""
        there, sha = self.bytes - sum(item.size for item in missing), state.sha
        show(there, self.bytes)
        parts = [*batches(missing)] or [[]]
        for number, batch in enumerate(parts, start=1):
            message = f"{self.built.name}: {len(batch)} files, part {number} of {len(parts)}"
            try:
                sha = self.hub.commit(batch, gone if number == len(parts) else (), sha, message)
            except FAILURES as error:
                self.patience.after(error)
                return False
            self.patience.renew()
            self._sent, self._commits = self._sent + len(batch), self._commits + 1
            self._sent_bytes += sum(item.size for item in batch)
            there += sum(item.size for item in batch)
            show(there, self.bytes)
        return True


def _checked(built: BuiltSet) -> Report:
    if built.ledger.options.format == "v2.1":
        raise DynacollectError(
            f"{built.folder} is of LeRobot v2.1, which is not checked; check the session it was built of, and push "
            "with --no-check"
        )
    report = check_any(built.folder)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    if errors:
        where = "" if errors[0].episode is None else f"episode {errors[0].episode}: "
        raise DynacollectError(
            f"{built.folder} has {len(errors)} errors, first {where}{errors[0].detail}; see dynacollect dataset check, "
            "or push it as it is with --no-check"
        )
    return report


def _refuse_others(built: BuiltSet, strange: Sequence[str], repo: str, replace: bool) -> None:
    if strange and not replace:
        raise DynacollectError(
            f"{repo} holds other data ({len(strange)} episodes or files that {built.folder} does not have); name "
            "another repository, or replace it with --replace"
        )
