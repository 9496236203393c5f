"""What the operations need from outside, as protocols and the values that cross them."""

from kitctl.ports.kaggle import (
    AnswerLost,
    Kaggle,
    KernelVersion,
    ListedFile,
    LogLine,
    OutputFile,
    PolledStatus,
    SavedVersion,
    SaveRequest,
)
from kitctl.ports.ledger import AdmissionCheck, Ledger
from kitctl.ports.results import (
    Downloader,
    DownloadInterrupted,
    FileContent,
    MovedFiles,
    ResultsFolder,
    UrlExpired,
)
from kitctl.ports.running import Clock, LocalRun, Runner

__all__ = [
    "AdmissionCheck",
    "AnswerLost",
    "Clock",
    "DownloadInterrupted",
    "Downloader",
    "FileContent",
    "Kaggle",
    "KernelVersion",
    "Ledger",
    "ListedFile",
    "LocalRun",
    "LogLine",
    "MovedFiles",
    "OutputFile",
    "PolledStatus",
    "ResultsFolder",
    "Runner",
    "SaveRequest",
    "SavedVersion",
    "UrlExpired",
]
