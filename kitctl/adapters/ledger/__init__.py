"""The ledger of pushed runs, kept in SQLite."""

from kitctl.adapters.ledger.ledger import SqliteLedger

__all__ = ["SqliteLedger"]
