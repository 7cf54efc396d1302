"""The floor: a bare Starlette handler that runs the SQL of submit_applicant, and nothing else.

No contract, no token, no rules, no masking; the same statements (the test beside this file compares them with those of
the real stack) in the same order, the same group commit, the same durability.
"""

import asyncio
import hashlib
import queue
import sqlite3
import sys
import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.server import listen
from sandbox.settings import Settings

_WORKSPACE, _CLIENT, _OPERATION = "default", "supplier", "submit_applicant"
_GROUP = 64


def statements() -> dict[str, str]:
    """The SQL of one submission, by what it is for."""
    return {
        "workspace": "SELECT * FROM workspaces WHERE name = ?",
        "outcome": (
            "SELECT * FROM request_outcomes WHERE workspace = ? AND client = ? AND operation_id = ? AND request_id = ?"
        ),
        "context": (
            "SELECT (SELECT document FROM esr_organisations WHERE workspace = ? AND ods_code = ?),"
            " (SELECT document FROM esr_vacancies WHERE workspace = ? AND vacancy_reference = ?),"
            " (SELECT document FROM esr_positions WHERE workspace = ? AND position_id = ?),"
            " EXISTS (SELECT * FROM esr_employees WHERE workspace = ? AND position_id = ?"
            "   AND (end_date IS NULL OR end_date >= ?))"
            " OR EXISTS (SELECT * FROM esr_applicants WHERE workspace = ? AND position_id = ?"
            "   AND status != 'TERMINATED' AND status != 'HIRED'),"
            " (SELECT applicant_number FROM esr_applicants WHERE workspace = ? AND supplier_reference = ?"
            "   AND ods_code || '' = ? AND status != 'TERMINATED' LIMIT 1)"
        ),
        "people": (
            "SELECT person_id, ni_number, last_name, previous_last_name, date_of_birth, name_key, provisional"
            " FROM esr_people WHERE workspace = ? AND ni_number = ?"
            " UNION ALL SELECT person_id, ni_number, last_name, previous_last_name, date_of_birth, name_key, provisional"
            " FROM esr_people WHERE workspace = ? AND name_key = ?"
        ),
        "record": "UPDATE workspaces SET last_record = last_record + ? WHERE name = ? RETURNING last_record",
        "person": (
            "INSERT INTO esr_people (workspace, person_id, ni_number, name_key, last_name, previous_last_name,"
            " date_of_birth, provisional) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        ),
        "applicant": (
            "INSERT INTO esr_applicants (workspace, applicant_number, person_id, ods_code, vacancy_reference,"
            " position_id, supplier_reference, status, version, document)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ),
        "keep_outcome": (
            "INSERT INTO request_outcomes (workspace, client, operation_id, request_id, request_digest, status,"
            " media_type, headers, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ),
        "head": "SELECT last_exchange, journal_chain FROM workspaces WHERE name = ?",
        "exchange": (
            "INSERT INTO exchanges (workspace, exchange_id, system, direction, operation_id, client, method, path,"
            " query, request_headers, request_body, request_digest, status, response_headers, response_body,"
            " response_digest, request_id, correlation_id, applicant_number, started_at, duration_ms, world_time,"
            " chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ),
        "move_head": "UPDATE workspaces SET last_exchange = ?, journal_chain = ? WHERE name = ?",
    }


_SQL = statements()


class Floor:
    """The statements, in one thread that commits what waits together."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-65536",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        self._waiting: queue.SimpleQueue[tuple[Any, Future[bytes]]] = queue.SimpleQueue()
        threading.Thread(target=self._write, daemon=True).start()

    async def submit(self, request: Request) -> Response:
        """Stores the applicant."""
        raw = await request.body()
        future: Future[bytes] = Future()
        self._waiting.put(((orjson.loads(raw), raw, request.headers["x-request-id"]), future))
        body = await asyncio.wrap_future(future)
        return Response(body, 201, media_type="application/json")

    def _write(self) -> None:
        run = self._connection.execute
        while True:
            group = [self._waiting.get()]
            while len(group) < _GROUP:
                try:
                    group.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            run("BEGIN IMMEDIATE")
            done, exchanges = [], []
            for (submission, raw, request_id), future in group:
                run("SAVEPOINT unit")
                body, exchange = self._store(submission, raw, request_id)
                run("RELEASE SAVEPOINT unit")
                done.append((future, body))
                exchanges.append(exchange)
            number, chain = run(_SQL["head"], (_WORKSPACE,)).fetchone()
            rows = []
            for exchange in exchanges:
                number += 1
                chain = hashlib.sha256(chain.encode()).hexdigest()
                rows.append((_WORKSPACE, number, *exchange, chain))
            self._connection.executemany(_SQL["exchange"], rows)
            run(_SQL["move_head"], (number, chain, _WORKSPACE))
            run("COMMIT")
            for future, body in done:
                future.set_result(body)

    def _store(self, submission: dict[str, Any], raw: bytes, request_id: str) -> tuple[bytes, Any]:
        run = self._connection.execute
        w = _WORKSPACE
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        run(_SQL["workspace"], (w,)).fetchone()
        run(_SQL["outcome"], (w, _CLIENT, _OPERATION, request_id)).fetchone()
        person, position = submission["person"], submission["positionId"]
        last, born = person["lastName"], person["dateOfBirth"]
        number, key = person.get("niNumber"), f"{last}|{person['firstName']}|{born}"
        reference, vacancy = submission["supplierReference"], submission["vacancyReference"]
        ods = "X0A1B"
        run(
            _SQL["context"],
            (
                w,
                ods,
                w,
                vacancy,
                w,
                position,
                w,
                position,
                submission["startDate"],
                w,
                position,
                w,
                reference,
                ods,
            ),
        ).fetchone()
        run(_SQL["people"], (w, number, w, key)).fetchall()
        record = run(_SQL["record"], (2, w)).fetchone()[0]
        previous = person.get("previousLastName")
        run(_SQL["person"], (w, record - 1, number, key, last, previous, born, False))
        number = f"{record + 10_000_000:08d}"
        document = raw.decode()
        run(
            _SQL["applicant"],
            (w, number, record - 1, ods, vacancy, position, reference, "ACCEPTED", 1, document),
        )
        body = orjson.dumps({"loadStatusCode": "SUCCESS", "applicantNumber": number})
        digest = hashlib.sha256(raw).hexdigest()
        run(
            _SQL["keep_outcome"],
            (w, _CLIENT, _OPERATION, request_id, digest, 201, "application/json", "{}", body),
        )
        exchange = (
            "esr", "IN", _OPERATION, _CLIENT, "POST", "/esr/v1/applicants", None, "{}" * 200, document, digest, 201,
            "{}", body.decode(), digest, request_id, None, number, now, 1.0, now,
        )  # fmt: skip
        return body, exchange


def main() -> None:
    """Serves the floor on a free port over the database named on the command line, and prints its address."""
    floor = Floor(Path(sys.argv[1]))
    app = Starlette(routes=[Route("/esr/v1/applicants", floor.submit, methods=["POST"])])
    taken, settings = listen(Settings(port=0))
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    print(settings.public_url, flush=True)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[taken]))


if __name__ == "__main__":
    main()
