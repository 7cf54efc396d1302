"""The log: for people, of trouble only; or one JSON object a line, of every request too.

No line has a token, a body, a query, a person's data or a path with an id: a request is told by its operation. What a caller
sends appears only where its form was checked, and control characters are written as escapes, so that no line can be forged.
"""

import logging
import re
import sys
import traceback
from collections.abc import Callable
from typing import Any, TextIO

from sandbox.observability.meter import Exchange
from sandbox.settings import LogFormat

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_QUIET = ("httpx", "httpcore", "connexion", "asyncssh")


class Handler(logging.StreamHandler[TextIO]):
    """What writes the log of this process."""


class _Text(logging.Formatter):
    """Lines for people. An exception's lines follow it, as Python writes them."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. A message of several lines is put on one."""
        record.message = record.getMessage()
        record.asctime = self.formatTime(record)
        line = escaped(self.formatMessage(record).replace("\n", "\\n"))
        if record.exc_info:
            line += "\n" + escaped(self.formatException(record.exc_info))
        return line


def escaped(text: str) -> str:
    """The text with every control character but tabs and the ends of lines written as an escape."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def configure(form: LogFormat) -> None:
    """Sets up the log of this process, on standard error; the libraries' own chatter is kept off it."""
    handler = Handler(sys.stderr)
    handler.setFormatter(_Text(_TEXT) if form is LogFormat.TEXT else _json_formatter())
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, Handler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)


def request_log(routes: dict[tuple[str, str], str]) -> Callable[[Exchange], None]:
    """Tells the log of each request. `routes`: by contract and operation, the path as the contract has it."""
    logger = logging.getLogger("esr_sandbox.requests")
    logger.setLevel(logging.INFO)

    def tell(exchange: Exchange) -> None:
        told = {
            "method": exchange.method,
            "route": routes.get((exchange.system, exchange.operation)),
            "operation": exchange.operation or None,
            "system": exchange.system or None,
            "status": exchange.status,
            "durationMs": round(exchange.seconds * 1000, 2),
            "code": exchange.code or None,
            "workspace": exchange.workspace or None,
            "client": exchange.client,
            "caller": exchange.caller or None,
            "requestId": exchange.request_id,
            "correlationId": exchange.correlation_id,
            "traceId": exchange.trace_id,
        }
        logger.info("request", extra={"told": told})

    return tell


def _json_formatter() -> logging.Formatter:
    # Imported when it is asked for: no other sandbox waits for it.
    import structlog

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _add_told,
            _add_failure,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=True),
        ],
    )


def _add_told(_logger: Any, _name: str, line: Any) -> Any:
    told = getattr(line["_record"], "told", None)
    if told is not None:
        line.update({name: value for name, value in told.items() if value is not None})
    return line


def _add_failure(_logger: Any, _name: str, line: Any) -> Any:
    """Where an exception was raised and of what kind it is. Its text is left out: it may quote what was sent."""
    failure = line.pop("exc_info", None)
    if failure:
        kind, problem, _ = failure if isinstance(failure, tuple) else sys.exc_info()
        line["exception"] = kind.__name__ if kind else ""
        frames = traceback.extract_tb(problem.__traceback__) if problem else []
        line["at"] = [f"{each.filename}:{each.lineno} {each.name}" for each in frames]
    return line
