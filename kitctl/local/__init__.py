"""The local Kaggle: an HTTP server that behaves as Kaggle does, for dry runs and for tests.

`lifecycle.py` starts, finds and stops it from other processes; `process.py` is the server's own
process, `app.py` its application. `http/` holds the API, `runs/` the sessions, `state/` the rules
and the database, `testing/` faults and ready-made runs. No code is shared with the adapter that
talks to Kaggle, so that the local Kaggle can catch that adapter's mistakes.
"""
