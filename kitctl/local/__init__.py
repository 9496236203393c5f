"""The local Kaggle: an HTTP server that behaves as Kaggle does, for rehearsals and for tests.

`state/` holds the rules and the memory (SQLite), `wire.py` the JSON, `api_*.py` the methods,
`server.py` the routes, `conductor.py` the runs. It shares no code with the adapter that talks to
Kaggle, so that it can catch that one's mistakes.
"""
