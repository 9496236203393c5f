"""Make a data set of files, or its next version: only what changed, resumed, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kitctl.domain.data.dataset_resources import Resource
from kitctl.domain.data.datasets import (
    MARK_LETTERS,
    DatasetInfo,
    DatasetRef,
    DatasetStatus,
    LocalFile,
    content_hash,
    plan_items,
    version_notes,
)
from kitctl.domain.runs.run import NOT_SHOWN_SECONDS
from kitctl.errors import KitError, Refused
from kitctl.operations.dataset_versions.uploads import Uploads, explain_interrupt
from kitctl.ports import (
    AnswerLost,
    Clock,
    DatasetRequest,
    DatasetService,
    PushState,
    Reporter,
    SavedContent,
    SentRequest,
    Uploader,
)

# Seconds before each look for a version whose request got no answer.
LOOK_PAUSES = (0.5, 2.0, 5.0, 10.0, 15.0)


@dataclass(frozen=True, kw_only=True)
class DatasetContent:
    """What is to become a data set: files below `root`, and its description."""

    ref: DatasetRef
    root: Path
    files: Sequence[LocalFile]
    title: str
    message: str = "Update"
    license: str = "unknown"
    is_private: bool = True
    subtitle: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()
    resources: Mapping[str, Resource] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DatasetPorts:
    """What a push of a data set works with; `jobs` uploads run at once."""

    datasets: DatasetService
    uploader: Uploader
    state: Callable[[DatasetRef], PushState]
    clock: Clock
    reporter: Reporter
    jobs: int = 16


@dataclass(frozen=True)
class PushedVersion:
    """The version of a data set that has the content; `changed`: it was made now."""

    ref: DatasetRef
    version: int
    url: str
    changed: bool
    uploaded_bytes: int = 0


def push_content(content: DatasetContent, ports: DatasetPorts) -> PushedVersion:
    """Make the content a version of its data set, unless the newest version has it already.

    Raises Refused where Kaggle refuses it, NetworkFailed where a file does not get through: then no
    version was made, and the same call goes on. AnswerLost where that is not known.
    """
    state = ports.state(content.ref)
    with state.exclusive(lambda: _report_waiting(content.ref, ports.reporter)):
        return _Push(content, state, ports).run()


def no_effect(options: Sequence[str], pushed: PushedVersion) -> str:
    """Return the warning that options had no effect, since only a first version takes them."""
    return (
        f"{' and '.join(options)} had no effect: {pushed.ref} exists already. Change that at"
        f" {pushed.url}/settings"
    )


class _Push:
    def __init__(self, content: DatasetContent, state: PushState, ports: DatasetPorts) -> None:
        self._content, self._state, self._ports = content, state, ports
        self._digest = content_hash(content.files)
        self._uploaded_bytes = 0

    def run(self) -> PushedVersion:
        content, ports = self._content, self._ports
        if sent := self._state.sent:
            what = f"Looking for version {sent.version} of {content.ref}, which got no answer"
            with ports.reporter.progress(what):
                self._look_for(sent, since=sent.at)
        info = self._ports.datasets.find(self._content.ref)
        self._check_privacy(info)
        if info is not None and self._is_newest(info):
            return self._result(info.version, info.url, info, changed=False)
        uploads = Uploads(content.root, self._state, ports.datasets, ports.uploader)
        tokens = uploads.run(
            plan_items(content.files), f"Uploading {content.ref}", ports.jobs, ports.reporter
        )
        self._uploaded_bytes = uploads.bytes
        return self._send(tokens, info)

    def _is_newest(self, info: DatasetInfo) -> bool:
        """Return whether the newest version has this content, as this or another machine noted.

        A version that Kaggle could not make ready is made again.
        """
        mark, own = info.marks.get(info.version, ""), self._digest[:MARK_LETTERS]
        saved = self._state.saved
        is_saved = (
            saved is not None
            and (saved.digest, saved.version) == (self._digest, info.version)
            and (saved.dataset == info.id or 0 in (saved.dataset, info.id))
        )
        if mark != own and (mark or not is_saved):
            return False
        return self._ports.datasets.status(info.ref) is not DatasetStatus.FAILED

    def _check_privacy(self, info: DatasetInfo | None) -> None:
        if info is not None and info.is_private and not self._content.is_private:
            raise Refused(
                f"{info.ref} exists and is private; nothing was sent.",
                code="dataset_private",
                hint=f"Make it public at {info.url}/settings, then push without --public.",
            )
        if info is not None and info.is_private is False and self._content.is_private:
            self._ports.reporter.warn(f"{info.ref} is public: everybody may read what is pushed.")

    def _send(self, tokens: Mapping[str, str], info: DatasetInfo | None) -> PushedVersion:
        """Send the request that makes the version, once."""
        content, state, datasets = self._content, self._state, self._ports.datasets
        version = info.version + 1 if info else 1
        request = DatasetRequest(
            ref=content.ref,
            tokens=tokens,
            notes=version_notes(content.message, self._digest),
            title=content.title,
            license=content.license,
            is_private=content.is_private,
            subtitle=content.subtitle,
            description=content.description,
            keywords=content.keywords,
            resources=content.resources,
        )
        sent = SentRequest(self._digest, version, datasets.now())
        state.record_sent(sent)
        with explain_interrupt("The version was being made: the same command looks for it first."):
            try:
                url = datasets.add_version(request) if info else datasets.create(request)
            except AnswerLost as lost:
                self._ports.reporter.warn(f"{lost.message} Looking for it.")
                saved = self._look_for(sent, since=datasets.now())
                if saved is None:
                    raise
                return self._result(saved.version, saved.url, saved, changed=True)
            except KitError:
                state.record_refused()
                raise
        if info is None:
            with suppress(KitError):  # It exists: a failed request must not hide that.
                info = datasets.find(content.ref)
        return self._result(version, url, info, changed=True)

    def _look_for(self, sent: SentRequest, *, since: float) -> DatasetInfo | None:
        """Return the data set where it shows the version of a request without an answer.

        None where it surely was not made.

        Raises AnswerLost where it may still appear.
        """
        datasets, state = self._ports.datasets, self._state
        for pause in (0.0, *LOOK_PAUSES):
            self._ports.clock.sleep(pause)
            info = datasets.find(self._content.ref)
            if info is not None and info.version >= sent.version:
                if not _is_of(sent, info):
                    break
                state.record_saved(SavedContent(sent.digest, sent.version, info.id))
                return info
            if datasets.now() - since > NOT_SHOWN_SECONDS:
                break
        else:
            raise AnswerLost(
                f"It is not known whether Kaggle took version {sent.version} of"
                f" {self._content.ref}: it does not show one yet, and nothing was sent again.",
                hint="Type the same command again in a few minutes.",
            )
        state.record_refused()
        return None

    def _result(
        self, version: int, url: str, info: DatasetInfo | None, *, changed: bool
    ) -> PushedVersion:
        number = info.id if info else 0
        self._state.record_saved(SavedContent(self._digest, version, number))
        return PushedVersion(self._content.ref, version, url, changed, self._uploaded_bytes)


def _is_of(sent: SentRequest, info: DatasetInfo) -> bool:
    """Return whether the version is the request's; a first one has no notes to tell it by."""
    if sent.version == 1 or not info.marks:
        return True
    return info.marks.get(sent.version) == sent.digest[:MARK_LETTERS]


def _report_waiting(ref: DatasetRef, reporter: Reporter) -> None:
    reporter.info(f"Another kitctl is pushing {ref}; waiting for it …")
