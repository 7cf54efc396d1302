"""Puts a sandbox together: the only place that knows everyone."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from connexion import ConnexionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.routing import RoutingMiddleware
from connexion.resolver import Resolver
from starlette.types import ASGIApp

import sandbox.control.handlers
import sandbox.jobs.tables
import sandbox.nhsjobs.tables  # a new database gets every table, whichever system runs
from sandbox.clock import wall_now
from sandbox.console.door import ConsoleDoor
from sandbox.contracts import Contract, load_contract
from sandbox.contracts.requirements import clauses
from sandbox.database import Database, Transaction
from sandbox.errors import Code, Refusal
from sandbox.esr.files.hub import Hub
from sandbox.esr.files.run import HOURLY_RUN, HourlyInterface, without_hub
from sandbox.esr.service.employment_checks import answer_registration_check_when_due
from sandbox.esr.service.events import DELIVERY, delivered
from sandbox.esr.service.positions import POSITION_CHANGE, change_position_when_due
from sandbox.esr.service.registers import REGULATOR_ANSWER
from sandbox.esr.service.signing_keys import SIGNING_KEYS, Signer
from sandbox.faults.store import load_faults
from sandbox.faults.striking import FAULTS, Faults
from sandbox.identity.bearer import Bearer
from sandbox.identity.issuing import Issuer
from sandbox.identity.published_keys import PublishedKeys
from sandbox.identity.store import ensure_client, ensure_token
from sandbox.jobs.timekeeper import Act, Timekeeper
from sandbox.journal.store import FLUSH, append
from sandbox.limits.counting import LIMITS, RequestLimits
from sandbox.limits.store import load_limits
from sandbox.limits.windows import PLATFORM
from sandbox.observability.setting_up import observed
from sandbox.outbox.dispatcher import Dispatcher
from sandbox.outgoing import Outgoing
from sandbox.policies import Policies
from sandbox.runtime import Runtime, SeedWorld
from sandbox.settings import Level, Mode, Settings
from sandbox.tls import certificate_of, keep_renewed
from sandbox.web.call import Call
from sandbox.web.contract_pages import ContractPages
from sandbox.web.front import Front
from sandbox.web.operations import OperationsMiddleware
from sandbox.web.pages import pages
from sandbox.web.reply import Reply
from sandbox.web.routes import routes_of
from sandbox.web.token_door import TokenDoor
from sandbox.workspaces.store import DEFAULT_WORKSPACE, find_workspace, insert_workspace

logger = logging.getLogger(__name__)

DEFAULT_CLIENT = "supplier"

_CONTRACTS_OF = {"esr": ("esr",), "nhs-jobs": ("nhs-jobs", "receiver")}
_PACKAGES = {"esr": "sandbox.esr.handlers", "nhs-jobs": "sandbox.nhsjobs.handlers"}


def make_runtime(settings: Settings, seed_world: SeedWorld) -> Runtime:
    """Opens the database and the default workspace. Raises DatabaseUnusable or CertificateUnusable."""
    certificate = certificate_of(settings)
    database = Database(settings.database_place, {FLUSH: append})
    policies = Policies(database, {FAULTS: load_faults, LIMITS: load_limits})
    faults = Faults(database, policies, settings.mode is Mode.FULL)
    outgoing = Outgoing.of(settings, certificate.own_context if certificate else None)
    limits = RequestLimits(
        database, policies, PLATFORM if settings.level is Level.PLATFORM else None
    )
    issuer = Issuer(database, PublishedKeys(outgoing), limits)
    runtime = Runtime(
        settings, database, Bearer(database), issuer, seed_world, policies, outgoing, faults, limits
    )
    runtime.certificate = certificate

    def prepare(transaction: Transaction) -> None:
        connection = transaction.connection
        if find_workspace(connection, DEFAULT_WORKSPACE) is None:
            insert_workspace(connection, DEFAULT_WORKSPACE, settings.seed, "FULL", wall_now())
        ensure_client(connection, DEFAULT_CLIENT, DEFAULT_WORKSPACE, "The supplier under test")
        if settings.token:
            ensure_token(connection, DEFAULT_CLIENT, settings.token)

    database.write(prepare, DEFAULT_WORKSPACE).result()
    return runtime


def contracts_of(systems: frozenset[str], mode: Mode = Mode.FULL) -> list[Contract]:
    """The contracts that these systems serve. Raises ContractError when one does not validate."""
    names = [name for system in sorted(systems) for name in _CONTRACTS_OF[system]]
    powers = ["control"] if mode is Mode.FULL else []
    return [load_contract(name) for name in [*names, "identity", *powers]]


def make_app(runtime: Runtime, contracts: list[Contract]) -> ASGIApp:
    """The ASGI application of a runtime, which serves `contracts`."""
    clauses(None, ())  # A register that is not well formed stops the start, not the first refusal.
    runtime.operation_ids = {
        contract.name: frozenset(contract.operation_ids) for contract in contracts
    }
    console = ConsoleDoor(ContractPages(pages(runtime, contracts), contracts), runtime, contracts)
    app = ConnexionMiddleware(
        console,
        import_name=__name__,
        lifespan=_lifespan(runtime, console),
        middlewares=[RoutingMiddleware, OperationsMiddleware, LifespanMiddleware],
    )
    # The token endpoint answers in a form of its own, and so does not go through the stages of the others.
    staged = [contract for contract in contracts if contract.name != "identity"]
    for contract in staged:
        app.add_api(
            routes_of(contract.document),
            base_path=contract.base_path,
            name=contract.name,
            resolver=_resolver(contract.name, runtime.settings.systems),
            system=contract.name,
            document=contract.document,
        )
    front = Front(TokenDoor(app), runtime, staged)
    console.ask_through(front)
    return observed(front, runtime, contracts)


def _resolver(name: str, systems: frozenset[str]) -> Resolver:
    """Finds the handler of each operation of the contract `name` by its operationId."""
    if name == "control":
        running = [import_module(f"{_PACKAGES[system]}.control_acts") for system in systems]
        modules = [sandbox.control.handlers, *running]
    else:
        modules = [import_module(_PACKAGES["nhs-jobs" if name == "receiver" else name])]

    def find(operation_id: str) -> Any:
        for module in modules:
            handler = getattr(module, operation_id, None)
            if handler is not None:
                return handler
        if name == "control" and len(systems) < len(_PACKAGES):
            return _not_running
        raise ValueError(f"no handler is named {operation_id}")

    return Resolver(find)


async def _not_running(call: Call) -> Reply:
    """An act of a system that was left out with --only."""
    raise Refusal(
        Code.NOT_FOUND, f"{call.operation_id} acts in a system that this sandbox does not run."
    )


def _acts() -> dict[str, Act]:
    """What does each kind of job in the transaction that removes it."""
    return {
        POSITION_CHANGE: change_position_when_due,
        REGULATOR_ANSWER: answer_registration_check_when_due,
    }


async def _start(runtime: Runtime, console: ConsoleDoor) -> None:
    await runtime.connect_all()
    await console.prepare()


def _lifespan(runtime: Runtime, console: ConsoleDoor) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        settings = runtime.settings
        connection, handlers = None, {DELIVERY: delivered}
        if "nhs-jobs" in settings.systems:
            from sandbox.nhsjobs.connection import Connection
            from sandbox.nhsjobs.service.answers import ANSWERS

            connection = Connection(settings, runtime.database, runtime.outgoing.own_context)
            handlers |= ANSWERS
        signer = Signer(runtime.database)
        runtime.database.listen(SIGNING_KEYS, signer.forget)
        dispatcher = Dispatcher(
            runtime.database,
            handlers,
            settings.request_seconds,
            connection,
            {DELIVERY: signer.sign},
            runtime.faults,
            runtime.outgoing,
            runtime.meter,
            runtime.tracer,
        )
        if settings.hub is not None and "esr" in settings.systems:
            runtime.hourly = HourlyInterface(Hub(settings.hub), runtime.database)
        runs = {HOURLY_RUN: runtime.hourly.run if runtime.hourly else without_hub}
        timekeeper = Timekeeper(runtime.database, dispatcher, _acts(), runs)
        runtime.start_with(dispatcher, timekeeper, connection)
        if runtime.sftp is not None:
            await runtime.sftp.start()
        starting = asyncio.create_task(_start(runtime, console))
        renewing = asyncio.create_task(keep_renewed(runtime.certificate))
        try:
            yield
        finally:
            starting.cancel()
            renewing.cancel()
            await asyncio.gather(starting, renewing, return_exceptions=True)
            if runtime.sftp is not None:
                await runtime.sftp.stop()
            await timekeeper.stop()
            await dispatcher.stop()
            await runtime.outgoing.close()
            if connection is not None:
                await connection.close()
            await asyncio.to_thread(runtime.tracer.close)
            await asyncio.to_thread(runtime.database.close)

    return lifespan
