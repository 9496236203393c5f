"""What the operations need from outside, as protocols and the values that cross them."""

from kitctl.ports.competitions import (
    CompetitionInfo,
    CompetitionService,
    ScoredSubmission,
    SubmissionStatus,
)
from kitctl.ports.datasets import (
    DatasetRequest,
    DatasetService,
    PhotoFault,
    PhotoInspector,
    PushState,
    SavedContent,
    SentRequest,
    Uploader,
    UploadExpired,
    UploadSession,
)
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
    SourceVersion,
)
from kitctl.ports.ledger import AdmissionCheck, Ledger
from kitctl.ports.reporter import NullReporter, ProgressBar, Reporter
from kitctl.ports.results import (
    Downloader,
    DownloadInterrupted,
    FileContent,
    MovedFiles,
    ResultsFolder,
    UrlExpired,
)
from kitctl.ports.running import Clock, LocalRun, Runner
from kitctl.ports.search import Search

__all__ = [
    "AdmissionCheck",
    "AnswerLost",
    "Clock",
    "CompetitionInfo",
    "CompetitionService",
    "DatasetRequest",
    "DatasetService",
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
    "NullReporter",
    "OutputFile",
    "PhotoFault",
    "PhotoInspector",
    "PolledStatus",
    "ProgressBar",
    "PushState",
    "Reporter",
    "ResultsFolder",
    "Runner",
    "SaveRequest",
    "SavedContent",
    "SavedVersion",
    "ScoredSubmission",
    "Search",
    "SentRequest",
    "SourceVersion",
    "SubmissionStatus",
    "UploadExpired",
    "UploadSession",
    "Uploader",
    "UrlExpired",
]
